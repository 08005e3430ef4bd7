/* SPDX-License-Identifier: ISC */
#include "common/peer-text.h"

#include "common/base64.h"
#include "common/cleanup.h"
#include "common/escape.h"

#include <ctype.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Longer than the SHA-1 of something, shorter than a key of 64 hexadecimal digits that was cut. */
#define KEY_DIGITS 41
/* No manager makes keys of fewer letters and digits, or of as few different ones. */
#define KEY_LETTERS 64
#define KEY_ALPHABET 10
/* As many bytes of a long secret are too many; of a short one, three quarters. */
#define SECRET_PART 12
/* Pieces of fewer bytes are in any text. */
#define SECRET_CHUNK 4
/* Other forms of shorter secrets are in any text as well. */
#define SECRET_LEAST 5
/* A key in pieces: of at least so many digits, and together as many as a key has. */
#define KEY_PIECE 16

static size_t count_different(const char *text, size_t length)
{
	bool seen[UCHAR_MAX + 1] = { false };
	size_t count = 0;

	for (size_t i = 0; i < length; i++) {
		count += !seen[(unsigned char)text[i]];
		seen[(unsigned char)text[i]] = true;
	}
	return count;
}

/* Are there `least` characters of a kind in a row, of which `different` are different? */
static bool has_run(const char *text, size_t length, int (*belongs)(int), size_t least,
		    size_t different)
{
	size_t run = 0;

	for (size_t i = 0; i < length; i++) {
		run = belongs((unsigned char)text[i]) ? run + 1 : 0;
		if (run >= least && count_different(text + i + 1 - least, least) >= different)
			return true;
	}
	return false;
}

/* Hexadecimal digits in runs that are long enough to be pieces of a key. */
static size_t count_key_digits(const char *text, size_t length)
{
	size_t count = 0, run = 0;

	for (size_t i = 0; i < length; i++) {
		run = isxdigit((unsigned char)text[i]) ? run + 1 : 0;
		if (run == KEY_PIECE)
			count += run;
		else if (run > KEY_PIECE)
			count++;
	}
	return count;
}

static bool may_be_key(const char *text, size_t length)
{
	return count_key_digits(text, length) >= KEY_LETTERS ||
	       has_run(text, length, isxdigit, KEY_DIGITS, 1) ||
	       has_run(text, length, isalnum, KEY_LETTERS, KEY_ALPHABET);
}

/* ------------------------------------------------------------------ secrets in other forms */

/* A text of our own making; it may hold a secret. */
struct copy {
	char *text;
	size_t length;
};

static void wipe_copy(struct copy *copy)
{
	if (copy->text)
		explicit_bzero(copy->text, copy->length);
	free(copy->text);
}

/* Null: out of memory. Zeros, with one more behind them. */
static char *make_room(struct copy *copy, size_t length)
{
	copy->text = calloc(1, length + 1);
	copy->length = copy->text ? length : 0;
	return copy->text;
}

static void fold(struct copy *copy)
{
	for (size_t i = 0; i < copy->length; i++)
		copy->text[i] = (char)tolower((unsigned char)copy->text[i]);
}

/* How many bytes of `secret` are in the text, in pieces of at least `chunk` bytes? */
static size_t count_covered(const struct copy *text, const char *secret, size_t length,
			    size_t chunk)
{
	size_t covered = 0, at = 0;

	while (at + chunk <= length) {
		size_t piece = chunk;

		if (!memmem(text->text, text->length, secret + at, piece)) {
			at++;
			continue;
		}
		while (at + piece < length &&
		       memmem(text->text, text->length, secret + at, piece + 1))
			piece++;
		covered += piece;
		at += piece;
	}
	return covered;
}

static size_t revealing_part(size_t length)
{
	size_t part = (3 * length + 3) / 4;

	return part < SECRET_PART ? part : SECRET_PART;
}

/* `numerator`/`denominator`: characters of this form for one byte of the secret. */
static bool covers(const struct copy *text, const struct copy *form, size_t secret_length,
		   size_t numerator, size_t denominator)
{
	size_t part = revealing_part(secret_length);
	size_t chunk = part < SECRET_CHUNK ? part : SECRET_CHUNK;

	return count_covered(text, form->text, form->length, chunk * numerator / denominator) >=
	       part * numerator / denominator;
}

static bool shows_backwards(const struct copy *text, const struct copy *folded)
{
	cleanup(wipe_copy) struct copy form = { NULL, 0 };

	if (!make_room(&form, folded->length))
		return true;
	for (size_t i = 0; i < folded->length; i++)
		form.text[i] = folded->text[folded->length - 1 - i];
	return covers(text, &form, folded->length, 1, 1);
}

static bool shows_hexadecimal(const struct copy *text, const char *secret, size_t length)
{
	cleanup(wipe_copy) struct copy form = { NULL, 0 };

	if (!make_room(&form, 2 * length))
		return true;
	for (size_t i = 0; i < length; i++)
		(void)snprintf(form.text + 2 * i, 3, "%02x", (unsigned char)secret[i]);
	return covers(text, &form, length, 2, 1);
}

