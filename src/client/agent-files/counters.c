/* SPDX-License-Identifier: ISC */
#include "client/agent-files/counters.h"

#include "common/cleanup.h"
#include "common/directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

DEFINE_RELEASE(directory, DIR *, (void)closedir)

/*
 * The directory is the agent's user's, who must not lead root elsewhere with a link. Null with
 * `error` set, and `why` for another one than that there is no such directory.
 */
static DIR *open_directory(const char *path, int *error, struct reason *why)
{
	char name[NAME_MAX + 1];
	cleanup_fd int parent = directory_open_parent(path, false, name, NULL);
	cleanup_fd int fd = parent < 0 ? -1
				       : openat(parent, name,
						O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);

	*error = directory ? 0 : parent < 0 ? parent : -errno;
	if (directory)
		(void)take_fd(&fd);
	else if (*error != -ENOENT && *error != -ENOTDIR)
		(void)reason_errno(why, *error, "Cannot read %s", path);
	return directory;
}

static int remove_entry(DIR *directory, const struct dirent *entry, const char *path,
			struct reason *why)
{
	/* A subdirectory is no counter; the agent's user may have made it. */
	if (entry->d_type == DT_DIR || unlinkat(dirfd(directory), entry->d_name, 0) == 0 ||
	    errno == ENOENT)
		return 0;
	return directory_explain(why,
				 reason_errno(why, errno,
					      "Cannot remove the agent's message counter %s/%s",
					      path, entry->d_name),
				 path);
}

int counters_remove(const char *directory, struct reason *why)
{
	cleanup(release_directory) DIR *counters = NULL;
	cleanup_free char *path = NULL;
	struct dirent *entry;
	int r = 0;

	if (asprintf(&path, "%s/queue/rids", directory) < 0) {
		path = NULL;
		return reason_errno(why, ENOMEM, "Cannot remove the agent's message counters");
	}
	counters = open_directory(path, &r, why);
	if (!counters)
		return r == -ENOENT || r == -ENOTDIR ? 0 : r;
	while (r == 0 && (entry = readdir(counters)))
		r = remove_entry(counters, entry, path, why);
	return r;
}
