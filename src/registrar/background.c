/* SPDX-License-Identifier: ISC */
#include "registrar/background.h"

#include "common/cleanup.h"
#include "common/log.h"
#include "common/shortage.h"
#include "common/trusted-file.h"

#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>

/* The caller's process: waits for the word, or for the end. */
__attribute__((noreturn)) static void wait_for(pid_t child, int fd)
{
	char word;
	ssize_t n;

	do
		n = read(fd, &word, sizeof word);
	while (n < 0 && errno == EINTR);
	if (n != (ssize_t)sizeof word)
		(void)waitpid(child, NULL, 0);
	_exit(n == (ssize_t)sizeof word ? EXIT_SUCCESS : EXIT_FAILURE);
}

/* Before anything is given up that this takes. 0 or a negative errno. */
static int open_log(struct background *background, const char *directory)
{
	char path[PATH_MAX];
	const struct trusted_file log = {
		.path = path,
		.flags = O_WRONLY | O_APPEND,
		.max = INT64_MAX,
	};

	(void)snprintf(path, sizeof path, "%s/logs/ossec.log", directory);
	background->nothing_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (background->nothing_fd < 0)
		return -errno;
	background->log_fd = trusted_file_open(&log, NULL, NULL);
	return is_shortage(background->log_fd) ? background->log_fd : 0;
}

int background_begin(struct background *background, const char *directory)
{
	int ends[2];
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	child = fork();
	if (child < 0) {
		int saved = errno;

		close(ends[0]);
		close(ends[1]);
		return -saved;
	}
	if (child > 0) {
		close(ends[1]);
		wait_for(child, ends[0]);
	}
	close(ends[0]);
	(void)setsid();
	background->ready_fd = ends[1];
	return open_log(background, directory);
}

static void make_pid_file(struct background *background, const char *directory, const char *name)
{
	const struct trusted_file wanted = {
		.path = background->pid_path,
		.flags = O_WRONLY | O_CREAT | O_EXCL,
		.mode = 0640,
	};
	cleanup_fd int fd = -1;

	(void)snprintf(background->pid_path, sizeof background->pid_path, "%s/var/run/%s-%d.pid",
		       directory, name, (int)getpid());
	/* Made anew: what is there may be a second name of another file. */
	if (trusted_file_remove(background->pid_path, NULL) == 0)
		fd = trusted_file_open(&wanted, NULL, NULL);
	if (fd >= 0 && dprintf(fd, "%d\n", (int)getpid()) > 0)
		return;
	log_debug("Cannot write %s: %s", background->pid_path, strerrordesc_np(errno));
	background->pid_path[0] = '\0';
}

/* What stands in the way of it passes at once (dup(2)). */
static void replace_stream(int fd, int stream)
{
	while (dup2(fd, stream) < 0 && (errno == EBUSY || errno == EINTR))
		;
}

/* Standard error last: until then, what is wrong can still be said there. */
void background_leave_terminal(struct background *background, const char *name)
{
	int nothing = background->nothing_fd, log = background->log_fd;

	if (nothing < 0)
		return;
	replace_stream(nothing, STDIN_FILENO);
	replace_stream(nothing, STDOUT_FILENO);
	replace_stream(log >= 0 ? log : nothing, STDERR_FILENO);
	log_use_journal(name);
}

void background_ready(struct background *background, const char *directory, const char *name)
{
	make_pid_file(background, directory, name);
	if (background->ready_fd < 0)
		return;
	background_leave_terminal(background, name);
	if (write(background->ready_fd, "1", 1) < 0)
		log_debug("Whoever started this has gone");
	close(background->ready_fd);
	background->ready_fd = -1;
}

void background_end(struct background *background)
{
	if (background->pid_path[0])
		ignore_result(trusted_file_remove(background->pid_path, NULL));
	release_fd(&background->ready_fd);
	release_fd(&background->nothing_fd);
	release_fd(&background->log_fd);
}
