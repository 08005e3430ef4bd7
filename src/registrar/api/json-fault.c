/* SPDX-License-Identifier: ISC */
#include "registrar/api/json-fault.h"

#include "common/hex.h"

#include <stdio.h>
#include <string.h>

struct scanner {
	const char *text;
	size_t length, at;
	int depth;
	enum api_json_fault fault;
	const char *message; /* with a fault */
	size_t place;        /* bytes from the beginning */
};

static bool fail(struct scanner *scanner, const char *message, size_t place)
{
	scanner->fault = API_JSON_BROKEN;
	scanner->message = message;
	scanner->place = place;
	return false;
}

/* The byte here, or a NUL at the end. */
static char peek(const struct scanner *scanner)
{
	return scanner->at < scanner->length ? scanner->text[scanner->at] : '\0';
}

static void skip_blanks(struct scanner *scanner)
{
	while (scanner->at < scanner->length && strchr(" \t\n\r", scanner->text[scanner->at]) &&
	       scanner->text[scanner->at] != '\0')
		scanner->at++;
}

static bool skip_word(struct scanner *scanner, const char *word)
{
	size_t length = strlen(word);

	if (scanner->length - scanner->at < length ||
	    memcmp(scanner->text + scanner->at, word, length) != 0)
		return false;
	scanner->at += length;
	return true;
}

/* ------------------------------------------------------------------ strings and numbers */

/* Behind the "u" of an escape that begins at `begin`. */
static bool skip_unicode_escape(struct scanner *scanner, size_t begin)
{
	if (scanner->length - scanner->at <= 4)
		return fail(scanner, "Invalid \\uXXXX escape", begin + 1);
	for (int i = 0; i < 4; i++)
		if (hex_value(scanner->text[scanner->at + (size_t)i]) < 0)
			return fail(scanner, "Invalid \\uXXXX escape", begin + 1);
	scanner->at += 4;
	return true;
}

static bool skip_string(struct scanner *scanner)
{
	size_t begin = scanner->at++;

	while (scanner->at < scanner->length) {
		size_t place = scanner->at++;
		unsigned char c = (unsigned char)scanner->text[place];

		if (c == '"')
			return true;
		if (c < ' ')
			return fail(scanner, "Invalid control character at", place);
		if (c != '\\')
			continue;
		if (scanner->at == scanner->length)
			break;
		c = (unsigned char)scanner->text[scanner->at++];
		if (c == 'u' && !skip_unicode_escape(scanner, place))
			return false;
		if (c != 'u' && (c == '\0' || !strchr("\"\\/bfnrt", c)))
			return fail(scanner, "Invalid \\escape", place);
	}
	return fail(scanner, "Unterminated string starting at", begin);
}

static size_t count_digits(const struct scanner *scanner, size_t at)
{
	size_t n = 0;

	while (at + n < scanner->length && scanner->text[at + n] >= '0' &&
	       scanner->text[at + n] <= '9')
		n++;
	return n;
}

static char byte_at(const struct scanner *scanner, size_t at)
{
	return at < scanner->length ? scanner->text[at] : '\0';
}

/* False: there is none, and nothing is skipped. */
static bool skip_number(struct scanner *scanner)
{
	size_t at = scanner->at + (peek(scanner) == '-'), digits = count_digits(scanner, at);

	if (digits == 0)
		return false;
	at += byte_at(scanner, at) == '0' ? 1 : digits;
	digits = byte_at(scanner, at) == '.' ? count_digits(scanner, at + 1) : 0;
	at += digits > 0 ? 1 + digits : 0;
	if (byte_at(scanner, at) == 'e' || byte_at(scanner, at) == 'E') {
		char sign = byte_at(scanner, at + 1);
		size_t first = at + 1 + (sign == '+' || sign == '-');

		digits = count_digits(scanner, first);
		at = digits > 0 ? first + digits : at;
	}
	scanner->at = at;
	return true;
}

/* ------------------------------------------------------------------ values */

static bool skip_value(struct scanner *scanner);

/* Behind a value: a comma, and go on, or the end. False: a fault, or the end. */
static bool goes_on(struct scanner *scanner, char end)
{
	skip_blanks(scanner);
	if (peek(scanner) == end) {
		scanner->at++;
		return false;
	}
	if (peek(scanner) != ',')
		return fail(scanner, "Expecting ',' delimiter", scanner->at);
	scanner->at++;
	skip_blanks(scanner);
	return true;
}

static bool skip_member(struct scanner *scanner)
{
	if (peek(scanner) != '"')
		return fail(scanner, "Expecting property name enclosed in double quotes",
			    scanner->at);
	if (!skip_string(scanner))
		return false;
	skip_blanks(scanner);
	if (peek(scanner) != ':')
		return fail(scanner, "Expecting ':' delimiter", scanner->at);
	scanner->at++;
	skip_blanks(scanner);
	return skip_value(scanner);
}

static bool skip_container(struct scanner *scanner, char end, bool (*skip)(struct scanner *))
{
	if (++scanner->depth > API_JSON_DEPTH_MAX) {
		scanner->fault = API_JSON_TOO_DEEP;
		return false;
	}
	scanner->at++;
	skip_blanks(scanner);
	if (peek(scanner) == end)
		scanner->at++;
	else
		while (skip(scanner) && goes_on(scanner, end))
			;
	scanner->depth--;
	return scanner->fault == API_JSON_OK;
}

static bool skip_value(struct scanner *scanner)
{
	static const char *const words[] = {
		"null", "true", "false", "NaN", "Infinity", "-Infinity"
	};

	switch (peek(scanner)) {
	case '"':
		return skip_string(scanner);
	case '{':
		return skip_container(scanner, '}', skip_member);
	case '[':
		return skip_container(scanner, ']', skip_value);
	default:
		for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
			if (skip_word(scanner, words[i]))
				return true;
		return skip_number(scanner) || fail(scanner, "Expecting value", scanner->at);
	}
}

/* ------------------------------------------------------------------ the whole text */

static void print(char *ret, size_t size, const struct scanner *scanner)
{
	size_t line = 1, column = 1, characters = 0;

	for (size_t i = 0; i < scanner->place; i++) {
		if (((unsigned char)scanner->text[i] & 0xc0) == 0x80)
			continue;
		characters++;
		column++;
		if (scanner->text[i] == '\n') {
			line++;
			column = 1;
		}
	}
	(void)snprintf(ret, size, "%s: line %zu column %zu (char %zu)", scanner->message, line,
		       column, characters);
}

enum api_json_fault api_json_fault_find(char *ret, size_t size, const char *text, size_t length)
{
	struct scanner scanner = { .text = text, .length = length };

	if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		(void)fail(&scanner, "Unexpected UTF-8 BOM (decode using utf-8-sig)", 0);
	skip_blanks(&scanner);
	if (scanner.fault == API_JSON_OK && skip_value(&scanner)) {
		skip_blanks(&scanner);
		if (scanner.at < length)
			(void)fail(&scanner, "Extra data", scanner.at);
	}
	if (scanner.fault == API_JSON_BROKEN)
		print(ret, size, &scanner);
	return scanner.fault;
}
