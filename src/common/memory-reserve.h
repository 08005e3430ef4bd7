/* SPDX-License-Identifier: ISC */
/*
 * Memory put aside for a library that does not bear to get none: handed out piece by piece, and
 * never taken back, so the whole is to be thrown away with what it was for.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct memory_reserve {
	char *memory; /* aligned for anything; null: there is none */
	size_t size, used;
};

/* A piece of it; null: what is left is too small. */
static inline void *memory_reserve_take(struct memory_reserve *reserve, size_t size)
{
	const size_t alignment = _Alignof(max_align_t), at = reserve->used;

	if (!reserve->memory || size > reserve->size - at)
		return NULL;
	size += -size % alignment;
	reserve->used = size < reserve->size - at ? at + size : reserve->size;
	return reserve->memory + at;
}

/* Is this memory a part of it? */
static inline bool memory_reserve_has(const struct memory_reserve *reserve, const void *memory)
{
	return reserve->memory && (uintptr_t)memory >= (uintptr_t)reserve->memory &&
	       (uintptr_t)memory < (uintptr_t)reserve->memory + reserve->size;
}
