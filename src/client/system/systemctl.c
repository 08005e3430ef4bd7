/* SPDX-License-Identifier: ISC */
#include "client/system/systemctl.h"

#include "common/cleanup.h"
#include "common/deadline.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_ARGUMENTS 8

bool systemd_is_booted(void)
{
	return access("/run/systemd/system/", F_OK) == 0;
}

/*
 * Start a program, without the signals that we block for ourselves. Returns 0 or a negative errno.
 */
static int start(const char *const command[], pid_t *ret)
{
	posix_spawnattr_t attributes;
	sigset_t no_signals;
	int r;

	sigemptyset(&no_signals);
	if (posix_spawnattr_init(&attributes) != 0)
		return -ENOMEM;
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setsigmask(&attributes, &no_signals);
	r = posix_spawnp(ret, command[0], NULL, &attributes, (char *const *)command, environ);
	posix_spawnattr_destroy(&attributes);
	return -r;
}

/* Wait for the end of a child, and take its status away. Its exit status, or a negative errno. */
static int wait_for_end(pid_t pid, int stop_fd)
{
	const struct deadline stop = { USEC_INFINITY, stop_fd };
	cleanup_fd int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	bool is_stopped = fd >= 0 && deadline_wait(&stop, fd, POLLIN) == -ECANCELED;
	int status;

	if (is_stopped)
		(void)kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (is_stopped)
		return -ECANCELED;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -EINTR;
}

int systemctl(const char *const arguments[], int stop_fd, struct reason *why)
{
	const char *command[MAX_ARGUMENTS + 4] = { "systemctl", "--no-ask-password", "--quiet" };
	pid_t pid;
	int r;

	if (!systemd_is_booted())
		return 0;
	for (size_t i = 0; i < MAX_ARGUMENTS && arguments[i]; i++)
		command[3 + i] = arguments[i];
	r = start(command, &pid);
	if (r == 0)
		r = wait_for_end(pid, stop_fd);
	if (r < 0)
		return reason_errno(why, r, "Cannot run systemctl %s", arguments[0]);
	return r > 0 ? (reason_set(why, "systemctl %s failed with exit status %d", arguments[0], r),
			-EIO)
		     : 0;
}
