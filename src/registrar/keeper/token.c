/* SPDX-License-Identifier: ISC */
#include "registrar/keeper/token.h"

#include "common/base64.h"
#include "common/hex.h"
#include "common/random-bytes.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAC_SIZE 32
#define HEADER "{\"alg\":\"HS256\",\"typ\":\"JWT\"}"
#define PAYLOAD_SIZE 512
#define CLOCK_SKEW 5 /* seconds that the clock may have gone back since the token was made */

/*
 * Names are plain (users.h), so nothing in here needs JSON's escapes; the order is fixed, so
 * that one scan reads it.
 */
#define PAYLOAD_FORMAT                                                                       \
	"{\"iss\":\"wazuh\",\"aud\":\"Wazuh API REST\",\"nbf\":%" PRId64 ",\"exp\":%" PRId64 \
	",\"sub\":\"%s\","                                                                   \
	"\"run_as\":false,\"rbac_roles\":[1],\"rbac_mode\":\"white\",\"credential\":\"%s\"}"
#define PAYLOAD_SCAN                                                                         \
	"{\"iss\":\"wazuh\",\"aud\":\"Wazuh API REST\",\"nbf\":%" SCNd64 ",\"exp\":%" SCNd64 \
	",\"sub\":\"%64[A-Za-z0-9._-]\","

#define CREDENTIAL_SIZE (2 * 8 + 1)

int api_token_key_make(struct api_token_key *ret)
{
	return random_bytes(ret->bytes, sizeof ret->bytes);
}

static int sign(unsigned char ret[static MAC_SIZE], const struct api_token_key *key,
		const void *data, size_t length)
{
	return HMAC(EVP_sha256(), key->bytes, sizeof key->bytes, data, length, ret, NULL) ? 0
											  : -EIO;
}

/*
 * Something that changes with the user's password and epoch, and that cannot be turned back into
 * the hash.
 */
static int describe_credential(char ret[static CREDENTIAL_SIZE], const struct api_token_key *key,
			       const struct api_user *user)
{
	char text[API_HASH_TEXT_SIZE + 32];
	unsigned char mac[MAC_SIZE];

	api_password_format(text, &user->password);
	(void)snprintf(text + strlen(text), 32, " %" PRIu64, user->epoch);
	if (sign(mac, key, text, strlen(text)) < 0)
		return -EIO;
	hex_print(ret, mac, CREDENTIAL_SIZE / 2);
	return 0;
}

int api_token_make(char ret[static API_TOKEN_SIZE], const struct api_token_key *key,
		   const struct api_user *user, int64_t now)
{
	char payload[PAYLOAD_SIZE], credential[CREDENTIAL_SIZE];
	unsigned char mac[MAC_SIZE];
	size_t length;

	if (describe_credential(credential, key, user) < 0)
		return -EIO;
	(void)snprintf(payload, sizeof payload, PAYLOAD_FORMAT, now, now + API_TOKEN_SECONDS,
		       user->name, credential);
	length = base64_encode(ret, BASE64_URL, HEADER, sizeof HEADER - 1);
	ret[length++] = '.';
	length += base64_encode(ret + length, BASE64_URL, payload, strlen(payload));
	if (sign(mac, key, ret, length) < 0)
		return -EIO;
	ret[length++] = '.';
	base64_encode(ret + length, BASE64_URL, mac, sizeof mac);
	return 0;
}

/*
 * Is this text, up to the length of what is signed, signed by us? Which also says that we wrote it.
 */
static bool is_ours(const struct api_token_key *key, const char *token, size_t signed_length)
{
	unsigned char mac[MAC_SIZE], sent[MAC_SIZE];
	const char *signature = token + signed_length + 1;

	return base64_decode(sent, sizeof sent, BASE64_URL, signature, strlen(signature)) ==
		       MAC_SIZE &&
	       sign(mac, key, token, signed_length) == 0 && CRYPTO_memcmp(mac, sent, MAC_SIZE) == 0;
}

const struct api_user *api_token_check(const struct api_token_key *key,
				       const struct api_users *users, const char *token,
				       int64_t now)
{
	char payload[PAYLOAD_SIZE], name[API_USER_NAME_MAX + 1], credential[CREDENTIAL_SIZE],
		*claim;
	const char *first = strchr(token, '.'), *last = strrchr(token, '.');
	const struct api_user *user;
	int64_t from, until;
	ssize_t length;

	if (!first || first == last || !is_ours(key, token, (size_t)(last - token)))
		return NULL;
	length = base64_decode(payload, sizeof payload - 1, BASE64_URL, first + 1,
			       (size_t)(last - first - 1));
	if (length < 0)
		return NULL;
	payload[length] = '\0';
	if (sscanf(payload, PAYLOAD_SCAN, &from, &until, name) != 3 || now < from - CLOCK_SKEW ||
	    now >= until)
		return NULL;
	user = api_users_find(users, name);
	claim = strstr(payload, "\"credential\":\"");
	if (!user || !claim || describe_credential(credential, key, user) < 0)
		return NULL;
	claim += strlen("\"credential\":\"");
	return strncmp(claim, credential, CREDENTIAL_SIZE - 1) == 0 ? user : NULL;
}
