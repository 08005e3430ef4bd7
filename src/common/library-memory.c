/* SPDX-License-Identifier: ISC */
#include "common/library-memory.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdlib.h>

static _Thread_local unsigned long shortages, forgotten;
static _Thread_local bool (*make_room)(void);

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
	return library_memory_note(memory);
}

static void *resize(void *memory, size_t size, const char *file, int line)
{
	void *resized;

	(void)file, (void)line;
	if (size == 0) {
		free(memory);
		return NULL;
	}
	resized = realloc(memory, size);
	if (!resized && make_room && make_room())
		resized = realloc(memory, size);
	return library_memory_note(resized);
}

static void give_back(void *memory, const char *file, int line)
{
	(void)file, (void)line;
	free(memory);
}

void library_memory_watch_openssl(void)
{
	(void)CRYPTO_set_mem_functions(take, resize, give_back);
}

int library_memory_begin_openssl(void)
{
	return OSSL_LIB_CTX_get0_global_default() ? 0 : -ENOMEM;
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
