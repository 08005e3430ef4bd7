/* SPDX-License-Identifier: ISC */
/* Calls about files and descriptors that can fail: see fail-at-call.c. */
#include "tests/integration/fail-at-call.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define PLAIN(...) __VA_ARGS__
#define WRAP_OPEN(name, parameters, arguments)                                     \
	int name(PLAIN parameters, int flags, ...)                                 \
	{                                                                          \
		static int (*real)(PLAIN parameters, int, ...);                    \
		va_list more;                                                      \
		mode_t mode;                                                       \
                                                                                   \
		va_start(more, flags);                                             \
		mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(more, mode_t) : 0; \
		va_end(more);                                                      \
		if (fails(FUNCTION_OPEN))                                          \
			return -1;                                                 \
		if (!real)                                                         \
			real = find(#name);                                        \
		return real(PLAIN arguments, flags, mode);                         \
	}

WRAP_OPEN(open, (const char *path), (path))
WRAP_OPEN(open64, (const char *path), (path))
WRAP_OPEN(openat, (int directory, const char *path), (directory, path))
WRAP_OPEN(openat64, (int directory, const char *path), (directory, path))
WRAP(FUNCTION_OPEN, -1, int, __open_2, (const char *path, int flags), (path, flags))
WRAP(FUNCTION_OPEN, -1, int, __open64_2, (const char *path, int flags), (path, flags))
WRAP(FUNCTION_OPEN, -1, int, __openat_2, (int directory, const char *path, int flags),
     (directory, path, flags))
WRAP(FUNCTION_OPEN, -1, int, __openat64_2, (int directory, const char *path, int flags),
     (directory, path, flags))
WRAP(FUNCTION_OPEN, NULL, FILE *, fopen, (const char *path, const char *mode), (path, mode))
WRAP(FUNCTION_OPEN, NULL, FILE *, fopen64, (const char *path, const char *mode), (path, mode))
WRAP(FUNCTION_OPEN, NULL, DIR *, opendir, (const char *path), (path))

/* Of what has no other name: which function is it? */
static enum function function_of(long number)
{
	switch (number) {
	case SYS_openat2:
		return FUNCTION_OPEN;
	case SYS_pidfd_open:
		return FUNCTION_SOCKET;
	case SYS_capset:
		return FUNCTION_SET_USER;
	case SYS_seccomp:
	case 444: /* landlock_create_ruleset, of which there may be no name */
	case 445: /* landlock_add_rule */
	case 446: /* landlock_restrict_self */
		return FUNCTION_CONFINE;
	default:
		return FUNCTION_NONE;
	}
}

long syscall(long number, ...)
{
	static long (*real)(long, ...);
	long argument[6];
	va_list arguments;

	va_start(arguments, number);
	for (int i = 0; i < 6; i++)
		argument[i] = va_arg(arguments, long);
	va_end(arguments);
	if (function_of(number) != FUNCTION_NONE && fails(function_of(number)))
		return -1;
	if (!real)
		real = find("syscall");
	return real(number, argument[0], argument[1], argument[2], argument[3], argument[4],
		    argument[5]);
}

/* What a disk has, no socket does: its connection is lost. */
static ssize_t fail_on(int fd)
{
	int type;
	socklen_t size = sizeof type;

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0)
		errno = ECONNRESET;
	else
		errno = failure_code();
	return -1;
}

WRAP(FUNCTION_READ, fail_on(fd), ssize_t, read, (int fd, void *buffer, size_t size),
     (fd, buffer, size))
WRAP(FUNCTION_READ, fail_on(fd), ssize_t, __read_chk,
     (int fd, void *buffer, size_t size, size_t room), (fd, buffer, size, room))
WRAP(FUNCTION_READ, -1, ssize_t, pread, (int fd, void *buffer, size_t size, off_t at),
     (fd, buffer, size, at))
WRAP(FUNCTION_RECV, -1, ssize_t, recv, (int fd, void *buffer, size_t size, int flags),
     (fd, buffer, size, flags))
WRAP(FUNCTION_READ, fail_on(fd), ssize_t, readv, (int fd, const struct iovec *data, int count),
     (fd, data, count))
WRAP(FUNCTION_RECV, -1, ssize_t, __recv_chk,
     (int fd, void *buffer, size_t size, size_t room, int flags), (fd, buffer, size, room, flags))
WRAP(FUNCTION_RECV, -1, ssize_t, recvmsg, (int fd, struct msghdr *message, int flags),
     (fd, message, flags))
WRAP(FUNCTION_WRITE, fail_on(fd), ssize_t, write, (int fd, const void *data, size_t size),
     (fd, data, size))
WRAP(FUNCTION_WRITE, -1, ssize_t, pwrite, (int fd, const void *data, size_t size, off_t at),
     (fd, data, size, at))
