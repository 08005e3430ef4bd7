/* SPDX-License-Identifier: ISC */
#include "faults.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define TRAILER_SIZE 4

static struct {
	char kind;         /* 0: nothing fails */
	unsigned int left; /* calls that succeed before */
	bool is_on;        /* calls count */
	bool has_happened;
} fault;

size_t fuzz_faults_read(const uint8_t *data, size_t size)
{
	const uint8_t *trailer = size < TRAILER_SIZE ? NULL : data + size - TRAILER_SIZE;

	fault.kind = 0;
	fault.is_on = fault.has_happened = false;
	if (!trailer || trailer[0] != 0xFA || trailer[1] != 'F' || !islower(trailer[2]))
		return size;
	fault.kind = (char)trailer[2];
	fault.left = trailer[3];
	return size - TRAILER_SIZE;
}

bool fuzz_faults_are_asked(void)
{
	return fault.kind;
}

void fuzz_faults_begin(void)
{
	fault.is_on = true;
}

void fuzz_faults_end(void)
{
	fault.is_on = false;
}

bool fuzz_fault_happened(void)
{
	return fault.has_happened;
}

bool fuzz_fault_is_due(const char *kinds)
{
	if (!fault.is_on || !fault.kind || !strchr(kinds, fault.kind) || fault.has_happened)
		return false;
	if (fault.left-- > 0)
		return false;
	fault.has_happened = true;
	return true;
}

/* ------------------------------------------------------------------ memory */

static bool is_out_of_memory(void)
{
	if (!fuzz_fault_is_due("m"))
		return false;
	errno = ENOMEM;
	return true;
}

#define MEMORY(type, name, parameters, arguments)                           \
	type __real_##name parameters;                                      \
	type __wrap_##name parameters;                                      \
	type __wrap_##name parameters                                       \
	{                                                                   \
		return is_out_of_memory() ? NULL : __real_##name arguments; \
	}

MEMORY(void *, malloc, (size_t size), (size))
MEMORY(void *, calloc, (size_t count, size_t size), (count, size))
MEMORY(void *, realloc, (void *before, size_t size), (before, size))
MEMORY(void *, reallocarray, (void *before, size_t count, size_t size), (before, count, size))
MEMORY(char *, strdup, (const char *text), (text))
MEMORY(char *, strndup, (const char *text, size_t most), (text, most))
MEMORY(FILE *, open_memstream, (char **text, size_t *length), (text, length))
MEMORY(char *, realpath, (const char *path, char *resolved), (path, resolved))

/* With and without checks of the C library's. */
static int print(char **ret, const char *format, va_list arguments)
	__attribute__((format(printf, 2, 0)));

static int print(char **ret, const char *format, va_list arguments)
{
	return is_out_of_memory() ? -1 : vasprintf(ret, format, arguments);
}

int __wrap_asprintf(char **ret, const char *format, ...) __attribute__((format(printf, 2, 3)));
int __wrap_asprintf(char **ret, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = print(ret, format, arguments);
	va_end(arguments);
	return length;
}

