/* SPDX-License-Identifier: ISC */
#include "common/json-read.h"

#include "common/library-memory.h"

#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/*
 * jansson 2.14 takes the most for "[[[...": for each of them, down to a depth of 2048, an array (48
 * bytes) with room for 8 values (64). In longer texts it is "[{},{},...]", 80 for each byte. In the
 * reserve, nothing takes the place of what was given back.
 */
#define RESERVE_PER_BYTE 160
#define RESERVE_SMALLEST 4096
#define ALIGNMENT _Alignof(max_align_t)

/* Not of a thread: the storage of one that a module needs is made late, or the process ends. */
static struct {
	char *memory; /* null: there is none */
	size_t size, used;
} reserve;

/* Pages that are never touched cost nothing. */
static bool make_reserve(size_t length)
{
	size_t size;
	void *memory;

	if (__builtin_mul_overflow(length, (size_t)RESERVE_PER_BYTE, &size) ||
	    __builtin_add_overflow(size, (size_t)RESERVE_SMALLEST, &size))
		return false;
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		return false;
	reserve.memory = memory;
	reserve.size = size;
	reserve.used = 0;
	return true;
}

static void drop_reserve(void)
{
	explicit_bzero(reserve.memory, reserve.used);
	(void)munmap(reserve.memory, reserve.size);
	reserve.memory = NULL;
}

static void *take_from_reserve(size_t size)
{
	size_t at = reserve.used;

	if (!reserve.memory || size > reserve.size - at)
		return NULL;
	size += -size % ALIGNMENT;
	reserve.used = size < reserve.size - at ? at + size : reserve.size;
	return reserve.memory + at;
}

static bool is_from_reserve(const void *memory)
{
	return reserve.memory && (uintptr_t)memory >= (uintptr_t)reserve.memory &&
	       (uintptr_t)memory < (uintptr_t)reserve.memory + reserve.size;
}

static void *take(size_t size)
{
	return library_memory_note(malloc(size)) ?: take_from_reserve(size);
}

static void give_back(void *memory)
{
	if (!memory || is_from_reserve(memory))
		return;
	explicit_bzero(memory, malloc_usable_size(memory));
	free(memory);
}

void json_read_set_up(void)
{
	json_set_alloc_funcs(take, give_back);
}

json_t *json_read(const char *text, size_t length, size_t flags, json_error_t *ret_error)
{
	const unsigned long shortages = library_memory_shortages();
	json_t *value;

	if (!make_reserve(length))
		return library_memory_note(NULL);
	value = json_loadb(text, length, flags, ret_error);
	if (library_memory_shortages() != shortages) {
		json_decref(value);
		value = NULL;
	}
	drop_reserve();
	return value;
}
