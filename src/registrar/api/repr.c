/* SPDX-License-Identifier: ISC */
#include "registrar/api/repr.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 8

/* ------------------------------------------------------------------ UTF-8 */

static bool is_continuation(unsigned char c)
{
	return (c & 0xc0) == 0x80;
}

/*
 * A lead byte that only longer forms than necessary have, or that is beyond U+10FFFF; or a second
 * byte that makes it one of these, or a surrogate (RFC 3629 section 4).
 */
static bool is_overlong_or_no_character(const unsigned char *text)
{
	switch (text[0]) {
	case 0xe0:
		return text[1] < 0xa0;
	case 0xed:
		return text[1] > 0x9f;
	case 0xf0:
		return text[1] < 0x90;
	case 0xf4:
		return text[1] > 0x8f;
	default:
		return text[0] == 0xc0 || text[0] == 0xc1 || text[0] > 0xf4;
	}
}

/* How many bytes the character has; 0: they are none. */
static size_t character_length(const unsigned char *text, size_t length)
{
	static const struct {
		unsigned char mask, lead;
		size_t length;
	} forms[] = { { 0x80, 0x00, 1 }, { 0xe0, 0xc0, 2 }, { 0xf0, 0xe0, 3 }, { 0xf8, 0xf0, 4 } };

	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		if ((text[0] & forms[i].mask) != forms[i].lead)
			continue;
		if (forms[i].length > length)
			return 0;
		for (size_t k = 1; k < forms[i].length; k++)
			if (!is_continuation(text[k]))
				return 0;
		return is_overlong_or_no_character(text) ? 0 : forms[i].length;
	}
	return 0;
}

void api_utf8_trim(char *text)
{
	size_t length = strlen(text), start = length;

	while (start > 0 && is_continuation((unsigned char)text[start - 1]))
		start--;
	if (start > 0 && (unsigned char)text[start - 1] >= 0xc0)
		start--;
	if (start < length &&
	    character_length((const unsigned char *)text + start, length - start) != length - start)
		text[start] = '\0';
}

void api_utf8_mend(char *text)
{
	for (size_t length = strlen(text); length > 0;) {
		size_t n = character_length((const unsigned char *)text, length);

		if (n == 0)
			*text = '?';
		text += n ?: 1;
		length -= n ?: 1;
	}
}

/* ------------------------------------------------------------------ writing */

/* What does not fit is dropped, and all that follows. */
struct writer {
	char *buffer;
	size_t size, used;
	bool full;
};

static void put(struct writer *writer, const char *bytes, size_t length)
{
	if (writer->full || writer->used + length >= writer->size) {
		writer->full = true;
		return;
	}
	memcpy(writer->buffer + writer->used, bytes, length);
	writer->used += length;
	writer->buffer[writer->used] = '\0';
}

__attribute__((format(printf, 2, 3))) static void put_format(struct writer *writer,
							     const char *format, ...)
{
	char text[64];
	va_list arguments;
	int n;

	va_start(arguments, format);
	n = vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	put(writer, text, n < 0 ? 0 : (size_t)n);
}

static void put_ascii(struct writer *writer, char c, char quote)
{
	if (c == quote || c == '\\')
		put_format(writer, "\\%c", c);
	else if (c == '\n')
		put(writer, "\\n", 2);
	else if (c == '\r')
		put(writer, "\\r", 2);
	else if (c == '\t')
		put(writer, "\\t", 2);
	else if (c < ' ' || c == 0x7f)
		put_format(writer, "\\x%02x", (unsigned int)(unsigned char)c);
	else
		put(writer, &c, 1);
}

/* U+0080 to U+00A0 and the soft hyphen are what cannot be printed of the usual characters. */
static void put_wide(struct writer *writer, const unsigned char *text, size_t length)
{
	if (length == 2 && text[0] == 0xc2 && (text[1] <= 0xa0 || text[1] == 0xad))
		put_format(writer, "\\x%02x", (unsigned int)text[1]);
	else
		put(writer, (const char *)text, length);
}

static void put_text(struct writer *writer, const char *text, size_t length)
{
	char quote = memchr(text, '\'', length) && !memchr(text, '"', length) ? '"' : '\'';

	put(writer, &quote, 1);
	while (length > 0) {
		const unsigned char *at = (const unsigned char *)text;
		size_t n = character_length(at, length);

		if (n == 1)
			put_ascii(writer, *text, quote);
		else if (n > 1)
			put_wide(writer, at, n);
		else
			put(writer, "\xef\xbf\xbd", 3);
		text += n ?: 1;
		length -= n ?: 1;
	}
	put(writer, &quote, 1);
}

char *api_repr_text(char *buffer, size_t size, const char *text, size_t length)
{
	struct writer writer = { .buffer = buffer, .size = size };

	buffer[0] = '\0';
	put_text(&writer, text, length);
	return buffer;
}

static void put_real(struct writer *writer, double value)
{
	char text[40];

	for (int digits = 1; digits <= 17; digits++) {
		(void)snprintf(text, sizeof text, "%.*g", digits, value);
		if (strtod(text, NULL) == value)
			break;
	}
	put_format(writer, "%s%s", text, strpbrk(text, ".en") ? "" : ".0");
}

static void put_json(struct writer *writer, const json_t *value, int depth)
{
	const char *name;
	json_t *member;
	size_t i;
	bool first = true;

	if (depth > DEPTH_MAX) {
		put(writer, "...", 3);
		return;
	}
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		put(writer, "{", 1);
		json_object_foreach((json_t *)value, name, member) {
			put(writer, ", ", first ? 0 : 2);
			put_text(writer, name, strlen(name));
			put(writer, ": ", 2);
			put_json(writer, member, depth + 1);
			first = false;
		}
		put(writer, "}", 1);
		break;
	case JSON_ARRAY:
		put(writer, "[", 1);
		json_array_foreach(value, i, member) {
			put(writer, ", ", i == 0 ? 0 : 2);
			put_json(writer, member, depth + 1);
		}
		put(writer, "]", 1);
		break;
	case JSON_STRING:
		put_text(writer, json_string_value(value), json_string_length(value));
		break;
	case JSON_INTEGER:
		put_format(writer, "%lld", (long long)json_integer_value(value));
		break;
	case JSON_REAL:
		put_real(writer, json_real_value(value));
		break;
	case JSON_TRUE:
		put(writer, "True", 4);
		break;
	case JSON_FALSE:
		put(writer, "False", 5);
		break;
	case JSON_NULL:
		put(writer, "None", 4);
		break;
	}
}

char *api_repr_json(char *buffer, size_t size, const json_t *value)
{
	struct writer writer = { .buffer = buffer, .size = size };

	buffer[0] = '\0';
	put_json(&writer, value, 0);
	return buffer;
}
