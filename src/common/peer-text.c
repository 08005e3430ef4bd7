/* SPDX-License-Identifier: ISC */
#include "common/peer-text.h"

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

static bool may_be_key(const char *text, size_t length)
{
	return has_run(text, length, isxdigit, KEY_DIGITS, 1) ||
	       has_run(text, length, isalnum, KEY_LETTERS, KEY_ALPHABET);
}

static bool echoes(const char *text, size_t length, const char *secret)
{
	size_t secret_length = secret ? strlen(secret) : 0;
	size_t part = (3 * secret_length + 3) / 4;

	if (part > SECRET_PART)
		part = SECRET_PART;
	for (size_t i = 0; part > 0 && i + part <= secret_length; i++)
		if (memmem(text, length, secret + i, part))
			return true;
	return false;
}

char *peer_text_show(char *buffer, size_t size, const void *data, size_t length,
		     const char *const secrets[PEER_TEXT_SECRETS])
{
	const char *reason = NULL;

	for (size_t i = 0; i < PEER_TEXT_SECRETS; i++)
		if (echoes(data, length, secrets[i]))
			reason = "it echoes our credentials";
	if (!reason && may_be_key(data, length))
		reason = "it contains what may be a key";
	if (!reason)
		return escape_bytes(buffer, size, data, length);
	(void)snprintf(buffer, size, "(not shown: %s)", reason);
	return buffer;
}
