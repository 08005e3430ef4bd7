/* SPDX-License-Identifier: ISC */
#include "common/secret-echo.h"

#include "common/base64.h"
#include "common/cleanup.h"
#include "common/hex.h"
#include "common/unescape.h"

#include <ctype.h>
#include <limits.h>
#include <string.h>

/* Other forms of shorter secrets are in any text. */
#define LEAST 5
/* From here on, a part of a secret is enough of it, and no longer part is needed. */
#define LONG 12
#define ROW_MAX 32
#define PIECES_MAX 12
/* Pieces of fewer bytes are in any text. */
#define PIECE_LEAST 4
/* More of a text is not shown by anybody. */
#define SEARCHED_MAX 4096
/* JSON within JSON. */
#define ESCAPED_MAX 2

/* What is searched for. */
struct search {
	const char *secret;
	size_t length;
	size_t part;  /* so many bytes of it are too many */
	size_t piece; /* in pieces of at least so many */
};

/* ------------------------------------------------------------------ copies */

/* A text of our own making; it may hold a secret. */
struct copy {
	char *text;
	size_t length, size;
};

static void wipe_copy(struct copy *copy)
{
	if (copy->text)
		explicit_bzero(copy->text, copy->size);
	free(copy->text);
}

/* Null: out of memory. */
static char *make_room(struct copy *copy, size_t length)
{
	copy->text = calloc(1, length + 1);
	copy->length = length;
	copy->size = length + 1;
	return copy->text;
}

static bool copy_text(struct copy *ret, const char *text, size_t length)
{
	if (!make_room(ret, length))
		return false;
	memcpy(ret->text, text, length);
	return true;
}

/* Replace each byte; those that become negative are left out. */
static void change(struct copy *copy, int (*changed)(int byte))
{
	size_t used = 0;

	for (size_t i = 0; i < copy->length; i++) {
		int byte = changed((unsigned char)copy->text[i]);

		if (byte >= 0)
			copy->text[used++] = (char)byte;
	}
	copy->length = used;
}

/* ------------------------------------------------------------------ comparing */

/* How many bytes of a form are in the text, in pieces of at least `piece` bytes? */
static size_t count_covered(const struct copy *text, const struct copy *form, size_t piece)
{
	size_t covered = 0, at = 0;

	while (at + piece <= form->length) {
		size_t length = piece;

		if (!memmem(text->text, text->length, form->text + at, length)) {
			at++;
			continue;
		}
		while (at + length < form->length &&
		       memmem(text->text, text->length, form->text + at, length + 1))
			length++;
		covered += length;
		at += length;
	}
	return covered;
}

/* `numerator`/`denominator`: bytes of this form for one byte of the secret. */
static bool covers(const struct copy *text, const struct copy *form, const struct search *search,
		   size_t numerator, size_t denominator)
{
	size_t part = search->part * numerator / denominator;
	size_t piece = search->piece * numerator / denominator;

	if (part > form->length) /* what would be the edge of it depends on what is beside it */
		part = form->length;
	return count_covered(text, form, piece < part ? piece : part) >= part;
}

/* ------------------------------------------------------------------ forms */

/* In one case, and with the space that a + in a form of HTML stands for. */
static int plain_letter(int byte)
{
	return byte == '+' ? ' ' : tolower(byte);
}

static bool shows_backwards(const struct copy *text, const struct copy *plain,
			    const struct search *search)
{
	cleanup(wipe_copy) struct copy form = { 0 };

	if (!make_room(&form, plain->length))
		return true;
	for (size_t i = 0; i < plain->length; i++)
		form.text[i] = plain->text[plain->length - 1 - i];
	return covers(text, &form, search, 1, 1);
}

/* Every number that a byte can have, as a byte: in [84, 111, 112] and the like. */
static bool shows_decimal(const struct copy *text, const struct copy *plain,
			  const struct search *search)
{
	cleanup(wipe_copy) struct copy bytes = { 0 };
	size_t used = 0;

	if (!make_room(&bytes, text->length))
		return true;
	for (size_t i = 0; i < text->length; i++) {
		unsigned int value = 0;
		size_t begin = i;

		for (; i < text->length && isdigit((unsigned char)text->text[i]) && i - begin < 4;
		     i++)
			value = value * 10 + (unsigned int)(text->text[i] - '0');
		if (i > begin && value <= UCHAR_MAX)
			bytes.text[used++] = (char)plain_letter((int)value);
	}
	bytes.length = used;
	return covers(&bytes, plain, search, 1, 1);
}

/* Nothing counts that stands between the digits of bytes: 54 6f, 54:6F, 0x54, <54 6f>. */
static int hexadecimal_digit(int byte)
{
	return isalnum(byte) && tolower(byte) != 'x' ? tolower(byte) : -1;
}

static void leave_out_prefixes(struct copy *text)
{
	for (size_t i = 0; i + 1 < text->length; i++)
		if (text->text[i] == '0' && tolower((unsigned char)text->text[i + 1]) == 'x')
			text->text[i] = ' ';
}

