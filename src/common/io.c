/* SPDX-License-Identifier: ISC */
#include "common/io.h"

#include "common/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

FILE *io_open(const char *path)
{
	cleanup_fd int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	FILE *file;

	if (fd < 0 || fcntl(fd, F_SETFL, O_RDONLY) < 0)
		return NULL;
	file = fdopen(fd, "r");
	if (file)
		(void)take_fd(&fd);
	return file;
}

size_t io_mark_length(const char *content, size_t length)
{
	static const char mark[] = { '\xef', '\xbb', '\xbf' };

	return length >= sizeof mark && memcmp(content, mark, sizeof mark) == 0 ? sizeof mark : 0;
}

bool io_is_utf16(const char *content, size_t length)
{
	return length >= 2 &&
	       (memcmp(content, "\xff\xfe", 2) == 0 || memcmp(content, "\xfe\xff", 2) == 0);
}

ssize_t io_read(int fd, void *buffer, size_t size)
{
	size_t used = 0;

	while (used < size) {
		ssize_t n = read(fd, (char *)buffer + used, size - used);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		used += (size_t)n;
	}
	return (ssize_t)used;
}

int io_write(int fd, const void *data, size_t length)
{
	const char *bytes = data;

	while (length > 0) {
		ssize_t n = write(fd, bytes, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		bytes += n;
		length -= (size_t)n;
	}
	return 0;
}

int io_write_line(int fd, const char *line)
{
	size_t length = strlen(line), done;
	struct iovec pieces[] = { { .iov_base = (void *)line, .iov_len = length },
				  { .iov_base = (void *)"\n", .iov_len = 1 } };
	ssize_t n;
	int r = 0;

	do {
		n = writev(fd, pieces, sizeof pieces / sizeof pieces[0]);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	done = (size_t)n;
	if (done < length)
		r = io_write(fd, line + done, length - done);
	return r == 0 && done <= length ? io_write(fd, "\n", 1) : r;
}
