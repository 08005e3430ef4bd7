/* SPDX-License-Identifier: ISC */
/* A secret for enrolling again that is read is one, and is written as it was, but for its end. */
#include "fuzz.h"

#include "client/agent-files/reenroll-secret.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	char line[REENROLL_SECRET_LINE_SIZE];
	unsigned char bytes[REENROLL_SECRET_SIZE];
	struct reenroll_secret secret, again;
	size_t length;

	if (reenroll_secret_parse(&secret, text, size) < 0)
		return 0;
	HOLDS(agent_id_is_valid(secret.id, strlen(secret.id)));
	HOLDS(reenroll_secret_is_valid(secret.text, strlen(secret.text)));
	length = reenroll_secret_format(line, &secret);
	HOLDS(length - 1 <= size && memcmp(line, text, length - 1) == 0);
	HOLDS(reenroll_secret_parse(&again, line, length) == 0);
	HOLDS(memcmp(&again, &secret, sizeof secret) == 0);
	reenroll_secret_decode(bytes, &secret);
	for (size_t i = 0; i < sizeof bytes; i++)
		HOLDS("0123456789abcdef"[bytes[i] / 16] == secret.text[2 * i] &&
		      "0123456789abcdef"[bytes[i] % 16] == secret.text[2 * i + 1]);
	reenroll_secret_wipe(&secret);
	HOLDS(!secret.id[0]);
	return 0;
}
