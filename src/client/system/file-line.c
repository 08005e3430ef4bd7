/* SPDX-License-Identifier: ISC */
#include "client/system/file-line.h"

#include "common/cleanup.h"
#include "common/directory.h"
#include "common/io.h"
#include "common/shortage.h"
#include "common/trusted-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX (64 * TRUSTED_FILE_MIB) /* of which the beginning is read */
#define BLANKS " \t\r"

static int is_missing(const char *path, const char *problem, struct reason *why)
{
	reason_set(why,
		   "%s, which name in [agent] takes a line from, %s (yet); what writes it can be "
		   "waited for: see agent-register-config.target in agent-register(8)",
		   path, problem);
	return OUTCOME_NOT_READY;
}

static int is_unusable(const char *path, const char *problem, struct reason *why)
{
	reason_set(why, "name in [agent] takes a line from a file that cannot be used: %s %s", path,
		   problem);
	return OUTCOME_MISCONFIGURED;
}

/* Returns the descriptor, or a negative errno with `why` set, but for -ENOENT and -ENOTDIR. */
static int open_file(const char *path, struct reason *why)
{
	const struct trusted_file wanted = {
		.path = path,
		.flags = O_RDONLY,
		.max = FILE_MAX,
		.may_be_link = true,
	};
	struct reason cause = { 0 };
	struct stat status;
	int fd = trusted_file_open(&wanted, &status, &cause);

	if (fd >= 0 && !directory_is_shared(fd, &status)) /* the same question as about a file */
		return fd;
	if (fd >= 0) {
		close(fd);
		(void)is_unusable(path, "can be written by others than root", why);
		return -EPERM;
	}
	if (is_shortage(fd))
		*why = cause;
	else if (fd != -ENOENT && fd != -ENOTDIR)
		reason_set(why, "name in [agent] takes a line from a file that cannot be used: %s",
			   cause.text);
	return fd;
}

int file_line_read(const char *path, char *ret, size_t size, struct reason *why)
{
	cleanup_fd int fd = open_file(path, why);
	char content[FILE_LINE_MAX], *line = content;
	ssize_t read;
	size_t length;

	if (fd == -ENOENT || fd == -ENOTDIR)
		return is_missing(path, "does not exist", why);
	if (fd < 0)
		return is_shortage(fd) ? fd : OUTCOME_MISCONFIGURED;
	read = io_read(fd, content, sizeof content);
	if (read < 0)
		return reason_errno(why, (int)read, "Cannot read %s", path);
	line += io_mark_length(content, (size_t)read);
	length = (size_t)(content + read - line);
	if (memchr(line, '\n', length))
		length = (size_t)((char *)memchr(line, '\n', length) - line);
	if (memchr(line, '\0', length))
		return is_unusable(path, "holds a NUL byte", why);
	while (length > 0 && strchr(BLANKS, line[length - 1]))
		length--;
	while (length > 0 && strchr(BLANKS, *line))
		line++, length--;
	if (length == 0)
		return is_missing(path, "has nothing in its first line", why);
	if (length >= size)
		return is_unusable(path, "has a first line that is longer than any name", why);
	memcpy(ret, line, length);
	ret[length] = '\0';
	return OUTCOME_OK;
}
