/* SPDX-License-Identifier: ISC */
/* What parses as a record is written again as the same bytes. */
#include "fuzz.h"

#include "common/agent-key.h"

/* What a manager sent is held to more. */
static void check_received(const struct agent_key *key, const char *line, size_t length)
{
	struct agent_key received = { "" };
	enum agent_key_fault fault = agent_key_parse_received(&received, line, length);

	if (fault == AGENT_KEY_OK) {
		HOLDS(agent_key_equal(key, &received));
		HOLDS(agent_name_is_registrable(received.name, strlen(received.name)));
	} else {
		HOLDS(fault == AGENT_KEY_RECEIVED_NAME || fault == AGENT_KEY_NOT_GENUINE);
		HOLDS(*agent_key_fault_text(fault) && !received.id[0]);
	}
	HOLDS(!agent_key_is_usual(key) || agent_key_text_is_genuine(key->key, strlen(key->key)));
	HOLDS(!agent_group_is_valid(key->name, strlen(key->name)) ||
	      agent_name_is_valid(key->name, strlen(key->name)) || strlen(key->name) < 2);
	agent_key_wipe(&received);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct agent_key key;
	char line[AGENT_LINE_SIZE + 1], hash[AGENT_KEY_HASH_SIZE], sum[AGENT_KEY_CHECKSUM_SIZE];
	const char *text = (const char *)data;
	enum agent_key_fault fault = agent_key_parse(&key, text, size);

	HOLDS(*agent_key_fault_text(fault));
	HOLDS(!agent_group_is_valid(text, size) || (size > 0 && size <= 255));
	if (fault != AGENT_KEY_OK)
		return 0;
	HOLDS(agent_key_format(line, &key) == size + 1);
	HOLDS(memcmp(line, data, size) == 0 && line[size] == '\n');
	check_received(&key, text, size);
	HOLDS(agent_key_hash(hash, &key) == 0 && strlen(hash) == AGENT_KEY_HASH_SIZE - 1);
	agent_key_checksum(sum, &key);
	HOLDS(strspn(sum, "0123456789abcdef") == AGENT_KEY_CHECKSUM_SIZE - 1);
	agent_key_wipe(&key);
	return 0;
}
