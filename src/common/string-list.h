/* SPDX-License-Identifier: ISC */
/* A list of strings, in the order in which they were added. */
#pragma once

#include "common/must-check.h"

#include <stddef.h>

/* Start with zeros. The strings are owned; free them with string_list_clear(). */
struct string_list {
	char **items;
	size_t count;
};

/* Add a copy of the `length` bytes at `text`. Returns 0, or -ENOMEM with the list unchanged. */
int string_list_add(struct string_list *list, const char *text, size_t length) must_check;

/* Free all strings; the list is empty then. Fit for cleanup(). */
void string_list_clear(struct string_list *list);
