/* SPDX-License-Identifier: ISC */
/*
 * Lines of a file to import: an address that is taken is one that client.keys may hold, stays as it
 * is, and has one key however it is written.
 */
#include "fuzz.h"

#include "common/agent-address.h"
#include "registrar/commands/import-line.h"
#include "registrar/enrollment/address.h"

static void check(const char *text, size_t length, enum dialect dialect)
{
	char key[AGENT_ADDRESS_KEY_SIZE], same[AGENT_ADDRESS_KEY_SIZE];
	struct address address, again;
	struct agent_address parsed;

	if (address_read(&address, text, length, dialect) < 0)
		return;
	HOLDS(agent_ip_is_valid(address.stored, strlen(address.stored)));
	HOLDS(agent_ip_is_valid(address.shown, strlen(address.shown)));
	HOLDS(agent_address_parse(&parsed, address.stored, strlen(address.stored)) == 0);
	HOLDS(parsed.prefix <= agent_address_bits(&parsed));
	HOLDS(address_read(&again, address.stored, strlen(address.stored), dialect) == 0);
	HOLDS(strcmp(again.stored, address.stored) == 0);
	agent_address_key(key, address.stored);
	agent_address_key(same, key);
	HOLDS(strcmp(key, same) == 0);
	HOLDS(address_read(&again, address.shown, strlen(address.shown), dialect) == 0);
	/* Wazuh does not show the /0 of IPv6. */
	HOLDS(strcmp(again.stored, address.stored) == 0 ||
	      (strchr(address.stored, ':') && strcmp(strchr(address.stored, '/'), "/0") == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct import_line line;

	if (import_line_read(&line, text, size) != IMPORT_LINE_AGENT)
		return 0;
	HOLDS(line.ip >= text && line.ip + line.ip_length <= text + size);
	HOLDS(!import_line_is_header(&line) || line.ip_length > 1);
	HOLDS(line.name >= text && line.name + line.name_length <= text + size);
	check(line.ip, line.ip_length, DIALECT_OSSEC);
	check(line.ip, line.ip_length, DIALECT_WAZUH);
	return 0;
}
