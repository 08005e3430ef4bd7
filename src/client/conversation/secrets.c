/* SPDX-License-Identifier: ISC */
#include "client/conversation/secrets.h"

#include "common/base64.h"
#include "common/peer-text.h"

#include <ctype.h>
#include <string.h>

/* Secrets of fewer characters are in any text. */
#define LEAST 5
/* From here on, a part of a secret is enough of it; and no longer part is needed. */
#define LONG 12
#define PART_MAX 32

static bool is_word(const char *secret)
{
	while (isalpha((unsigned char)*secret))
		secret++;
	return *secret == '\0';
}

static size_t revealing_part(size_t length)
{
	size_t part = length * 3 / 4;

	if (length < LONG)
		return length;
	return part < LONG ? LONG : part > PART_MAX ? PART_MAX : part;
}

/* Null: there is none. */
static bool is_in(const char *text, const char *secret)
{
	size_t length = secret ? strlen(secret) : 0, part = revealing_part(length);

	if (length < LEAST || (length < LONG && is_word(secret)))
		return false;
	for (size_t i = 0; i + part <= length; i++)
		if (memmem(text, strlen(text), secret + i, part))
			return true;
	return false;
}

/* The credential of an enrollment token, as tokens have it and as programs print it. */
static bool has_credential(const char *text, const struct enrollment_token *token)
{
	char encoded[BASE64_SIZE(ENROLLMENT_SECRET_SIZE)], digits[2 * ENROLLMENT_SECRET_SIZE + 1];
	bool found;

	if (!token || !token->has_credential)
		return false;
	(void)base64_encode(encoded, BASE64_URL, token->secret, sizeof token->secret);
	for (size_t i = 0; i < sizeof token->secret; i++)
		(void)snprintf(digits + 2 * i, 3, "%02x", token->secret[i]);
	found = is_in(text, encoded) || is_in(text, digits);
	explicit_bzero(encoded, sizeof encoded);
	explicit_bzero(digits, sizeof digits);
	return found;
}

bool secrets_are_in(const char *text, const struct attempt *attempt,
		    const struct wire_result *received)
{
	const struct proxy *proxy = attempt->connection.proxy;
	const struct reenroll_secret *own = attempt->enroll.secret;

	if (*text == '\0')
		return false;
	return is_in(text, attempt->password) || is_in(text, proxy ? proxy->password.text : NULL) ||
	       is_in(text, own ? own->text : NULL) || has_credential(text, attempt->enroll.token) ||
	       (received && (is_in(text, received->key.key) ||
			     is_in(text, received->report.reenroll_secret.text))) ||
	       peer_text_may_be_key(text, strlen(text));
}
