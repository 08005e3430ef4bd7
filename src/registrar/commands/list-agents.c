/* SPDX-License-Identifier: ISC */
#include "registrar/commands/list-agents.h"

#include "common/agent-address.h"
#include "common/cleanup.h"
#include "common/comma-list.h"
#include "common/terminal.h"
#include "common/usage.h"
#include "registrar/agents/groups.h"
#include "registrar/agents/history.h"
#include "registrar/api/fields.h"
#include "registrar/commands/admin.h"
#include "registrar/enrollment/address.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#define NAME_COLUMN_MAX 40 /* what is longer shifts its address */

/* Which agents are wanted. Null, negative: all. */
struct filter {
	const char *name; /* a pattern of the shell */
	const char *group;
	int status; /* enum list_status */
	bool has_ip;
	char ip[AGENT_ADDRESS_KEY_SIZE];
	const char *queue;
	time_t now;
	char *groups; /* AGENT_GROUPS_SIZE bytes for those of an agent */
};

/* ------------------------------------------------------------------ filters */

static bool is_in_group(const struct filter *filter, const struct roster_entry *entry)
{
	return agent_groups_read(filter->groups, filter->queue, entry->id_text, NULL) >= 0 &&
	       comma_list_has(filter->groups, filter->group);
}

/* An agent of which nothing is known is in no state. */
static bool has_status(const struct filter *filter, const struct roster_entry *entry)
{
	const struct agent_history history = { .queue = filter->queue };
	time_t seen;
	int r = agent_history_seen(&history, entry, &seen);

	if (r < 0)
		return r == -ENODATA && filter->status == LIST_NEVER_CONNECTED;
	return filter->status ==
	       (filter->now - seen < API_DISCONNECTED_AFTER ? LIST_ACTIVE : LIST_DISCONNECTED);
}

static bool has_address(const struct filter *filter, const struct roster_entry *entry)
{
	char key[AGENT_ADDRESS_KEY_SIZE];

	agent_address_key(key, entry->ip);
	return strcmp(key, filter->ip) == 0;
}

static bool is_wanted(const struct filter *filter, const struct roster_entry *entry)
{
	return (!filter->name || fnmatch(filter->name, entry->name, 0) == 0) &&
	       (!filter->has_ip || has_address(filter, entry)) &&
	       (!filter->group || is_in_group(filter, entry)) &&
	       (filter->status < 0 || has_status(filter, entry));
}

static int refuse_address(void)
{
	(void)usage_error("--ip is any, an address or a network");
	return EX_USAGE;
}

/* Returns 0, or an exit status: a message has been printed. */
static int make_filter(struct filter *ret, const struct options *options)
{
	const struct admin_options *admin = &options->admin;
	struct address address;
	struct reason why;

	*ret = (struct filter){
		.name = admin->name,
		.group = admin->group,
		.status = admin->status,
		.queue = options->paths.queue_directory,
		.now = time(NULL),
	};
	if (admin->ip) {
		if (address_read(&address, admin->ip, strlen(admin->ip),
				 (enum dialect)options->policy.dialect) < 0)
			return refuse_address();
		agent_address_key(ret->ip, address.stored);
		ret->has_ip = true;
	}
	if (!admin->group)
		return 0;
	ret->groups = malloc(AGENT_GROUPS_SIZE);
	if (ret->groups)
		return 0;
	reason_set(&why, "Out of memory");
	return admin_fail(EX_OSERR, &why);
}

/* Only those remain in the array. Returns how many. */
static size_t choose(const struct roster_entry **entries, size_t count, const struct filter *filter)
{
	size_t wanted = 0;

	for (size_t i = 0; i < count; i++)
		if (is_wanted(filter, entries[i]))
			entries[wanted++] = entries[i];
	return wanted;
}

/* ------------------------------------------------------------------ printing */

/* Ids, names and addresses that are valid need no escapes. */
static void print_json(const struct roster_entry *const *entries, size_t count)
{
	printf("{\"agents\":[");
	for (size_t i = 0; i < count; i++)
		printf("%s\n{\"id\":\"%s\",\"name\":\"%s\",\"ip\":\"%s\"}", i > 0 ? "," : "",
		       entries[i]->id_text, entries[i]->name, entries[i]->ip);
	printf("]}\n");
}

static void widen(int *width, const char *text, size_t most)
{
	size_t length = strlen(text);

	if (length > (size_t)*width)
		*width = (int)(length < most ? length : most);
}

static void print_columns(const struct roster_entry *const *entries, size_t count)
{
	char header[128];
	int id = 2, name = 4;

	for (size_t i = 0; i < count; i++) {
		widen(&id, entries[i]->id_text, AGENT_ID_MAX);
		widen(&name, entries[i]->name, NAME_COLUMN_MAX);
	}
	(void)snprintf(header, sizeof header, "%-*s  %-*s  ADDRESS", id, "ID", name, "NAME");
	terminal_print_heading(terminal_stdout(), header);
	for (size_t i = 0; i < count; i++)
		printf("%-*s  %-*s  %s\n", id, entries[i]->id_text, name, entries[i]->name,
		       entries[i]->ip);
}

static void print(const struct options *options, const struct roster_entry *const *entries,
		  size_t count)
{
	if (options->admin.json)
		print_json(entries, count);
	else if (terminal_stdout()->width > 0 && count > 0)
		print_columns(entries, count);
	else
		for (size_t i = 0; i < count; i++)
			admin_print_agent(entries[i]->id_text, entries[i]->name, entries[i]->ip);
}

/* ------------------------------------------------------------------ the command */

static void release_filter(struct filter *filter)
{
	free(filter->groups);
}

int list_command(struct program *program)
{
	const struct options *options = program->options;
	cleanup(release_roster) struct roster *roster = NULL;
	cleanup_free const struct roster_entry **entries = NULL;
	cleanup(release_filter) struct filter filter = { 0 };
	struct reason why;
	size_t count;
	int status = make_filter(&filter, options);

	if (status == 0)
		status = admin_begin(&roster, options, true);
	if (status != 0)
		return status;
	if (roster_list(roster, &entries, &count) < 0) {
		roster_cancel(roster);
		reason_set(&why, "Out of memory");
		return admin_fail(EX_OSERR, &why);
	}
	admin_end_with_reader();
	print(options, entries, choose(entries, count, &filter));
	roster_cancel(roster);
	return admin_finish_output();
}
