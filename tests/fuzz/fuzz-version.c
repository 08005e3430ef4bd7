/* SPDX-License-Identifier: ISC */
/*
 * Versions of agents and managers, in any text: one is newer, the other, or neither. The first byte
 * says how long the agent's is; the manager's follows.
 */
#include "fuzz.h"

#include "registrar/enrollment/agent-version.h"

#define TEXT_MAX 64

static void copy(char text[static TEXT_MAX + 1], const uint8_t *data, size_t size)
{
	size_t length = size < TEXT_MAX ? size : TEXT_MAX;

	memcpy(text, data, length);
	text[length] = '\0';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char agent[TEXT_MAX + 1], manager[TEXT_MAX + 1];
	size_t length;
	bool newer, older;

	if (size < 1 || size - 1 < data[0] % 32U)
		return 0;
	length = data[0] % 32U;
	copy(agent, data + 1, length);
	copy(manager, data + 1 + length, size - 1 - length);
	newer = agent_version_is_newer((const char *)data + 1, length, manager);
	older = agent_version_is_newer(manager, strlen(manager), agent);
	HOLDS(!newer || !older);
	HOLDS(!agent_version_is_newer(manager, strlen(manager), manager));
	HOLDS(strlen(agent) != length || agent_version_is_newer(agent, length, manager) == newer);
	HOLDS(!manager_version_is_valid(manager) || strpbrk(manager, "123456789"));
	HOLDS(manager_version_takes_leading_dot(agent) || manager_version_is_valid(agent));
	return 0;
}
