/* SPDX-License-Identifier: ISC */
/* What parses as a record is written again as the same bytes. */
#include "fuzz.h"

#include "common/agent-key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct agent_key key;
	char line[AGENT_LINE_SIZE + 1], hash[AGENT_KEY_HASH_SIZE];
	enum agent_key_fault fault = agent_key_parse(&key, (const char *)data, size);

	HOLDS(*agent_key_fault_text(fault));
	if (fault != AGENT_KEY_OK)
		return 0;
	HOLDS(agent_key_format(line, &key) == size + 1);
	HOLDS(memcmp(line, data, size) == 0 && line[size] == '\n');
	HOLDS(agent_key_hash(hash, &key) == 0 && strlen(hash) == AGENT_KEY_HASH_SIZE - 1);
	agent_key_wipe(&key);
	return 0;
}
