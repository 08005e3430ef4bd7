/* SPDX-License-Identifier: ISC */
/*
 * What the unit tests share: cmocka, rows that name themselves when they fail, private directories,
 * recorded data.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Fail unless `condition` holds, saying in which row of a table. */
#define check_row(label, condition)                                            \
	do {                                                                   \
		if (!(condition))                                              \
			fail_msg("row '%s': not so: %s", (label), #condition); \
	} while (0)

/* A cmocka fixture: *state becomes a private directory, removed with all its content afterwards. */
int setup_directory(void **state);
int teardown_directory(void **state);

/* "DIRECTORY/NAME", in one of a few static buffers that take turns. */
const char *path_in(const char *directory, const char *name);

void write_file(const char *path, const void *data, size_t length);
void write_text(const char *path, const char *text);

/* The content, terminated; null when there is no such file. The caller frees it. */
char *read_file(const char *path, size_t *ret_length);

/* Fail unless the file holds exactly `text` (null: there is no such file). */
void assert_file(const char *path, const char *text);

/* How many entries a directory has besides "." and "..". */
unsigned count_entries(const char *directory);

/*
 * Recorded data (tests/data, see convert-vectors.py): lines of fields between tabs, with the
 * escapes \n \r \t \\ \xHH; a field that is only "-" is absent (text null).
 */
struct field {
	char *text; /* also terminated */
	size_t length;
};

#define FIELDS_MAX 16

struct data_file {
	FILE *file;
	char *line;
	size_t allocated;
	unsigned count;  /* fields of this line */
	unsigned number; /* lines handed out so far */
	struct field fields[FIELDS_MAX];
};

void data_open(struct data_file *data, const char *name);
bool data_next(struct data_file *data); /* false at the end, which also closes */
