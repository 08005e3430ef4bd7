/* SPDX-License-Identifier: ISC */
/*
 * The C library's allocator, with wiping on free: for libraries that handle secrets and do not wipe
 * them. The blocks are from malloc() and may be freed with free().
 */
#pragma once

#include "common/must-check.h"

#include <stddef.h>

void *wiping_malloc(size_t size) must_check;
void *wiping_calloc(size_t count, size_t size) must_check;
void *wiping_realloc(void *memory, size_t size) must_check;
char *wiping_strdup(const char *text) must_check;
void wiping_free(void *memory);
