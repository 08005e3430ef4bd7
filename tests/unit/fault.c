/* SPDX-License-Identifier: ISC */
#include "tests/unit/fault.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

static struct {
	const char *name;
	unsigned left;
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

const char *fault_trace(void)
{
	return trace;
}

/* Note the call. The error it shall fail with; 0: none. */
static int fault_of(const char *name)
{
	size_t used = strlen(trace);
	int error = 0;

	(void)snprintf(trace + used, sizeof trace - used, "%s%s", used ? " " : "", name);
	for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
		if (faults[i].name && strcmp(faults[i].name, name) == 0 && faults[i].left > 0 &&
		    --faults[i].left == 0)
			error = faults[i].error;
	return error;
}

#define WRAP(name, parameters, arguments)               \
	int __real_##name parameters;                   \
	int __wrap_##name parameters;                   \
	int __wrap_##name parameters                    \
	{                                               \
		int error = fault_of(#name);            \
                                                        \
		if (!error)                             \
			return __real_##name arguments; \
		errno = error;                          \
		return -1;                              \
	}

WRAP(fsync, (int fd), (fd))
WRAP(fchmod, (int fd, mode_t mode), (fd, mode))
WRAP(fchown, (int fd, uid_t owner, gid_t group), (fd, owner, group))
WRAP(fallocate, (int fd, int mode, off_t offset, off_t length), (fd, mode, offset, length))
WRAP(unlinkat, (int directory, const char *path, int flags), (directory, path, flags))
WRAP(linkat, (int a, const char *from, int b, const char *to, int flags), (a, from, b, to, flags))
WRAP(renameat, (int a, const char *from, int b, const char *to), (a, from, b, to))

ssize_t __real_write(int fd, const void *data, size_t length);
ssize_t __wrap_write(int fd, const void *data, size_t length);
ssize_t __wrap_write(int fd, const void *data, size_t length)
{
	int error = fault_of("write");

	if (error == FAULT_SHORT)
		return __real_write(fd, data, (length + 1) / 2);
	if (!error)
		return __real_write(fd, data, length);
	errno = error;
	return -1;
}