static bool shows_hexadecimal(const struct copy *text, const struct search *search)
{
	cleanup(wipe_copy) struct copy form = { 0 }, digits = { 0 };

	if (!make_room(&form, 2 * search->length) || !copy_text(&digits, text->text, text->length))
		return true;
	hex_print(form.text, search->secret, search->length);
	leave_out_prefixes(&digits);
	change(&digits, hexadecimal_digit);
	return covers(&digits, &form, search, 2, 1);
}

/*
 * Letters of base64, in one case; those for URLs as the others. A space was a + to whoever sent it,
 * and an end of a line is none of them.
 */
static int base64_letter(int byte)
{
	return byte == '\n' || byte == '\r' ? -1
	       : byte == '-' || byte == ' ' ? '+'
	       : byte == '_'                ? '/'
					    : tolower(byte);
}

/* `before` bytes come before it in what was encoded; letters that depend on others are cut. */
static bool shows_base64_behind(const struct copy *letters, const struct search *search,
				size_t before)
{
	cleanup(wipe_copy) struct copy bytes = { 0 }, form = { 0 };
	size_t skipped = (before * 8 + 5) / 6;

	if (!make_room(&bytes, before + search->length) ||
	    !make_room(&form, BASE64_SIZE(bytes.length)))
		return true;
	memcpy(bytes.text + before, search->secret, search->length);
	(void)base64_encode(form.text, BASE64_UNPADDED, bytes.text, bytes.length);
	form.length = bytes.length * 8 / 6 - skipped;
	memmove(form.text, form.text + skipped, form.length);
	change(&form, base64_letter);
	return covers(letters, &form, search, 4, 3);
}

static bool shows_base64(const struct copy *text, const struct search *search)
{
	cleanup(wipe_copy) struct copy letters = { 0 };

	if (!copy_text(&letters, text->text, text->length))
		return true;
	change(&letters, base64_letter);
	return shows_base64_behind(&letters, search, 0) ||
	       shows_base64_behind(&letters, search, 1) || shows_base64_behind(&letters, search, 2);
}

static bool shows_any_form(const struct copy *text, const struct search *search)
{
	cleanup(wipe_copy) struct copy seen = { 0 }, plain = { 0 };

	if (!copy_text(&seen, text->text, text->length) ||
	    !copy_text(&plain, search->secret, search->length))
		return true;
	change(&seen, plain_letter);
	change(&plain, plain_letter);
	return covers(&seen, &plain, search, 1, 1) || shows_backwards(&seen, &plain, search) ||
	       shows_decimal(&seen, &plain, search) || shows_hexadecimal(text, search) ||
	       shows_base64(text, search);
}

/* ------------------------------------------------------------------ all of it */

static bool is_word(const char *secret, size_t length)
{
	size_t i = 0;

	while (i < length && isalpha((unsigned char)secret[i]))
		i++;
	return i == length;
}

static size_t at_least(size_t a, size_t b)
{
	return a > b ? a : b;
}

static size_t at_most(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Returns whether to search at all. */
static bool plan(struct search *ret, const char *secret, size_t length, enum secret_echo_rule rule)
{
	*ret = (struct search){ .secret = secret, .length = length };
	if (rule == SECRET_ECHO_IN_PIECES) {
		ret->part = at_most((3 * length + 3) / 4, PIECES_MAX);
		ret->piece = at_most(ret->part, PIECE_LEAST);
		return length > 0;
	}
	ret->part = length < LONG ? length : at_least(at_most(length * 3 / 4, ROW_MAX), LONG);
	ret->piece = ret->part;
	return length >= LEAST && (length >= LONG || !is_word(secret, length));
}

static bool shows_plainly(const char *text, size_t length, const struct search *search)
{
	for (size_t i = 0; i + search->part <= search->length; i++)
		if (memmem(text, length, search->secret + i, search->part))
			return true;
	return false;
}

/* Returns whether there was one. */
static bool undo_escapes(struct copy *text)
{
	size_t length = text->length;

	text->length = unescape(text->text, text->text, length);
	return text->length < length;
}

static bool shows_otherwise(const char *text, size_t length, const struct search *search)
{
	cleanup(wipe_copy) struct copy seen = { 0 };
	bool found = !copy_text(&seen, text, length) || shows_any_form(&seen, search);

	for (unsigned int i = 0; !found && i < ESCAPED_MAX && undo_escapes(&seen); i++)
		found = shows_any_form(&seen, search);
	return found;
}

bool secret_echo_is_in(const void *text, size_t text_length, const void *secret,
		       size_t secret_length, enum secret_echo_rule rule)
{
	struct search search;

	if (!secret || !plan(&search, secret, secret_length, rule))
		return false;
	return shows_plainly(text, text_length, &search) ||
	       (secret_length >= LEAST &&
		shows_otherwise(text, at_most(text_length, SEARCHED_MAX), &search));
}
