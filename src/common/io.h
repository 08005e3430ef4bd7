/* SPDX-License-Identifier: ISC */
/* Opening files, and complete reads and writes: read(2) and write(2) until all is done. */
#pragma once

#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

/*
 * Open a file for reading; never blocks on a named pipe without a writer. Close with fclose(). Null
 * with errno set on failure.
 */
FILE *io_open(const char *path);

/* Read until `size` bytes or the end of the file. Returns the number, or a negative errno. */
ssize_t io_read(int fd, void *buffer, size_t size);

/* Write all `length` bytes. Returns 0 or a negative errno. */
int io_write(int fd, const void *data, size_t length);
