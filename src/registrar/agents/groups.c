/* SPDX-License-Identifier: ISC */
#include "registrar/agents/groups.h"

#include "common/atomic-file.h"
#include "common/cleanup.h"
#include "common/directory.h"
#include "common/trusted-file.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#define DIRECTORY_NAME "agent-groups"
#define DIRECTORY_MODE 0770
#define FILE_MODE 0660

static void make_path(char path[static PATH_MAX], const char *queue, const char *id)
{
	(void)snprintf(path, PATH_MAX, "%s/" DIRECTORY_NAME "%s%s", queue, id ? "/" : "", id ?: "");
}

int agent_groups_read(char ret[static AGENT_GROUPS_SIZE], const char *queue, const char *id,
		      struct reason *why)
{
	char path[PATH_MAX];
	const struct trusted_file wanted = {
		.path = path,
		.flags = O_RDONLY,
		.max = AGENT_GROUPS_SIZE - 1,
	};
	cleanup_free char *text = NULL;
	size_t length;
	int r;

	if (!queue)
		return -ENODATA;
	make_path(path, queue, id);
	r = trusted_file_read(&wanted, &text, &length, NULL, why);
	if (r == -ENOENT || r == -ENOTDIR) {
		ret[0] = '\0';
		return 0;
	}
	if (r >= 0)
		(void)snprintf(ret, AGENT_GROUPS_SIZE, "%.*s", (int)strcspn(text, "\r\n"), text);
	return r;
}

/* A new directory gets the group of the queue, whose daemons are to read it. */
static int give_to_group(int queue, const char *path, gid_t group, struct reason *why)
{
	cleanup_fd int fd = openat(queue, DIRECTORY_NAME,
				   O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	/*
	 * Without the right to give it away it stays ours, and root's daemons read it all the same.
	 */
	if (fd < 0 || (fchown(fd, (uid_t)-1, group) < 0 && errno != EPERM))
		return reason_errno(why, errno, "Cannot give %s to group %u", path,
				    (unsigned)group);
	return fchmod(fd, DIRECTORY_MODE) < 0
		       ? reason_errno(why, errno, "Cannot set the mode of %s", path)
		       : 0;
}

static int make_directory(const char *queue, gid_t *ret_group, struct reason *why)
{
	cleanup_fd int fd = directory_open(queue, why);
	char path[PATH_MAX];
	struct stat status;

	make_path(path, queue, NULL);
	if (fd < 0)
		return fd;
	if (fstat(fd, &status) < 0)
		return reason_errno(why, errno, "Cannot keep groups: %s", queue);
	*ret_group = status.st_gid;
	if (mkdirat(fd, DIRECTORY_NAME, DIRECTORY_MODE) < 0)
		return errno == EEXIST
			       ? 0
			       : reason_errno(why, errno, "Cannot make the directory %s", path);
	return give_to_group(fd, path, status.st_gid, why);
}

int agent_groups_write(const char *queue, const char *id, const char *groups, struct reason *why)
{
	cleanup(atomic_file_discard) struct atomic_file file = ATOMIC_FILE_NULL;
	cleanup_free char *line = NULL;
	char path[PATH_MAX];
	gid_t group = (gid_t)-1;
	int length, r;

	if (!queue)
		return reason_errno(why, ENODATA,
				    "Cannot keep groups: there is no queue directory");
	length = asprintf(&line, "%s\n", groups);
	if (length < 0) {
		line = NULL;
		return reason_errno(why, ENOMEM, "Cannot keep groups");
	}
	make_path(path, queue, id);
	r = make_directory(queue, &group, why);
	if (r >= 0)
		r = atomic_file_stage(&file, path, FILE_MODE, group, (size_t)length, why);
	if (r >= 0)
		r = atomic_file_commit(&file, line, (size_t)length, NULL, why);
	return r < 0 ? r : 0;
}

int agent_groups_forget_all(const char *queue, const char *const *ids, size_t count,
			    struct reason *why)
{
	char path[PATH_MAX];

	if (!queue || count == 0)
		return 0;
	make_path(path, queue, NULL);
	return trusted_file_remove_all(path, ids, count, why);
}
