/* SPDX-License-Identifier: ISC */
/*
 * What a peer has said, in a message: printable, and without our secret, however much is around it;
 * and the secret is found in our own words as well. The first byte says how long the secret is
 * (none: 0), and the second one how large the message may be; then come the secret and the text.
 */
#include "fuzz.h"

#include "common/escape.h"
#include "common/peer-text.h"
#include "common/secret-echo.h"

#include <ctype.h>

#define SECRET_MAX 64
#define SIZE_MIN 64
#define WORDS_MAX 11 /* letters: they may be a word, which our texts are made of */
#define NOT_SHOWN "(not shown: "

static void check_printable(const char *shown, size_t size)
{
	HOLDS(strlen(shown) < size);
	for (const char *at = shown; *at; at++)
		HOLDS(*at >= ' ' && *at <= '~');
}

/* As it is or in another case. */
static bool contains(const char *text, size_t length, const char *secret)
{
	size_t wanted = strlen(secret);

	for (size_t i = 0; i + wanted <= length; i++)
		if (strncasecmp(text + i, secret, wanted) == 0)
			return true;
	return false;
}

/* Of letters and digits alone, so that nothing of it is escaped; and no word like others. */
static bool is_plain(const char *secret)
{
	size_t n = 0;

	while (isalnum((unsigned char)secret[n]))
		n++;
	return secret[n] == '\0' && n >= 8;
}

/* Whole, and too long to be a word. */
static void check_own_words(const char *text, size_t size, const char *secret, size_t length)
{
	bool found = secret_echo_is_in(text, size, secret, length, SECRET_ECHO_IN_A_ROW);

	HOLDS(found || length <= WORDS_MAX || !memmem(text, size, secret, length));
	HOLDS(!secret_echo_is_in(text, size, NULL, length, SECRET_ECHO_IN_A_ROW));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char shown[SIZE_MIN + 4 * 255];
	size_t length = size > 1 ? data[0] % (SECRET_MAX + 1) : 0, room;
	char secret[SECRET_MAX + 1], shown_secret[SIZE_MIN];
	const char *const secrets[PEER_TEXT_SECRETS] = { length > 0 ? secret : NULL,
							 "Tr0ub4dor&3" };
	const char *text;

	if (size < 2 + length)
		return 0;
	room = SIZE_MIN + 4U * data[1];
	memcpy(secret, data + 2, length);
	secret[length] = '\0';
	text = (const char *)data + 2 + length;
	size -= 2 + length;
	HOLDS(peer_text_show(shown, room, text, size, secrets) == shown);
	check_printable(shown, room);
	check_own_words(text, size, secret, length);
	check_printable(escape_string(shown_secret, sizeof shown_secret, secret),
			sizeof shown_secret);
	if (strncmp(shown, NOT_SHOWN, strlen(NOT_SHOWN)) != 0) {
		HOLDS(!is_plain(secret) || !memmem(text, size, secret, length));
		HOLDS(!is_plain(secret) || !contains(shown, strlen(shown), secret));
		HOLDS(!peer_text_may_be_key(text, size));
	}
	return 0;
}
