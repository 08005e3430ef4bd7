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

/* The directory is the agent's user's, who must not lead root elsewhere with a link. */
static DIR *open_directory(const char *path)
{
	cleanup_fd int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);

	if (directory)
		(void)take_fd(&fd);
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
	counters = open_directory(path);
	if (!counters)
		return errno == ENOENT || errno == ENOTDIR
			       ? 0
			       : reason_errno(why, errno, "Cannot read %s", path);
	while (r == 0 && (entry = readdir(counters)))
		r = remove_entry(counters, entry, path, why);
	return r;
}
