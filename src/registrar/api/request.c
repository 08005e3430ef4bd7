/* SPDX-License-Identifier: ISC */
#include "registrar/api/request.h"

#include "common/base64.h"
#include "common/hex.h"
#include "common/library-memory.h"
#include "registrar/api/repr.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define CENTURY 3155760000LL /* seconds */

/* ------------------------------------------------------------------ percent escapes */

/* Decode in place. Returns 0, or -EINVAL for an escaped NUL. */
static int decode(char *text, bool plus_is_blank)
{
	char *to = text;

	for (const char *from = text; *from; from++) {
		int high = *from == '%' ? hex_value(from[1]) : -1;
		int low = high >= 0 ? hex_value(from[2]) : -1;

		if (low >= 0) {
			if (high == 0 && low == 0)
				return -EINVAL;
			*to++ = (char)(high * 16 + low);
			from += 2;
		} else {
			*to++ = *from == '+' && plus_is_blank ? ' ' : *from;
		}
	}
	*to = '\0';
	return 0;
}

/* ------------------------------------------------------------------ path */

static int split_path(struct api_path *path)
{
	char *at = path->text + 1;

	while (*at) {
		char *slash = strchrnul(at, '/');
		char *next = *slash ? slash + 1 : slash;

		if (path->count == API_SEGMENTS_MAX)
			return -E2BIG;
		if (slash == at)
			return -EINVAL;
		*slash = '\0';
		if (decode(at, false) < 0)
			return -EINVAL;
		api_utf8_mend(at);
		path->segments[path->count++] = at;
		at = next;
	}
	return 0;
}

int api_path_parse(struct api_path *ret, const char *text)
{
	struct api_path path = { 0 };
	int r;

	if (text[0] != '/')
		return -EINVAL;
	path.text = library_memory_note(strdup(text));
	if (!path.text)
		return -ENOMEM;
	r = split_path(&path);
	if (r < 0)
		api_path_clear(&path);
	else
		*ret = path;
	return r;
}

bool api_path_matches(const struct api_path *path, const char *pattern)
{
	size_t i = 0;

	for (; *pattern; i++) {
		size_t length = strcspn(++pattern, "/");
		const char *segment = i < path->count ? path->segments[i] : NULL;
		bool any = length == 2 && memcmp(pattern, "{}", 2) == 0;

		if (!segment ||
		    (!any && (strlen(segment) != length || memcmp(segment, pattern, length) != 0)))
			return false;
		pattern += length;
	}
	return i == path->count;
}

void api_path_clear(struct api_path *path)
{
	free(path->text);
	*path = (struct api_path){ 0 };
}

/* ------------------------------------------------------------------ query */

static int split_query(struct api_query *query)
{
	char *rest = query->text, *pair;

	while ((pair = strsep(&rest, "&"))) {
		char *equals = strchrnul(pair, '=');
		char *value = *equals ? equals + 1 : equals;

		if (*pair == '\0')
			continue;
		if (query->count == API_PARAMETERS_MAX)
			return -E2BIG;
		*equals = '\0';
		if (decode(pair, true) < 0 || decode(value, true) < 0)
			return -EINVAL;
		api_utf8_mend(pair);
		api_utf8_mend(value);
		query->parameters[query->count++] = (struct api_parameter){
			.name = pair,
			.value = value,
		};
	}
	return 0;
}

int api_query_parse(struct api_query *ret, const char *text)
{
	struct api_query query = { .text = library_memory_note(strdup(text ?: "")) };
	int r = query.text ? split_query(&query) : -ENOMEM;

	if (r < 0)
		api_query_clear(&query);
	else
		*ret = query;
	return r;
}

static struct api_parameter *find_parameter(const struct api_query *query, const char *name)
{
	for (size_t i = query->count; i > 0; i--)
		if (strcmp(query->parameters[i - 1].name, name) == 0)
			return (struct api_parameter *)&query->parameters[i - 1];
	return NULL;
}

char *api_query_find(struct api_query *query, const char *name)
{
	const struct api_parameter *parameter = find_parameter(query, name);

	return parameter ? parameter->value : NULL;
}

const char *api_query_get(const struct api_query *query, const char *name)
{
	const struct api_parameter *parameter = find_parameter(query, name);

	return parameter ? parameter->value : NULL;
}

/* The values of all parameters of the name, from malloc(), with commas between them. */
static char *join_values(const struct api_query *query, const char *name)
{
	size_t room = 1;
	char *joined, *at;

	for (size_t i = 0; i < query->count; i++)
		if (strcmp(query->parameters[i].name, name) == 0)
			room += strlen(query->parameters[i].value) + 1;
	joined = at = library_memory_note(malloc(room));
	for (size_t i = 0; joined && i < query->count; i++)
		if (strcmp(query->parameters[i].name, name) == 0)
			at += sprintf(at, "%s%s", at > joined ? "," : "",
				      query->parameters[i].value);
	return joined;
}

