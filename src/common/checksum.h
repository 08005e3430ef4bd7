/* SPDX-License-Identifier: ISC */
/* Telling texts and files from each other that nobody tries to make look alike (FNV-1a). Pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define CHECKSUM_START UINT64_C(14695981039346656037)

/* The checksum of what `sum` is of, and of `length` bytes behind it. */
static inline uint64_t checksum_add(uint64_t sum, const void *bytes, size_t length)
{
	const unsigned char *at = bytes;

	while (length-- > 0)
		sum = (sum ^ *at++) * UINT64_C(1099511628211);
	return sum;
}
