/* SPDX-License-Identifier: ISC */
#include "common/library-memory.h"

#include "common/memory-reserve.h"

#include <errno.h>
#include <malloc.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

static _Thread_local unsigned long shortages, forgotten;
static _Thread_local bool (*make_room)(void);

/* For the beginning of OpenSSL, which takes some 20 KiB. */
static _Alignas(max_align_t) char memory_at_first[256 * 1024];
static struct memory_reserve reserve;

void *library_memory_note(void *memory)
{
	shortages += !memory;
	return memory;
}

/* Of no size there is none, as with OpenSSL's own functions. */
static void *take(size_t size, const char *file, int line)
{
	void *memory;

	(void)file, (void)line;
	if (size == 0)
		return NULL;
	memory = malloc(size);
	if (!memory && make_room && make_room())
		memory = malloc(size);
	return library_memory_note(memory) ?: memory_reserve_take(&reserve, size);
}

static void give_back(void *memory, const char *file, int line)
{
	(void)file, (void)line;
	if (!memory_reserve_has(&reserve, memory))
		free(memory);
}

/* Of what was longer or shorter, no more is read than is there. */
static void *move_from_reserve(void *memory, size_t size)
{
	size_t left = (size_t)(reserve.memory + reserve.size - (char *)memory);
	void *moved = take(size, NULL, 0);

	if (moved)
		memmove(moved, memory, size < left ? size : left);
	return moved;
}

/* realloc(), for which there is no memory; `old`: bytes that may be read. */
static void *move_to_reserve(void *memory, size_t old, size_t size)
{
	void *moved = memory_reserve_take(&reserve, size);

	if (moved) {
		memcpy(moved, memory, old < size ? old : size);
		give_back(memory, NULL, 0);
	}
	return moved;
}

static void *resize(void *memory, size_t size, const char *file, int line)
{
	void *resized;

	(void)file, (void)line;
	if (size == 0) {
		give_back(memory, NULL, 0);
		return NULL;
	}
	if (!memory)
		return take(size, NULL, 0);
	if (memory_reserve_has(&reserve, memory))
		return move_from_reserve(memory, size);
	resized = realloc(memory, size);
	if (!resized && make_room && make_room())
		resized = realloc(memory, size);
	return library_memory_note(resized)
		       ?: move_to_reserve(memory, malloc_usable_size(memory), size);
}

void library_memory_watch_openssl(void)
{
	(void)CRYPTO_set_mem_functions(take, resize, give_back);
}

/* What is left of the reserve stays that of blocks in it, which may be given back at the end. */
int library_memory_begin_openssl(void)
{
	const unsigned long before = shortages;
	bool has_begun;

	reserve = (struct memory_reserve){ .memory = memory_at_first,
					   .size = sizeof memory_at_first };
	has_begun = OSSL_LIB_CTX_get0_global_default();
	reserve.used = reserve.size;
	return has_begun && shortages == before ? 0 : -ENOMEM;
}

void library_memory_make_room_by(bool (*function)(void))
{
	make_room = function;
}

unsigned long library_memory_shortages(void)
{
	return shortages;
}

void library_memory_forget(void)
{
	forgotten = shortages;
}

bool library_memory_was_short(void)
{
	return shortages != forgotten;
}
