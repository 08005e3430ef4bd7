/* SPDX-License-Identifier: ISC */
/* Compiled without sanitizers, which these functions come before: see local.mk. */
#include "tests/unit/shortage.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static atomic_uint left; /* calls until the one that fails; 0: none does */
static atomic_bool has_failed;
static _Thread_local bool is_exempt;

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

void shortage_exempt_thread(void)
{
	is_exempt = true;
}

static bool fails(void)
{
	unsigned int before = left;

	if (is_exempt)
		return false;
	while (before > 0 && !atomic_compare_exchange_weak(&left, &before, before - 1))
		;
	if (before != 1)
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
