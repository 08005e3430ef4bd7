/* SPDX-License-Identifier: ISC */
/*
 * Cleanup attributes: a resource is released when the variable that owns it goes out of scope, so
 * no error path can leak it. take_pointer() and take_fd() pass the ownership on.
 *
 *	cleanup_free char *path = NULL;
 *	cleanup_fd int fd = -1;
 */
#pragma once

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define cleanup(function) __attribute__((cleanup(function)))

/* Define release_NAME() for use with cleanup(): calls FUNCTION on a non-null pointer of TYPE. */
#define DEFINE_RELEASE(name, type, function)             \
	static inline void release_##name(type *pointer) \
	{                                                \
		if (*pointer)                            \
			function(*pointer);              \
	}

static inline void release_memory(void *pointer)
{
	free(*(void **)pointer);
}

/* Close without changing errno, which belongs to the failure being reported. */
static inline void release_fd(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	errno = saved;
}

DEFINE_RELEASE(file, FILE *, (void)fclose)

#define cleanup_free cleanup(release_memory)
#define cleanup_fd cleanup(release_fd)
#define cleanup_file cleanup(release_file)

/* Pass the pointer on: the variable no longer owns it. */
#define take_pointer(variable)                   \
	__extension__({                          \
		__auto_type taken_ = (variable); \
		(variable) = NULL;               \
		taken_;                          \
	})

/* Pass the file descriptor on: the variable no longer owns it. */
static inline int take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}
