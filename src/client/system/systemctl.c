/* SPDX-License-Identifier: ISC */
#include "client/system/systemctl.h"

#include "common/cleanup.h"
#include "common/deadline.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* That systemctl may take to show something; its own limit for systemd's answer is shorter. */
#define SHOW_USEC (60 * USEC_PER_SEC)
#define MAX_ARGUMENTS (SYSTEMCTL_MAX_UNITS + 4)

bool systemd_is_booted(void)
{
	return access("/run/systemd/system/", F_OK) == 0;
}

/*
 * Start a program, without the signals that are blocked in this process. `output` becomes its
 * standard output, and its messages are dropped; -1: it inherits both. Returns 0 or a negative
 * errno.
 */
static int start(const char *const command[], int output, pid_t *ret)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t no_signals;
	int r = 0;

	sigemptyset(&no_signals);
	if (posix_spawnattr_init(&attributes) != 0)
		return -ENOMEM;
	if (posix_spawn_file_actions_init(&actions) != 0) {
		posix_spawnattr_destroy(&attributes);
		return -ENOMEM;
	}
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setsigmask(&attributes, &no_signals);
	if (output >= 0)
		r = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
			    ?: posix_spawn_file_actions_addopen(&actions, STDERR_FILENO,
								"/dev/null", O_WRONLY, 0);
	if (r == 0)
		r = posix_spawnp(ret, command[0], &actions, &attributes, (char *const *)command,
				 environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return r == 0 ? 0 : negative_errno(-r);
}

/* Wait until a child has ended, and reap it. Returns its exit status, or a negative errno. */
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

void show_by_program(const char *const command[])
{
	pid_t pid;
	int r = start(command, -1, &pid);

	if (r == 0)
		r = wait_for_end(pid, -1);
	if (r < 0)
		printf("cannot run %s: %s\n", command[0], strerrordesc_np(-r));
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
	r = start(command, -1, &pid);
	if (r == 0)
		r = wait_for_end(pid, stop_fd);
	if (r < 0)
		return reason_errno(why, r, "Cannot run systemctl %s", arguments[0]);
	return r > 0 ? (reason_set(why, "systemctl %s failed with exit status %d", arguments[0], r),
			-EIO)
		     : 0;
}

/*
 * All that a process writes, at most `size` bytes. Returns the number, or a negative errno. Not by
 * io_read(): systemd may take its time, and each wait is to be one of deadline.h.
 */
static ssize_t read_output(int fd, char *ret, size_t size)
{
	const struct deadline deadline = deadline_in(SHOW_USEC, NULL);
	size_t used = 0;
	ssize_t n = 1;

	while (used < size && n != 0) {
		int r = deadline_wait(&deadline, fd, POLLIN);

		if (r < 0)
			return r;
		n = read(fd, ret + used, size - used);
		if (n < 0 && errno != EINTR)
			return -errno;
		used += n > 0 ? (size_t)n : 0;
	}
	return (ssize_t)used;
}

int systemctl_show(char *ret, size_t size, const char *const units[], const char *properties)
{
	const char *command[SYSTEMCTL_MAX_UNITS + 6] = { "systemctl", "show", "--property",
							 properties, "--" };
	cleanup_fd int reader = -1, writer = -1;
	ssize_t length;
	int ends[2], r;
	pid_t pid;

	if (!systemd_is_booted())
		return -ENOENT;
	for (size_t i = 0; i < SYSTEMCTL_MAX_UNITS && units[i]; i++)
		command[5 + i] = units[i];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	reader = ends[0];
	writer = ends[1];
	r = start(command, writer, &pid);
	if (r < 0)
		return r;
	release_fd(&writer);
	writer = -1;
	length = read_output(reader, ret, size);
	release_fd(&reader);
	reader = -1;
	if (length < 0)
		(void)kill(pid, SIGKILL);
	r = wait_for_end(pid, -1);
	if (length < 0 || (size_t)length == size)
		return length < 0 ? (int)length : -EMSGSIZE;
	if (r != 0)
		return r < 0 ? r : -EIO;
	ret[length] = '\0';
	return 0;
}

const char *systemctl_property(const char *text, const char *name, char *buffer, size_t size)
{
	size_t length = strlen(name);

	for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
		if (strncmp(text, name, length) != 0 || text[length] != '=')
			continue;
		text += length + 1;
		(void)snprintf(buffer, size, "%.*s", (int)strcspn(text, "\n"), text);
		return buffer;
	}
	return NULL;
}

bool systemd_is_booting(void)
{
	static const char *const systemd_itself[] = { NULL };
	char shown[256] = "", state[32];

	if (systemctl_show(shown, sizeof shown, systemd_itself, "SystemState") < 0 ||
	    !systemctl_property(shown, "SystemState", state, sizeof state))
		return true;
	return strcmp(state, "initializing") == 0 || strcmp(state, "starting") == 0;
}
