/* SPDX-License-Identifier: ISC */
#include "common/target-file.h"

#include "common/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

long target_file_mount(int fd)
{
	cleanup_file FILE *file = NULL;
	char path[64], line[128];
	long id;

	(void)snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof line, file))
		if (sscanf(line, "mnt_id: %ld", &id) == 1)
			return id;
	return -1;
}

/* Before Linux 5.8, which has an attribute for it: is the file in another mount than its place? */
static bool differs_from_directory(int fd)
{
	char link[64], path[4096];
	cleanup_fd int directory = -1;
	ssize_t length;

	(void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	length = readlink(link, path, sizeof path - 1);
	if (length <= 0)
		return false;
	path[length] = '\0';
	directory = open(dirname(path), O_PATH | O_DIRECTORY | O_CLOEXEC);
	return directory >= 0 && target_file_mount(fd) != target_file_mount(directory);
}

bool target_file_is_mount_point(int fd)
{
	struct statx status;

	if (statx(fd, "", AT_EMPTY_PATH, 0, &status) == 0 &&
	    (status.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT))
		return status.stx_attributes & STATX_ATTR_MOUNT_ROOT;
	return differs_from_directory(fd);
}

int target_file_check_marks(int fd, const char *path, struct reason *why)
{
	int flags = 0;

	if (ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0 || !(flags & (FS_IMMUTABLE_FL | FS_APPEND_FL)))
		return 0;
	reason_set(why, "%s is marked %s; clear it with: chattr -%c %s", path,
		   flags & FS_IMMUTABLE_FL ? "immutable" : "append-only",
		   flags & FS_IMMUTABLE_FL ? 'i' : 'a', path);
	return -EPERM;
}
