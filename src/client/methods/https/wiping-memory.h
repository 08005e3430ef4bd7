/* SPDX-License-Identifier: ISC */
/*
 * The C library's allocator, wiping what is freed: for libraries that handle our secrets and do not
 * wipe them. Their blocks come from malloc() and may be mixed with its own.
 */
#pragma once

#include <stddef.h>

void *wiping_malloc(size_t size);
void *wiping_calloc(size_t count, size_t size);
void *wiping_realloc(void *memory, size_t size);
char *wiping_strdup(const char *text);
void wiping_free(void *memory);