/* `before` bytes come before it in what was encoded; characters that depend on others are cut. */
static bool shows_base64(const struct copy *text, const char *secret, size_t length, size_t before)
{
	cleanup(wipe_copy) struct copy bytes = { NULL, 0 }, form = { NULL, 0 };
	size_t skipped = (before * 8 + 5) / 6;

	if (!make_room(&bytes, length + before) || !make_room(&form, BASE64_SIZE(length + before)))
		return true;
	memcpy(bytes.text + before, secret, length);
	(void)base64_encode(form.text, BASE64_UNPADDED, bytes.text, bytes.length);
	fold(&form);
	memmove(form.text, form.text + skipped, form.length - skipped);
	form.length = (before + length) * 8 / 6 - skipped;
	return covers(text, &form, length, 4, 3);
}

static unsigned int digit_value(char digit)
{
	return isdigit((unsigned char)digit)
		       ? (unsigned int)(digit - '0')
		       : (unsigned int)(tolower((unsigned char)digit) - 'a') + 10;
}

/*
 * The byte that an escape of URLs, JSON, C or HTML at the beginning of the text stands for. Returns
 * how long the escape is; 0: there is none.
 */
static size_t decode_escape(const char *text, size_t length, char *ret)
{
	static const struct {
		const char *prefix;
		unsigned int base;
		size_t least, most; /* digits */
	} escapes[] = {
		{ "%", 16, 2, 2 },   { "\\u", 16, 4, 4 }, { "\\x", 16, 2, 2 }, { "\\", 8, 3, 3 },
		{ "&#x", 16, 1, 7 }, { "&#X", 16, 1, 7 }, { "&#", 10, 1, 7 },
	};

	for (size_t i = 0; i < sizeof escapes / sizeof escapes[0]; i++) {
		size_t begin = strlen(escapes[i].prefix), at = begin;
		unsigned int value = 0;

		if (length < begin || memcmp(text, escapes[i].prefix, begin) != 0)
			continue;
		for (; at < length && at - begin < escapes[i].most &&
		       isxdigit((unsigned char)text[at]) && digit_value(text[at]) < escapes[i].base;
		     at++)
			value = value * escapes[i].base + digit_value(text[at]);
		if (at - begin < escapes[i].least || value > UCHAR_MAX)
			continue;
		*ret = (char)value;
		return at + (text[0] == '&' && at < length && text[at] == ';');
	}
	return 0;
}

/* What of the text can be seen, in lower case, without escapes. */
static bool normalize(struct copy *ret, const char *text, size_t length)
{
	size_t used = 0;

	if (!make_room(ret, length))
		return false;
	for (size_t i = 0; i < length;) {
		size_t escape = decode_escape(text + i, length - i, &ret->text[used]);

		if (escape == 0)
			ret->text[used] = text[i];
		i += escape ?: 1;
		used++;
	}
	ret->length = used;
	fold(ret);
	return true;
}

static void use_standard_letters(struct copy *text)
{
	for (size_t i = 0; i < text->length; i++)
		text->text[i] = text->text[i] == '-'   ? '+'
				: text->text[i] == '_' ? '/'
						       : text->text[i];
}

/* In another case, encoded, backwards, or in pieces: what somebody could put together again. */
static bool echoes_otherwise(const char *text, size_t length, const char *secret)
{
	size_t secret_length = strlen(secret);
	cleanup(wipe_copy) struct copy seen = { NULL, 0 }, folded = { NULL, 0 };
	bool found;

	if (!normalize(&seen, text, length) || !make_room(&folded, secret_length))
		return true;
	memcpy(folded.text, secret, secret_length);
	fold(&folded);
	found = covers(&seen, &folded, secret_length, 1, 1) || shows_backwards(&seen, &folded) ||
		shows_hexadecimal(&seen, secret, secret_length);
	use_standard_letters(&seen);
	for (size_t before = 0; !found && before < 3; before++)
		found = shows_base64(&seen, secret, secret_length, before);
	return found;
}

bool peer_text_may_be_key(const void *data, size_t length)
{
	cleanup(wipe_copy) struct copy seen = { NULL, 0 };

	return may_be_key(data, length) || !normalize(&seen, data, length) ||
	       may_be_key(seen.text, seen.length);
}

/* `shown`: so many bytes at most can be seen of the text. */
static bool echoes(const char *text, size_t length, const char *secret, size_t shown)
{
	size_t secret_length = secret ? strlen(secret) : 0;
	size_t part = revealing_part(secret_length);

	if (part == 0)
		return false;
	for (size_t i = 0; i + part <= secret_length; i++)
		if (memmem(text, length, secret + i, part))
			return true;
	return secret_length >= SECRET_LEAST &&
	       echoes_otherwise(text, length < shown ? length : shown, secret);
}

char *peer_text_show(char *buffer, size_t size, const void *data, size_t length,
		     const char *const secrets[PEER_TEXT_SECRETS])
{
	const char *reason = NULL;

	for (size_t i = 0; i < PEER_TEXT_SECRETS; i++)
		if (echoes(data, length, secrets[i], size))
			reason = "it echoes our credentials";
	if (!reason && peer_text_may_be_key(data, length))
		reason = "it contains what may be a key";
	if (!reason)
		return escape_bytes(buffer, size, data, length);
	(void)snprintf(buffer, size, "(not shown: %s)", reason);
	return buffer;
}
