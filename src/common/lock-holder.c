/* SPDX-License-Identifier: ISC */
#include "common/lock-holder.h"

#include "common/cleanup.h"
#include "common/deadline.h"
#include "common/directory.h"
#include "common/escape.h"
#include "common/process-name.h"
#include "common/target-file.h"

#include <libgen.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>

/*
 * The device of the file's mount, which /proc/locks has: stat(2) gives another one for a subvolume
 * of btrfs.
 */
static dev_t device_of(int fd, dev_t otherwise)
{
	cleanup_file FILE *mounts = fopen("/proc/self/mountinfo", "re");
	long wanted = target_file_mount(fd), id;
	unsigned int high, low;
	char line[4096];

	while (mounts && wanted >= 0 && fgets(line, sizeof line, mounts))
		if (sscanf(line, "%ld %*d %u:%u ", &id, &high, &low) == 3 && id == wanted)
			return makedev(high, low);
	return otherwise;
}

/* As /proc/locks has it. */
static void format_file(char ret[static 64], dev_t device, ino_t inode)
{
	(void)snprintf(ret, 64, " %02x:%02x:%ju ", major(device), minor(device), (uintmax_t)inode);
}

/*
 * The lines of processes that wait for it have an arrow before the kind of the lock, so no number
 * where it is looked for.
 */
pid_t lock_holder(int fd)
{
	cleanup_file FILE *locks = fopen("/proc/locks", "re");
	char line[256], file[64], other[64];
	struct stat status;

	if (!locks || fstat(fd, &status) < 0)
		return 0;
	format_file(file, status.st_dev, status.st_ino);
	format_file(other, device_of(fd, status.st_dev), status.st_ino);
	while (fgets(line, sizeof line, locks)) {
		int pid;

		if ((strstr(line, file) || strstr(line, other)) &&
		    sscanf(line, "%*s %*s %*s %*s %d", &pid) == 1)
			return pid > 0 ? pid : 0;
	}
	return 0;
}

const char *lock_holder_describe(char ret[static LOCK_HOLDER_SIZE], int fd)
{
	pid_t pid = lock_holder(fd);
	char name[PROCESS_NAME_SIZE], shown[4 * PROCESS_NAME_SIZE];

	if (pid == 0) {
		(void)snprintf(ret, LOCK_HOLDER_SIZE,
			       "a process that 'lslocks -o PID,COMMAND,INODE,PATH' shows");
		return ret;
	}
	if (process_name_read(name, pid))
		(void)snprintf(ret, LOCK_HOLDER_SIZE, "process %d (%s)", (int)pid,
			       escape_string(shown, sizeof shown, name));
	else
		(void)snprintf(ret, LOCK_HOLDER_SIZE, "process %d", (int)pid);
	return ret;
}

int lock_directory(int fd, const char *path, uint64_t patience, struct reason *why)
{
	static const struct timespec pause = { .tv_nsec = 5 * 1000 * 1000 };
	uint64_t end = monotonic_usec() + patience;
	char holder[LOCK_HOLDER_SIZE];

	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK)
			return reason_errno(why, errno, "Cannot lock %s", path);
		if (monotonic_usec() >= end) {
			reason_set(why, "%s has been locked for %u seconds by %s", path,
				   (unsigned int)(patience / USEC_PER_SEC),
				   lock_holder_describe(holder, fd));
			return -EAGAIN;
		}
		(void)nanosleep(&pause, NULL);
	}
	return 0;
}

int lock_directory_of(const char *path, const char *role, uint64_t patience, struct reason *why)
{
	char copy[PATH_MAX];
	const char *directory;
	cleanup_fd int fd = -1;
	int r;

	(void)snprintf(copy, sizeof copy, "%s", path);
	directory = dirname(copy);
	fd = directory_open(directory, why);
	if (fd < 0)
		return fd == -ELOOP
			       ? fd
			       : reason_errno(why, fd, "Cannot open the directory of the %s %s",
					      role, path);
	r = lock_directory(fd, directory, patience, why);
	return r < 0 ? r : take_fd(&fd);
}
