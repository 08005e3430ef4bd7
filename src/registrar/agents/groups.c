/* SPDX-License-Identifier: ISC */
#include "registrar/agents/groups.h"

#include "common/atomic-file.h"
#include "common/cleanup.h"
#include "common/io.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#define DIRECTORY_MODE 0770
#define FILE_MODE 0660

static void make_path(char path[static PATH_MAX], const char *queue, const char *id)
{
	(void)snprintf(path, PATH_MAX, "%s/agent-groups%s%s", queue, id ? "/" : "", id ?: "");
}

int agent_groups_read(char ret[static AGENT_GROUPS_SIZE], const char *queue, const char *id,
		      struct reason *why)
{
	char path[PATH_MAX];
	cleanup_fd int fd = -1;
	ssize_t length;

	if (!queue)
		return -ENODATA;
	make_path(path, queue, id);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR)) {
		ret[0] = '\0';
		return 0;
	}
	length = fd < 0 ? -errno : io_read(fd, ret, AGENT_GROUPS_SIZE - 1);
	if (length < 0)
		return reason_errno(why, (int)length, "Cannot read the groups in %s", path);
	ret[length] = '\0';
	ret[strcspn(ret, "\r\n")] = '\0';
	return 0;
}

/* The directory, with the group of the queue, whose daemons are to read it. */
static int make_directory(const char *queue, gid_t *ret_group, struct reason *why)
{
	char path[PATH_MAX];
	struct stat status;

	make_path(path, queue, NULL);
	if (stat(queue, &status) < 0)
		return reason_errno(why, errno, "Cannot keep groups: %s", queue);
	*ret_group = status.st_gid;
	if (mkdir(path, DIRECTORY_MODE) < 0)
		return errno == EEXIST
			       ? 0
			       : reason_errno(why, errno, "Cannot make the directory %s", path);
	/*
	 * Without the right to give it away it stays ours, and root's daemons read it all the same.
	 */
	if (chown(path, (uid_t)-1, status.st_gid) < 0 && errno != EPERM)
		return reason_errno(why, errno, "Cannot give %s to group %u", path,
				    (unsigned)status.st_gid);
	return chmod(path, DIRECTORY_MODE) < 0
		       ? reason_errno(why, errno, "Cannot set the mode of %s", path)
		       : 0;
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

int agent_groups_forget(const char *queue, const char *id, struct reason *why)
{
	char path[PATH_MAX];

	if (!queue)
		return 0;
	make_path(path, queue, id);
	if (unlink(path) < 0 && errno != ENOENT && errno != ENOTDIR)
		return reason_errno(why, errno, "Cannot remove the groups in %s", path);
	return 0;
}

bool agent_groups_have(const char *groups, const char *group)
{
	size_t length = strlen(group);

	while (*groups) {
		size_t one = strcspn(groups, ",");

		if (one == length && memcmp(groups, group, length) == 0)
			return true;
		groups += one + (groups[one] == ',');
	}
	return false;
}

size_t agent_groups_count(const char *groups)
{
	size_t n = groups[0] != '\0';

	for (; *groups; groups++)
		n += *groups == ',';
	return n;
}
