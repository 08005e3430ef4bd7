/* SPDX-License-Identifier: ISC */
/*
 * Preloaded into a program: poll() and fsync() do not return, nor do anything, as long as the file
 * /run/stand-still/poll or /run/stand-still/fsync exists. For everybody else that is a program
 * that hangs, or a disk that does.
 */
#include <dlfcn.h>
#include <poll.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static void stand_still(const char *name)
{
	const struct timespec pause = { .tv_nsec = 10 * 1000 * 1000 };
	char path[64];

	(void)snprintf(path, sizeof path, "/run/stand-still/%s", name);
	while (access(path, F_OK) == 0)
		(void)nanosleep(&pause, NULL);
}

int poll(struct pollfd *fds, nfds_t count, int timeout)
{
	int (*next)(struct pollfd *, nfds_t, int) = dlsym(RTLD_NEXT, "poll");

	stand_still("poll");
	return next(fds, count, timeout);
}

int fsync(int fd)
{
	int (*next)(int) = dlsym(RTLD_NEXT, "fsync");

	stand_still("fsync");
	return next(fd);
}
