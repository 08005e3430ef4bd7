/* SPDX-License-Identifier: ISC */
#include "common/peer-text.h"

#include "common/cleanup.h"
#include "common/escape.h"
#include "common/secret-echo.h"
#include "common/secret.h"
#include "common/unescape.h"

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

bool peer_text_may_be_key(const void *data, size_t length)
{
	cleanup(secret_wipe) struct secret seen = { malloc(length + 1), length };

	if (may_be_key(data, length) || !seen.text)
		return true;
	return may_be_key(seen.text, unescape(seen.text, data, length));
}

char *peer_text_show(char *buffer, size_t size, const void *data, size_t length,
		     const char *const secrets[PEER_TEXT_SECRETS])
{
	const char *reason = NULL;

	for (size_t i = 0; i < PEER_TEXT_SECRETS; i++)
		if (secrets[i] && secret_echo_is_in(data, length, secrets[i], strlen(secrets[i]),
						    SECRET_ECHO_IN_PIECES))
			reason = "it echoes our credentials";
	if (!reason && peer_text_may_be_key(data, length))
		reason = "it contains what may be a key";
	if (!reason)
		return escape_bytes(buffer, size, data, length);
	(void)snprintf(buffer, size, "(not shown: %s)", reason);
	return buffer;
}
