/* SPDX-License-Identifier: ISC */
/*
 * Conditions on values, as the database of Wazuh's managers would decide them (SQLite, by
 * framework/wazuh/core/utils.py of 4.14.7): letters of both cases are equal, a number in a text is
 * a number, "~" finds a part, and nothing holds for null. Pure.
 */
#pragma once

#include "common/must-check.h"
#include "registrar/api/problem.h"

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

enum api_value_kind { API_VALUE_NULL, API_VALUE_NUMBER, API_VALUE_TEXT };

struct api_value {
	enum api_value_kind kind;
	long long number; /* an id, a count, or seconds since 1970 */
	const char *text; /* not owned */
};

/* Nulls first, then numbers, then texts. As strcmp(). */
int api_value_compare(const struct api_value *a, const struct api_value *b) must_check;

/* How a field is compared. */
enum api_comparison {
	API_COMPARE_PLAIN, /* number with number, text with text */
	API_COMPARE_TIME,  /* with an age or a date */
	API_COMPARE_LIST,  /* a text with commas: whether it has the value */
	/* text not in Wazuh's database: letter by letter, and no word or sign is special */
	API_COMPARE_LITERAL,
};

/* "FIELD OPERATOR VALUE" */
struct api_condition {
	int field; /* of the set that it was found in */
	enum api_comparison comparison;
	char operator; /* =, !, <, > or ~ */
	const char *value;
	size_t length;
};

/* Can there be such a condition? False: `problem` is set. */
bool api_condition_check(const struct api_condition *condition,
			 struct api_problem *problem) must_check;

/* Does it hold for the value, at this time? */
bool api_condition_holds(const struct api_condition *condition, const struct api_value *value,
			 time_t now) must_check;

/*
 * Does the text match the pattern as with SQL's LIKE: "%" for any text, "_" for any one byte,
 * letters of both cases are equal?
 */
bool api_text_is_like(const char *text, const char *pattern) must_check;

/*
 * Is the part in the text, as for the parameter "search" where a database is searched: "%" and "_"
 * as above, and quotation marks for any one byte? Out of memory: no.
 */
bool api_text_has(const char *text, const char *part) must_check;