int __wrap___asprintf_chk(char **ret, int flag, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int __wrap___asprintf_chk(char **ret, int flag, const char *format, ...)
{
	va_list arguments;
	int length;

	(void)flag;
	va_start(arguments, format);
	length = print(ret, format, arguments);
	va_end(arguments);
	return length;
}

/* ------------------------------------------------------------------ system calls */

/* `kinds`: which of the errors the call can have. */
static bool fails_with(const char *kinds)
{
	if (!fuzz_fault_is_due(kinds))
		return false;
	errno = fault.kind == 'p'   ? EPERM
		: fault.kind == 'a' ? EAGAIN
		: fault.kind == 'i' ? EINTR
				    : EIO;
	return true;
}

#define CALL(type, kinds, name, parameters, arguments)                   \
	type __real_##name parameters;                                   \
	type __wrap_##name parameters;                                   \
	type __wrap_##name parameters                                    \
	{                                                                \
		return fails_with(kinds) ? -1 : __real_##name arguments; \
	}

CALL(int, "sp", fstat, (int fd, struct stat *status), (fd, status))
CALL(int, "sp", mkdir, (const char *path, mode_t mode), (path, mode))
CALL(int, "sp", mkdirat, (int fd, const char *path, mode_t mode), (fd, path, mode))
CALL(int, "sp", fchown, (int fd, uid_t user, gid_t group), (fd, user, group))
CALL(int, "sp", fchmod, (int fd, mode_t mode), (fd, mode))
CALL(int, "s", fsync, (int fd), (fd))
CALL(int, "s", fdatasync, (int fd), (fd))
CALL(int, "sp", ftruncate, (int fd, off_t length), (fd, length))
CALL(int, "sp", renameat, (int from, const char *old, int to, const char *path),
     (from, old, to, path))
CALL(int, "sp", linkat, (int from, const char *old, int to, const char *path, int flags),
     (from, old, to, path, flags))
CALL(int, "sp", unlinkat, (int fd, const char *path, int flags), (fd, path, flags))
CALL(int, "spi", flock, (int fd, int operation), (fd, operation))
CALL(int, "sp", socket, (int domain, int type, int protocol), (domain, type, protocol))
CALL(int, "sp", socketpair, (int domain, int type, int protocol, int pair[2]),
     (domain, type, protocol, pair))
CALL(int, "sp", dup3, (int fd, int to, int flags), (fd, to, flags))
CALL(int, "sp", setsockopt, (int fd, int level, int option, const void *value, socklen_t length),
     (fd, level, option, value, length))
CALL(int, "spai", connect, (int fd, const struct sockaddr *address, socklen_t length),
     (fd, address, length))
CALL(int, "si", poll, (struct pollfd * fds, nfds_t count, int timeout), (fds, count, timeout))
CALL(ssize_t, "s", getrandom, (void *bytes, size_t size, unsigned int flags), (bytes, size, flags))
CALL(ssize_t, "sai", sendmsg, (int fd, const struct msghdr *message, int flags),
     (fd, message, flags))

/* `half`: the arguments with half of the size. */
#define TRANSFER(kinds, name, parameters, arguments, half)               \
	ssize_t __real_##name parameters;                                \
	ssize_t __wrap_##name parameters;                                \
	ssize_t __wrap_##name parameters                                 \
	{                                                                \
		if (size > 1 && fuzz_fault_is_due("h"))                  \
			return __real_##name half;                       \
		return fails_with(kinds) ? -1 : __real_##name arguments; \
	}

TRANSFER("sai", read, (int fd, void *bytes, size_t size), (fd, bytes, size), (fd, bytes, size / 2))
TRANSFER("sai", write, (int fd, const void *bytes, size_t size), (fd, bytes, size),
	 (fd, bytes, size / 2))
TRANSFER("s", pread, (int fd, void *bytes, size_t size, off_t at), (fd, bytes, size, at),
	 (fd, bytes, size / 2, at))
TRANSFER("sai", recv, (int fd, void *bytes, size_t size, int flags), (fd, bytes, size, flags),
	 (fd, bytes, size / 2, flags))
TRANSFER("sai", send, (int fd, const void *bytes, size_t size, int flags), (fd, bytes, size, flags),
	 (fd, bytes, size / 2, flags))

static mode_t mode_of(int flags, va_list arguments)
{
	return flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(arguments, mode_t) : 0;
}

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
	va_list arguments;
	mode_t mode;

	va_start(arguments, flags);
	mode = mode_of(flags, arguments);
	va_end(arguments);
	return fails_with("spi") ? -1 : __real_open(path, flags, mode);
}

int __real_openat(int fd, const char *path, int flags, ...);
int __wrap_openat(int fd, const char *path, int flags, ...);
int __wrap_openat(int fd, const char *path, int flags, ...)
{
	va_list arguments;
	mode_t mode;

	va_start(arguments, flags);
	mode = mode_of(flags, arguments);
	va_end(arguments);
	return fails_with("spi") ? -1 : __real_openat(fd, path, flags, mode);
}
