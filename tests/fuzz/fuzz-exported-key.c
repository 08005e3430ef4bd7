/* SPDX-License-Identifier: ISC */
/*
 * What is taken for a key is one that agents can use, and is taken again from its own line and its
 * own base64.
 */
#include "fuzz.h"

#include "common/exported-key.h"

#include <openssl/evp.h>

/* As export writes it. */
static void check_export(const struct agent_key *key, const char *base64)
{
	char text[EXPORTED_KEY_SIZE];

	HOLDS(exported_key_format(text, key) == strlen(base64) && strcmp(text, base64) == 0);
}

static void check_again(const struct agent_key *key, const char *text, size_t length)
{
	struct agent_key again;

	HOLDS(exported_key_parse(&again, text, length, NULL) == 0);
	HOLDS(agent_key_equal(key, &again));
	agent_key_wipe(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char line[AGENT_LINE_SIZE + 1], base64[EXPORTED_KEY_SIZE];
	struct reason why = { "" };
	struct agent_key key;
	size_t length;
	int encoded;

	if (exported_key_parse(&key, (const char *)data, size, &why) < 0) {
		HOLDS(*why.text);
		return 0;
	}
	length = agent_key_format(line, &key);
	check_again(&key, line, length);
	HOLDS(agent_key_text_is_genuine(key.key, strlen(key.key)));
	encoded = EVP_EncodeBlock((unsigned char *)base64, (const unsigned char *)line,
				  (int)length - 1);
	check_again(&key, base64, (size_t)encoded);
	check_export(&key, base64);
	agent_key_wipe(&key);
	return 0;
}
