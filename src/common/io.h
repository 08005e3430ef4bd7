/* SPDX-License-Identifier: ISC */
/*
 * Opening files, complete reads and writes (read(2) and write(2) until all is done), and the mark
 * of the encoding in front of a text.
 */
#pragma once

#include "common/must-check.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

/*
 * Open a file for reading; never blocks on a named pipe without a writer. Close with fclose(). Null
 * with errno set on failure.
 */
FILE *io_open(const char *path) must_check;

/*
 * The length of the UTF-8 byte order mark at the start of a file's content, which editors and
 * spreadsheets write and which belongs to no value: 3, or 0 without one.
 */
size_t io_mark_length(const char *content, size_t length);

/* Is the content of a file UTF-16, as its byte order mark says? */
bool io_is_utf16(const char *content, size_t length) must_check;

/* Read until `size` bytes or the end of the file. Returns the number, or a negative errno. */
ssize_t io_read(int fd, void *buffer, size_t size) must_check;

/* Write all `length` bytes. Returns 0 or a negative errno. */
int io_write(int fd, const void *data, size_t length) must_check;

/*
 * Write `line` and a newline, with one call, so that lines of other processes do not come in
 * between: stdio makes several of a line without a buffer, of 128 bytes each (glibc 2.41). Returns
 * 0 or a negative errno.
 */
int io_write_line(int fd, const char *line) must_check;
