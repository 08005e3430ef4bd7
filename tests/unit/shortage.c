/* SPDX-License-Identifier: ISC */
/* Compiled without sanitizers, which these functions come before: see local.mk. */
#include "tests/unit/shortage.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static _Thread_local unsigned int left; /* calls until the one that fails; 0: none does */
static _Thread_local bool has_failed;

void shortage_begin(unsigned int nth)
{
	has_failed = false;
	left = nth;
}

bool shortage_end(void)
{
	left = 0;
	return has_failed;
}

static bool fails(void)
{
	if (left == 0 || --left > 0)
		return false;
	has_failed = true;
	errno = ENOMEM;
	return true;
}

/* A sanitizer's, or the C library's: neither is looked up, which may take memory. */
#define ALLOCATOR(type, name, parameters, arguments)                         \
	extern type __libc_##name parameters;                                \
	extern type __interceptor_##name parameters __attribute__((weak));   \
	type name parameters                                                 \
	{                                                                    \
		if (fails())                                                 \
			return NULL;                                         \
		return __interceptor_##name ? __interceptor_##name arguments \
					    : __libc_##name arguments;       \
	}

ALLOCATOR(void *, malloc, (size_t size), (size))
ALLOCATOR(void *, calloc, (size_t count, size_t size), (count, size))
ALLOCATOR(void *, realloc, (void *old, size_t size), (old, size))