WRAP(FUNCTION_SEND, -1, ssize_t, send, (int fd, const void *data, size_t size, int flags),
     (fd, data, size, flags))
WRAP(FUNCTION_WRITE, fail_on(fd), ssize_t, writev, (int fd, const struct iovec *data, int count),
     (fd, data, count))
WRAP(FUNCTION_WRITE, -1, int, ftruncate, (int fd, off_t size), (fd, size))
WRAP(FUNCTION_WRITE, -1, int, fallocate, (int fd, int mode, off_t at, off_t size),
     (fd, mode, at, size))
WRAP(FUNCTION_FSYNC, -1, int, fsync, (int fd), (fd))
WRAP(FUNCTION_FSYNC, -1, int, fdatasync, (int fd), (fd))
WRAP(FUNCTION_RENAME, -1, int, rename, (const char *from, const char *to), (from, to))
WRAP(FUNCTION_RENAME, -1, int, renameat, (int a, const char *from, int b, const char *to),
     (a, from, b, to))
WRAP(FUNCTION_RENAME, -1, int, linkat, (int a, const char *from, int b, const char *to, int flags),
     (a, from, b, to, flags))
WRAP(FUNCTION_RENAME, -1, int, unlinkat, (int directory, const char *path, int flags),
     (directory, path, flags))

WRAP(FUNCTION_RENAME, -1, int, unlink, (const char *path), (path))
WRAP(FUNCTION_RENAME, -1, int, rmdir, (const char *path), (path))
WRAP(FUNCTION_STAT, -1, int, stat, (const char *path, struct stat *ret), (path, ret))
WRAP(FUNCTION_STAT, -1, int, lstat, (const char *path, struct stat *ret), (path, ret))
WRAP(FUNCTION_STAT, -1, int, fstat, (int fd, struct stat *ret), (fd, ret))
WRAP(FUNCTION_STAT, -1, int, fstatat,
     (int directory, const char *path, struct stat *ret, int flags), (directory, path, ret, flags))
WRAP(FUNCTION_STAT, -1, int, statx,
     (int directory, const char *path, int flags, unsigned int mask, struct statx *ret),
     (directory, path, flags, mask, ret))
WRAP(FUNCTION_STAT, -1, int, access, (const char *path, int mode), (path, mode))
WRAP(FUNCTION_STAT, -1, ssize_t, readlink, (const char *path, char *ret, size_t size),
     (path, ret, size))
WRAP(FUNCTION_STAT, -1, ssize_t, readlinkat,
     (int directory, const char *path, char *ret, size_t size), (directory, path, ret, size))
WRAP(FUNCTION_MKDIR, -1, int, mkdir, (const char *path, mode_t mode), (path, mode))
WRAP(FUNCTION_MKDIR, -1, int, mkdirat, (int directory, const char *path, mode_t mode),
     (directory, path, mode))
WRAP(FUNCTION_CHMOD, -1, int, chmod, (const char *path, mode_t mode), (path, mode))
WRAP(FUNCTION_CHMOD, -1, int, fchmod, (int fd, mode_t mode), (fd, mode))
WRAP(FUNCTION_CHMOD, -1, int, chown, (const char *path, uid_t user, gid_t group),
     (path, user, group))
WRAP(FUNCTION_CHMOD, -1, int, fchown, (int fd, uid_t user, gid_t group), (fd, user, group))
WRAP(FUNCTION_FLOCK, -1, int, flock, (int fd, int operation), (fd, operation))

/* ------------------------------------------------------------------ what is read as lines */

/* A stream has an error of its own, which is asked for afterwards. */
static int fail_stream(FILE *stream)
{
	stream->_flags |= 0x20; /* _IO_ERR_SEEN */
	return -1;
}

WRAP(FUNCTION_READ, fail_stream(stream), ssize_t, __getdelim,
     (char **line, size_t *size, int delimiter, FILE *stream), (line, size, delimiter, stream))
WRAP(FUNCTION_READ, fail_stream(stream), ssize_t, getline,
     (char **line, size_t *size, FILE *stream), (line, size, stream))
WRAP(FUNCTION_READ, (fail_stream(stream), NULL), char *, fgets,
     (char *line, int size, FILE *stream), (line, size, stream))
WRAP(FUNCTION_READ, (fail_stream(stream), 0), size_t, fread,
     (void *buffer, size_t size, size_t count, FILE *stream), (buffer, size, count, stream))
WRAP(FUNCTION_READ, (fail_stream(stream), 0), size_t, __fread_chk,
     (void *buffer, size_t room, size_t size, size_t count, FILE *stream),
     (buffer, room, size, count, stream))
WRAP(FUNCTION_READ, NULL, struct dirent *, readdir, (DIR * directory), (directory))
