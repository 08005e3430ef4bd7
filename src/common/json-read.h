/* SPDX-License-Identifier: ISC */
/*
 * JSON that somebody else has sent, with jansson. Where its parser (2.14) has no memory for a
 * longer string, it leaves a character out, and then reads behind the end of the string, or aborts
 * (https://github.com/akheron/jansson/issues/362). So it never runs out of memory here: there is a
 * reserve for it, and what was parsed with that is thrown away.
 */
#pragma once

#include "common/must-check.h"

#include <jansson.h>
#include <stddef.h>

/*
 * Have jansson take its memory here, which is wiped when it is given back. To be called before
 * anything else of it is, or json_read() is json_loadb().
 */
void json_read_set_up(void);

/*
 * json_loadb(), whose error is returned in *ret_error (null: it is not wanted). The value is the
 * caller's. Null: the text is not JSON, or there was no memory; library_memory_shortages() counts
 * that, and the error says nothing then. Only one thread may use jansson.
 */
json_t *json_read(const char *text, size_t length, size_t flags,
		  json_error_t *ret_error) must_check;
