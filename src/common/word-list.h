/* SPDX-License-Identifier: ISC */
/* Words in a sentence: "red, green or blue". */
#pragma once

#include <stddef.h>

/* Write the words (ends with null) to `ret`; what does not fit is cut. Returns `ret`. */
const char *word_list_text(char *ret, size_t size, const char *const *words);
