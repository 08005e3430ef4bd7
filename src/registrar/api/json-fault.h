/* SPDX-License-Identifier: ISC */
/*
 * Where a text stops being JSON, in the words of Wazuh's API, which are those of Python's json
 * module: clients show them to people. Pure.
 */
#pragma once

#include "common/must-check.h"

#include <stdbool.h>
#include <stddef.h>

/* Deeper texts are refused. Wazuh's limit, which is Python's, is about the same. */
#define API_JSON_DEPTH_MAX 500

enum api_json_fault {
	API_JSON_OK,
	API_JSON_BROKEN,   /* the text says where */
	API_JSON_TOO_DEEP, /* more than API_JSON_DEPTH_MAX */
};

/*
 * Look for the first fault of a text of UTF-8. API_JSON_BROKEN: `ret` (of `size` bytes) is
 * "Expecting value: line 1 column 1 (char 0)" or the like, counted in characters.
 */
enum api_json_fault api_json_fault_find(char *ret, size_t size, const char *text,
					size_t length) must_check;
