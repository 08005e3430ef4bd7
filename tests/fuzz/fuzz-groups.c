/* SPDX-License-Identifier: ISC */
/*
 * The groups of an agent: any file of them can be read, and what is written is read again; and any
 * list that a client sends is refused with a text, or all its names can be names. If a call is to
 * fail (faults.h), an agent keeps its groups, or has the new ones.
 */
#include "directory.h"
#include "faults.h"
#include "fuzz.h"

#include "common/agent-key.h"
#include "common/comma-list.h"
#include "registrar/agents/groups.h"
#include "registrar/enrollment/group-rules.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

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

static void check_failure(int r, const struct reason *why)
{
	HOLDS(r == 0 || (r < 0 && why->text[0] && fuzz_fault_happened()));
}

/* Of each kind of directory, one that is still to be made and one that is there. */
static void do_all(const char *queue)
{
	static const char *const ids[] = { ID };
	static char groups[AGENT_GROUPS_SIZE];
	struct reason why = { "" };

	check_failure(agent_groups_write(queue, ID, "web,db", &why), &why);
	check_failure(agent_groups_read(groups, queue, ID, &why), &why);
	check_failure(agent_groups_forget_all(queue, ids, 1, &why), &why);
	check_failure(agent_groups_write(queue, ID, "web", &why), &why);
}

static void check_faults(void)
{
	static char groups[AGENT_GROUPS_SIZE];
	const char *queue = fuzz_directory();
	char path[128];
	struct reason why;

	(void)snprintf(path, sizeof path, "%s/agent-groups/" ID, queue);
	(void)unlink(path);
	(void)snprintf(path, sizeof path, "%s/agent-groups", queue);
	(void)rmdir(path);
	fuzz_faults_begin();
	do_all(queue);
	fuzz_faults_end();
	HOLDS(agent_groups_read(groups, queue, ID, &why) == 0);
	HOLDS(!groups[0] || strcmp(groups, "web,db") == 0 || strcmp(groups, "web") == 0);
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
	size = fuzz_faults_read(data, size);
	if (fuzz_faults_are_asked())
		check_faults();
	check_file(data, size);
	check_list((const char *)data, size);
	return 0;
}
