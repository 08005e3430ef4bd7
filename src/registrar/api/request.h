/* SPDX-License-Identifier: ISC */
/*
 * What stands in the head of a request to the API: path, query, Authorization. Pure; every byte in
 * here comes from unknown clients. Path and query are UTF-8: anything else becomes question marks.
 */
#pragma once

#include "common/must-check.h"

#include <stdbool.h>
#include <stddef.h>

#define API_SEGMENTS_MAX 6
#define API_PARAMETERS_MAX 32

/* A decoded path: "/agents/001/key" has three segments. Release with api_path_clear(). */
struct api_path {
	char *text; /* owned; the segments point into it */
	const char *segments[API_SEGMENTS_MAX];
	size_t count;
};

/*
 * Split at the slashes, then decode the percent escapes, so that an escaped slash belongs to its
 * segment. One slash at the end makes no difference. Returns 0; -EINVAL when it is no path, or
 * holds an escaped NUL byte; -E2BIG when it has more segments than any call; -ENOMEM.
 */
int api_path_parse(struct api_path *ret, const char *text) must_check;

/*
 * Are the segments those of the pattern? "/agents/{}/key": "{}" stands for any one. The pattern of
 * the root is "".
 */
bool api_path_matches(const struct api_path *path, const char *pattern) must_check;

/* Fit for cleanup(). */
void api_path_clear(struct api_path *path);

struct api_parameter {
	const char *name;
	char *value;  /* empty, also where there is no "=" */
	char *joined; /* owned; null, or what `value` points to */
};

/* Release with api_query_clear(). */
struct api_query {
	char *text; /* owned; the parameters point into it */
	struct api_parameter parameters[API_PARAMETERS_MAX];
	size_t count;
};

/*
 * Split and decode "a=b&c=d"; a plus is a blank, and what looks like an escape but is none stays as
 * it is (as in Python's parse_qsl). `text` may be null: no parameters. Returns 0; -EINVAL for an
 * escaped NUL byte; -E2BIG for more parameters than any call has; -ENOMEM.
 */
int api_query_parse(struct api_query *ret, const char *text) must_check;

/* The value of a parameter, the last one if there are several; null: there is none. */
const char *api_query_get(const struct api_query *query, const char *name);

/* The same, to be changed in place. */
char *api_query_find(struct api_query *query, const char *name) must_check;

/*
 * The values of all parameters of the name, with commas between them, which from now on are the
 * value of the last one. Null: there is none.
 */
char *api_query_join(struct api_query *query, const char *name) must_check;

/* Fit for cleanup(). */
void api_query_clear(struct api_query *query);

enum api_scheme {
	API_SCHEME_NONE,  /* no header, or one that cannot be read */
	API_SCHEME_ALONE, /* one word: there are no credentials */
	API_SCHEME_BASIC, /* RFC 7617 */
	API_SCHEME_BEARER /* RFC 6750 */
};

/* Wipe with api_credentials_wipe(). */
struct api_credentials {
	enum api_scheme scheme;
	char *text;           /* owned */
	size_t size;          /* of `text` */
	const char *name;     /* Basic */
	const char *password; /* Basic; may hold anything but a NUL */
	const char *token;    /* Bearer */
};

/*
 * Read the Authorization header; null: there is none. Never fails: what cannot be read is no
 * credential.
 */
void api_credentials_parse(struct api_credentials *ret, const char *header);

/* Fit for cleanup(). */
void api_credentials_wipe(struct api_credentials *credentials);

/* "true" or "false" in any case. Returns 1, 0, or -EINVAL. */
int api_boolean_parse(const char *text) must_check;

/*
 * A whole number as Python reads it: blanks around it, a sign before it. What is too large becomes
 * very large. Returns 0 or -EINVAL.
 */
int api_integer_parse(const char *text, long *ret);

/*
 * "3600", "90s", "10m", "1h", "7d": seconds, or -EINVAL. Wazuh's pattern, `^\d+[dhms]?$`; what is
 * longer than a century counts as a century.
 */
long long api_timeframe_parse(const char *text);
