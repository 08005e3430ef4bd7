/* SPDX-License-Identifier: ISC */
#include "tests/unit/fault.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#define ALWAYS UINT_MAX

static struct {
	const char *name;
	unsigned left; /* ALWAYS: it is not counted */
	int error;
} faults[4];

static char trace[1024];

void fault_clear(void)
{
	memset(faults, 0, sizeof faults);
	trace[0] = '\0';
}

void fault_add(const char *name, unsigned nth, int error)
{
	for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
		if (faults[i].name)
			continue;
		faults[i].name = name;
		faults[i].left = nth;
		faults[i].error = error;
		return;
	}
}

void fault_set(const char *name, unsigned nth, int error)
{
	fault_clear();
	fault_add(name, nth, error);
}

void fault_always(const char *name, int error)
{
	fault_set(name, ALWAYS, error);
}

const char *fault_trace(void)
{
	return trace;
}

unsigned int fault_count(const char *name)
{
	size_t length = strlen(name);
	unsigned int count = 0;

	for (const char *at = trace; *at; at += strspn(at, " ")) {
		count += strcspn(at, " ") == length && strncmp(at, name, length) == 0;
		at += strcspn(at, " ");
	}
	return count;
}

/* The error that this call shall fail with; 0: none. */
static int fault_of(const char *name)
{
	int error = 0;

	for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
		if (faults[i].name && strcmp(faults[i].name, name) == 0 && faults[i].left > 0 &&
		    (faults[i].left == ALWAYS || --faults[i].left == 0))
			error = faults[i].error;
	return error;
}

static void note(const char *name)
{
	size_t used = strlen(trace);

	(void)snprintf(trace + used, sizeof trace - used, "%s%s", used ? " " : "", name);
}

#define WRAP(name, parameters, arguments)               \
	int __real_##name parameters;                   \
	int __wrap_##name parameters;                   \
	int __wrap_##name parameters                    \
	{                                               \
		int error = fault_of(#name);            \
                                                        \
		note(#name);                            \
		if (!error)                             \
			return __real_##name arguments; \
		errno = error;                          \
		return -1;                              \
	}

WRAP(fsync, (int fd), (fd))
WRAP(fdatasync, (int fd), (fd))
WRAP(fchmod, (int fd, mode_t mode), (fd, mode))
WRAP(fchown, (int fd, uid_t owner, gid_t group), (fd, owner, group))
WRAP(fallocate, (int fd, int mode, off_t offset, off_t length), (fd, mode, offset, length))
WRAP(unlinkat, (int directory, const char *path, int flags), (directory, path, flags))
WRAP(linkat, (int a, const char *from, int b, const char *to, int flags), (a, from, b, to, flags))
WRAP(renameat, (int a, const char *from, int b, const char *to), (a, from, b, to))

#define WRAP_TRANSFER(name, parameters, arguments, half) \
	ssize_t __real_##name parameters;                \
	ssize_t __wrap_##name parameters;                \
	ssize_t __wrap_##name parameters                 \
	{                                                \
		int error = fault_of(#name);             \
                                                         \
		if (strcmp(#name, "write") == 0)         \
			note(#name);                     \
		if (error == FAULT_SHORT)                \
			return __real_##name half;       \
		if (!error)                              \
			return __real_##name arguments;  \
		errno = error;                           \
		return -1;                               \
	}
#define HALF(length) (((length) + 1) / 2)

WRAP_TRANSFER(write, (int fd, const void *data, size_t length), (fd, data, length),
	      (fd, data, HALF(length)))
WRAP_TRANSFER(read, (int fd, void *buffer, size_t size), (fd, buffer, size),
	      (fd, buffer, HALF(size)))
WRAP_TRANSFER(send, (int fd, const void *data, size_t length, int flags), (fd, data, length, flags),
	      (fd, data, HALF(length), flags))
WRAP_TRANSFER(recv, (int fd, void *buffer, size_t size, int flags), (fd, buffer, size, flags),
	      (fd, buffer, HALF(size), flags))

/* What a hardened build calls instead, where the compiler knows how much room there is. */
ssize_t __wrap___read_chk(int fd, void *buffer, size_t size, size_t room);
ssize_t __wrap___read_chk(int fd, void *buffer, size_t size, size_t room)
{
	if (size > room)
		abort();
	return __wrap_read(fd, buffer, size);
}

ssize_t __wrap___recv_chk(int fd, void *buffer, size_t size, size_t room, int flags);
ssize_t __wrap___recv_chk(int fd, void *buffer, size_t size, size_t room, int flags)
{
	if (size > room)
		abort();
	return __wrap_recv(fd, buffer, size, flags);
}