char *api_query_join(struct api_query *query, const char *name)
{
	struct api_parameter *last = find_parameter(query, name);

	for (size_t i = 0; last && i < query->count; i++) {
		char *joined;

		if (&query->parameters[i] == last || strcmp(query->parameters[i].name, name) != 0)
			continue;
		joined = last->joined ? NULL : join_values(query, name);
		if (joined)
			last->joined = last->value = joined;
		break;
	}
	return last ? last->value : NULL;
}

void api_query_clear(struct api_query *query)
{
	for (size_t i = 0; i < query->count; i++)
		free(query->parameters[i].joined);
	free(query->text);
	*query = (struct api_query){ 0 };
}

/* ------------------------------------------------------------------ Authorization */

/* What follows the scheme, or null when it is another scheme. */
static const char *after_scheme(const char *header, const char *scheme)
{
	size_t length = strlen(scheme);

	if (strncasecmp(header, scheme, length) != 0 || header[length] != ' ')
		return NULL;
	return header + length + strspn(header + length, " ");
}

static void read_basic(struct api_credentials *credentials, const char *encoded)
{
	size_t length = strlen(encoded);
	ssize_t n;
	char *colon;

	credentials->size = length / 4 * 3 + 4;
	credentials->text = library_memory_note(malloc(credentials->size));
	if (!credentials->text)
		return;
	n = base64_decode(credentials->text, credentials->size - 1, BASE64_PADDED, encoded, length);
	if (n < 0 || memchr(credentials->text, '\0', (size_t)n))
		return;
	credentials->text[n] = '\0';
	colon = strchr(credentials->text, ':');
	if (!colon)
		return;
	*colon = '\0';
	credentials->name = credentials->text;
	credentials->password = colon + 1;
	credentials->scheme = API_SCHEME_BASIC;
}

static void read_bearer(struct api_credentials *credentials, const char *token)
{
	credentials->size = strlen(token) + 1;
	credentials->text = library_memory_note(strdup(token));
	if (!credentials->text)
		return;
	credentials->token = credentials->text;
	credentials->scheme = API_SCHEME_BEARER;
}

static bool is_one_word(const char *header)
{
	size_t length = strcspn(header, " \t");

	return length > 0 && header[length + strspn(header + length, " \t")] == '\0';
}

void api_credentials_parse(struct api_credentials *ret, const char *header)
{
	const char *basic = header ? after_scheme(header, "Basic") : NULL;
	const char *bearer = header ? after_scheme(header, "Bearer") : NULL;

	*ret = (struct api_credentials){ .scheme = API_SCHEME_NONE };
	if (header && is_one_word(header))
		ret->scheme = API_SCHEME_ALONE;
	else if (basic)
		read_basic(ret, basic);
	else if (bearer)
		read_bearer(ret, bearer);
}

void api_credentials_wipe(struct api_credentials *credentials)
{
	if (credentials->text)
		explicit_bzero(credentials->text, credentials->size);
	free(credentials->text);
	*credentials = (struct api_credentials){ .scheme = API_SCHEME_NONE };
}

/* ------------------------------------------------------------------ values */

int api_boolean_parse(const char *text)
{
	if (strcasecmp(text, "true") == 0)
		return 1;
	return strcasecmp(text, "false") == 0 ? 0 : -EINVAL;
}

int api_integer_parse(const char *text, long *ret)
{
	const char *digits;
	long value;
	bool negative;

	text += strspn(text, " \t\n\r\v\f");
	negative = *text == '-';
	digits = text + (*text == '-' || *text == '+');
	if (*digits < '0' || *digits > '9')
		return -EINVAL;
	for (value = 0; *digits >= '0' && *digits <= '9'; digits++)
		value = value > LONG_MAX / 10 - 1 ? LONG_MAX / 10 : 10 * value + (*digits - '0');
	if (digits[strspn(digits, " \t\n\r\v\f")] != '\0')
		return -EINVAL;
	*ret = negative ? -value : value;
	return 0;
}

long long api_timeframe_parse(const char *text)
{
	static const char units[] = "smhd";
	static const long long seconds[] = { 1, 60, 3600, 86400 };
	size_t digits = strspn(text, "0123456789");
	const char *unit = text[digits] ? strchr(units, text[digits]) : units;
	long long value = 0;

	if (digits == 0 || !unit || (text[digits] && text[digits + 1]))
		return -EINVAL;
	for (size_t i = 0; i < digits && value < CENTURY; i++)
		value = 10 * value + (text[i] - '0');
	return value > CENTURY / seconds[unit - units] ? CENTURY : value * seconds[unit - units];
}
