/* SPDX-License-Identifier: ISC */
/*
 * Values as Wazuh's API shows them in its refusals, which is as Python writes them: 'web 01',
 * "it's", ['a'], True. Pure.
 */
#pragma once

#include "common/must-check.h"

#include <jansson.h>
#include <stddef.h>

/*
 * Write a text in quotes, with escapes for what cannot be printed; bytes that are no UTF-8 become
 * U+FFFD. Always valid UTF-8 and terminated; what does not fit `size` (8 at least) is cut. Returns
 * `buffer`.
 */
char *api_repr_text(char *buffer, size_t size, const char *text, size_t length);

/* The same for any JSON value; members in their order. Returns `buffer`. */
char *api_repr_json(char *buffer, size_t size, const json_t *value) must_check;

/* Cut what is not a whole character off the end of a text that is UTF-8 but for that. */
void api_utf8_trim(char *text);

/* Replace what is no UTF-8 by question marks, in place. */
void api_utf8_mend(char *text);
