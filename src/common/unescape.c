/* SPDX-License-Identifier: ISC */
#include "common/unescape.h"

#include <ctype.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>

#define CODE_POINT_MAX 0x10ffff

/* Numbers: the first that fits counts. */
static const struct {
	const char *prefix;
	unsigned int base;
	size_t least, most; /* digits */
	bool is_character;  /* a code point of Unicode, not a byte */
} numbers[] = {
	{ "%u", 16, 4, 4, true },   { "%", 16, 2, 2, false }, { "\\u", 16, 4, 4, true },
	{ "\\x", 16, 2, 2, false }, { "\\", 8, 3, 3, false }, { "&#x", 16, 1, 7, true },
	{ "&#X", 16, 1, 7, true },  { "&#", 10, 1, 7, true },
};

static const struct {
	const char *escape;
	char sign;
} signs[] = {
	{ "\\\"", '"' }, { "\\'", '\'' }, { "\\\\", '\\' },  { "\\/", '/' },     { "\\n", '\n' },
	{ "\\r", '\r' }, { "\\t", '\t' }, { "\\b", '\b' },   { "\\f", '\f' },    { "&amp;", '&' },
	{ "&lt;", '<' }, { "&gt;", '>' }, { "&quot;", '"' }, { "&apos;", '\'' }, { "&nbsp;", ' ' },
};

static bool begins_with(const char *text, size_t length, const char *prefix)
{
	size_t prefix_length = strlen(prefix);

	return length >= prefix_length && memcmp(text, prefix, prefix_length) == 0;
}

static unsigned int digit_value(char digit)
{
	return isdigit((unsigned char)digit)
		       ? (unsigned int)(digit - '0')
		       : (unsigned int)(tolower((unsigned char)digit) - 'a') + 10;
}

/* In UTF-8, which is no longer than any escape of the character. Returns the length. */
static size_t put_character(char *ret, unsigned int character)
{
	size_t more = character < 0x80 ? 0 : character < 0x800 ? 1 : character < 0x10000 ? 2 : 3;
	static const unsigned char first[] = { 0, 0xc0, 0xe0, 0xf0 };

	ret[0] = (char)(first[more] | character >> (6 * more));
	for (size_t i = 1; i <= more; i++)
		ret[i] = (char)(0x80 | (character >> (6 * (more - i)) & 0x3f));
	return more + 1;
}

/*
 * Take a number at the beginning of the text. Returns how long it is; 0: there is none. `ret` gets
 * what it stands for, and `*ret_used` how long that is.
 */
static size_t take_number(char *ret, size_t *ret_used, const char *text, size_t length)
{
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		size_t begin = strlen(numbers[i].prefix), at = begin;
		unsigned int value = 0;

		if (!begins_with(text, length, numbers[i].prefix))
			continue;
		for (; at < length && at - begin < numbers[i].most &&
		       isxdigit((unsigned char)text[at]) && digit_value(text[at]) < numbers[i].base;
		     at++)
			value = value * numbers[i].base + digit_value(text[at]);
		if (at - begin < numbers[i].least ||
		    value > (numbers[i].is_character ? CODE_POINT_MAX : UCHAR_MAX))
			continue;
		if (numbers[i].prefix[0] == '&' && at < length && text[at] == ';')
			at++;
		*ret_used = numbers[i].is_character ? put_character(ret, value) : 1;
		if (!numbers[i].is_character)
			*ret = (char)value;
		return at;
	}
	return 0;
}

/* As take_number(). */
static size_t take_sign(char *ret, const char *text, size_t length)
{
	for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
		if (!begins_with(text, length, signs[i].escape))
			continue;
		*ret = signs[i].sign;
		return strlen(signs[i].escape);
	}
	return 0;
}

size_t unescape(char *ret, const char *text, size_t length)
{
	size_t used = 0, taken;

	for (size_t i = 0; i < length; i += taken) {
		size_t size = 1;

		taken = take_number(ret + used, &size, text + i, length - i);
		if (taken == 0)
			taken = take_sign(ret + used, text + i, length - i);
		if (taken == 0) {
			ret[used] = text[i];
			taken = 1;
		}
		used += size;
	}
	return used;
}
