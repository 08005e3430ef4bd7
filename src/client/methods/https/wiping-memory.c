/* SPDX-License-Identifier: ISC */
#include "client/methods/https/wiping-memory.h"

#include "common/library-memory.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

void *wiping_malloc(size_t size)
{
	return library_memory_note(malloc(size));
}

void *wiping_calloc(size_t count, size_t size)
{
	return library_memory_note(calloc(count, size));
}

/* realloc() would leave a copy of the data in the old block. */
void *wiping_realloc(void *memory, size_t size)
{
	size_t old = malloc_usable_size(memory);
	void *moved;

	if (memory && size <= old && size > old / 2)
		return memory;
	moved = wiping_malloc(size);
	if (!moved)
		return NULL;
	if (memory)
		memcpy(moved, memory, old < size ? old : size);
	wiping_free(memory);
	return moved;
}

char *wiping_strdup(const char *text)
{
	return library_memory_note(strdup(text));
}

void wiping_free(void *memory)
{
	if (memory)
		explicit_bzero(memory, malloc_usable_size(memory));
	free(memory);
}
