/* SPDX-License-Identifier: ISC */
/*
 * The groups of an agent: any file of them can be read, and what is written is read again; and any
 * list that a client sends is refused with a text, or all its names can be names.
 */
#include "directory.h"
#include "fuzz.h"

#include "common/agent-key.h"
#include "common/comma-list.h"
#include "registrar/agents/groups.h"
#include "registrar/enrollment/group-rules.h"

#include <stdio.h>
#include <sys/stat.h>

#define ID "001"

static void check_file(const uint8_t *data, size_t size)
{
	static char groups[AGENT_GROUPS_SIZE], again[AGENT_GROUPS_SIZE];
	static const char *const ids[] = { ID };
	const char *queue = fuzz_directory();
	struct reason why;

	HOLDS(agent_groups_forget_all(queue, ids, 1, &why) == 0);
	HOLDS(agent_groups_read(groups, queue, ID, &why) == 0 && !groups[0]);
	HOLDS(agent_groups_read(groups, NULL, ID, &why) < 0);
	HOLDS(agent_groups_write(NULL, ID, "web", &why) < 0);
	HOLDS(agent_groups_forget_all(NULL, ids, 1, &why) == 0);
	HOLDS(agent_groups_write(queue, ID, "", &why) == 0);
	fuzz_write("agent-groups/" ID, data, size);
	if (agent_groups_read(groups, queue, ID, &why) < 0) {
		HOLDS(size >= AGENT_GROUPS_SIZE);
		return;
	}
	HOLDS(strlen(groups) < sizeof groups && !strpbrk(groups, "\r\n"));
	HOLDS(comma_list_count(groups) <= strlen(groups) + 1);
	HOLDS(!comma_list_has(groups, "a,b"));
	HOLDS(!groups[0] || strchr(groups, ',') || comma_list_has(groups, groups));
	if (strlen(groups) + 1 >= AGENT_GROUPS_SIZE)
		return;
	HOLDS(agent_groups_write(queue, ID, groups, &why) == 0);
	HOLDS(agent_groups_read(again, queue, ID, &why) == 0 && strcmp(again, groups) == 0);
}

static void check_list(const char *text, size_t length)
{
	const struct group_place any = { .directory = NULL },
				 some = { .directory = fuzz_directory(), .usual = "default" };
	char refusal[400];
	enum group_fault fault = group_list_check(text, length, refusal, sizeof refusal);

	HOLDS(fault == GROUP_OK || (fault == GROUP_INVALID && refusal[0]));
	if (fault != GROUP_OK)
		return;
	HOLDS(!memchr(text, '\0', length) && !memchr(text, '/', length));
	fault = group_names_check(text, length, &any, refusal, sizeof refusal);
	HOLDS(fault != GROUP_ABSENT && (fault == GROUP_OK || refusal[0]));
	if (fault == GROUP_OK && !memchr(text, ',', length))
		HOLDS(agent_group_is_valid(text, length));
	HOLDS(group_names_check(text, length, &some, refusal, sizeof refusal) == fault ||
	      fault == GROUP_OK || refusal[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_file(data, size);
	check_list((const char *)data, size);
	return 0;
}
