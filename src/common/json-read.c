/* SPDX-License-Identifier: ISC */
#include "common/json-read.h"

#include "common/library-memory.h"
#include "common/memory-reserve.h"

#include <malloc.h>
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

/* Not of a thread: the storage of one that a module needs is made late, or the process ends. */
static struct memory_reserve reserve;

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
	reserve = (struct memory_reserve){ .memory = memory, .size = size };
	return true;
}

static void drop_reserve(void)
{
	explicit_bzero(reserve.memory, reserve.used);
	(void)munmap(reserve.memory, reserve.size);
	reserve.memory = NULL;
}

static void *take(size_t size)
{
	return library_memory_note(malloc(size)) ?: memory_reserve_take(&reserve, size);
}

static void give_back(void *memory)
{
	if (!memory || memory_reserve_has(&reserve, memory))
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
