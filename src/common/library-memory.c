/* SPDX-License-Identifier: ISC */
#include "common/library-memory.h"

#include <openssl/crypto.h>
#include <stdlib.h>

static _Thread_local unsigned long shortages, forgotten;

void *library_memory_note(void *memory)
{
	shortages += !memory;
	return memory;
}

/* Of no size there is none, as with OpenSSL's own functions. */
static void *take(size_t size, const char *file, int line)
{
	(void)file, (void)line;
	return size > 0 ? library_memory_note(malloc(size)) : NULL;
}

static void *resize(void *memory, size_t size, const char *file, int line)
{
	(void)file, (void)line;
	if (size > 0)
		return library_memory_note(realloc(memory, size));
	free(memory);
	return NULL;
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
