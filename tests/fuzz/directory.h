/* SPDX-License-Identifier: ISC */
/* A directory for the targets whose code under test reads files. */
#pragma once

#include <stddef.h>

/* The directory of this process; made at the first call, and removed with all in it at the end. */
const char *fuzz_directory(void);

/* Write a file in it; a null `data` removes it. */
void fuzz_write(const char *name, const void *data, size_t size);
