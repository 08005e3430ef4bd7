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

/* For the beginning of OpenSSL. */
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

/* How many bytes of a block may be read: of a piece of the reserve, all to its end. */
static size_t readable(void *memory)
{
	return memory_reserve_has(&reserve, memory)
		       ? (size_t)(reserve.memory + reserve.size - (char *)memory)
		       : malloc_usable_size(memory);
}

/* Not by realloc(): the reserve has no part in that. */
static void *resize(void *memory, size_t size, const char *file, int line)
{
	size_t old = memory ? readable(memory) : 0;
	void *moved;

	if (size == 0) {
		give_back(memory, file, line);
		return NULL;
	}
	if (size <= old && !memory_reserve_has(&reserve, memory))
		return memory;
	moved = take(size, file, line);
	if (!moved || !memory)
		return moved;
	memmove(moved, memory, old < size ? old : size);
	give_back(memory, file, line);
	return moved;
}

void library_memory_watch_openssl(void)
{
	(void)CRYPTO_set_mem_functions(take, resize, give_back);
}

/* The reserve is closed then, but not forgotten: what is in it must not reach free(). */
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
