/* SPDX-License-Identifier: ISC */
/*
 * Tokens of the API. The first byte says what the rest is: a token as it came; what is in a token
 * that our own key has signed, which only we can make; or a change to a good one.
 */
#include "fuzz.h"

#include "common/base64.h"
#include "registrar/keeper/token.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#define NOW 1700000000
#define TEXT_MAX 700
#define USERS 2

static const struct api_token_key key = { .bytes = { 1, 2, 3 } };
static struct api_user list[USERS] = { { .name = "admin", .epoch = 1 },
				       { .name = "wazuh-wui", .epoch = 2 } };
static const struct api_users users = { .users = list, .count = USERS };

static void check_raw(const char *text)
{
	HOLDS(!api_token_check(&key, &users, text, NOW));
}

/* Who holds the key can claim to be a user, but no user that there is not. */
static void check_signed(const uint8_t *payload, size_t size)
{
	char token[2 * API_TOKEN_SIZE] = "e30.";
	unsigned char mac[32];
	size_t length = strlen(token);
	const struct api_user *user;

	length += base64_encode(token + length, BASE64_URL, payload, size);
	HOLDS(HMAC(EVP_sha256(), key.bytes, sizeof key.bytes, (unsigned char *)token, length, mac,
		   NULL));
	token[length++] = '.';
	(void)base64_encode(token + length, BASE64_URL, mac, sizeof mac);
	user = api_token_check(&key, &users, token, NOW);
	HOLDS(!user || user == &list[0] || user == &list[1]);
}

/* A good token is its user's until it ends; changed anywhere, it is nobody's. */
static void check_changed(const uint8_t *data, size_t size)
{
	static const struct api_token_key other = { .bytes = { 4 } };
	const struct api_users nobody = { .users = list, .count = 0 };
	struct api_user *user = &list[size > 0 ? data[0] % USERS : 0];
	char token[API_TOKEN_SIZE];
	size_t at;

	HOLDS(api_token_make(token, &key, user, NOW) == 0);
	HOLDS(api_token_check(&key, &users, token, NOW) == user);
	HOLDS(api_token_check(&key, &users, token, NOW + API_TOKEN_SECONDS - 1) == user);
	HOLDS(!api_token_check(&key, &users, token, NOW + API_TOKEN_SECONDS));
	HOLDS(!api_token_check(&key, &users, token, NOW - 60));
	HOLDS(!api_token_check(&other, &users, token, NOW));
	HOLDS(!api_token_check(&key, &nobody, token, NOW));
	user->epoch++;
	HOLDS(!api_token_check(&key, &users, token, NOW));
	user->epoch--;
	if (size < 4)
		return;
	at = (data[1] * 256U + data[2]) % strlen(token);
	if (token[at] == (char)data[3])
		return;
	token[at] = (char)data[3];
	HOLDS(!api_token_check(&key, &users, token, NOW));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[TEXT_MAX + 1];
	struct api_token_key made;

	if (size < 1 || size > TEXT_MAX)
		return 0;
	switch (data[0] % 3) {
	case 0:
		memcpy(text, data + 1, size - 1);
		text[size - 1] = '\0';
		check_raw(text);
		break;
	case 1:
		check_signed(data + 1, size - 1);
		break;
	default:
		HOLDS(api_token_key_make(&made) == 0);
		check_changed(data + 1, size - 1);
		break;
	}
	return 0;
}
