/* SPDX-License-Identifier: ISC */
#include "tests/unit/capture.h"

#include "tests/unit/support.h"

#include <fcntl.h>
#include <unistd.h>

char *capture(const char *output, void (*call)(void *), void *user)
{
	int saved_out = dup(STDOUT_FILENO), saved_err = dup(STDERR_FILENO);
	int fd = open(output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(saved_out >= 0 && saved_err >= 0 && fd >= 0);
	(void)fflush(stdout);
	(void)dup2(fd, STDOUT_FILENO);
	(void)dup2(fd, STDERR_FILENO);
	call(user);
	(void)fflush(stdout);
	(void)dup2(saved_out, STDOUT_FILENO);
	(void)dup2(saved_err, STDERR_FILENO);
	close(saved_out);
	close(saved_err);
	close(fd);
	return read_file(output, NULL);
}
