/* SPDX-License-Identifier: ISC */
/*
 * Whatever a crash left in the key file: only a whole record is a key, and storing it anew changes
 * nothing.
 */
#include "fuzz.h"

#include "client/agent-files/keystore.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct agent_key key, again;
	struct reason why = { "" };
	char line[AGENT_LINE_SIZE + 1];
	size_t length;

	switch (keystore_judge(&key, (const char *)data, size, "FILE", &why)) {
	case KEYSTORE_KEY:
		length = agent_key_format(line, &key);
		HOLDS(memmem(data, size, line, length - 1));
		HOLDS(keystore_judge(&again, line, length, "FILE", &why) == KEYSTORE_KEY);
		HOLDS(strcmp(key.id, again.id) == 0 && strcmp(key.name, again.name) == 0);
		HOLDS(strcmp(key.ip, again.ip) == 0 && strcmp(key.key, again.key) == 0);
		break;
	case KEYSTORE_TORN:
		HOLDS(why.text[0]);
		break;
	case KEYSTORE_MISSING:
		HOLDS(!why.text[0]);
		break;
	default:
		abort();
	}
	return 0;
}
