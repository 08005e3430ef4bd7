/* SPDX-License-Identifier: ISC */
#include "registrar/commands/add.h"

#include "common/escape.h"
#include "common/log.h"
#include "registrar/agents/groups.h"
#include "registrar/commands/admin.h"
#include "registrar/commands/import-line.h"
#include "registrar/enrollment/address.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* As the service decides, except that a taken name is refused unless it is asked for otherwise. */
static struct enrollment_policy make_policy(const struct options *options,
					    char own_name[static HOST_NAME_MAX + 1])
{
	if (gethostname(own_name, HOST_NAME_MAX) < 0)
		own_name[0] = '\0';
	return (struct enrollment_policy){
		.dialect = options->dialect,
		.on_duplicate = options->on_duplicate,
		.force = options->force,
		.history = { .queue = options->queue_directory },
		.max_agents = options->max_agents,
		.own_name = own_name[0] ? own_name : NULL,
	};
}

static struct authd_field text_field(const char *text)
{
	return (struct authd_field){ text, text ? strlen(text) : 0 };
}

/* Agents that were accepted in a transaction; without their keys. */
struct added {
	struct agent_key *agents;
	size_t count, room;
	char (*replaced)[AGENT_ID_MAX + 1];
	size_t replaced_count;
};

static void release_added(struct added *added)
{
	free(added->agents);
	free(added->replaced);
}

/*
 * Whose the name or address is: an agent's that is registered, or that of an earlier line of the
 * same file.
 */
static void describe_holder(char *ret, size_t size, const char *id, const struct added *added)
{
	/* What is added gets one id after the other. */
	unsigned long first = added->count > 0 ? strtoul(added->agents[0].id, NULL, 10) : 0,
		      at = strtoul(id, NULL, 10) - first;

	if (at < added->count && strcmp(added->agents[at].id, id) == 0)
		(void)snprintf(ret, size, "%s in an earlier line", added->agents[at].name);
	else
		(void)snprintf(ret, size, "agent %s", id);
}

/* In the words that an agent would be told, and with what they leave out. */
static void describe_refusal(struct reason *ret, const struct enrollment *refused,
			     const struct added *added)
{
	char shown[512], holder[AGENT_NAME_MAX + 32];

	escape_string(shown, sizeof shown, refused->refusal);
	describe_holder(holder, sizeof holder, refused->holder, added);
	if (refused->fault == ENROLLMENT_INTERNAL || refused->why.text[0])
		reason_set(ret, "%s (%s)", shown, refused->why.text);
	else if (refused->fault == ENROLLMENT_IP_TAKEN)
		reason_set(ret, "%s (%s belongs to %s)", shown, refused->shown_ip, holder);
	else if (refused->holder[0])
		reason_set(ret, "%s (it belongs to %s)", shown, holder);
	else
		reason_set(ret, "%s", shown);
}

static int note_added(struct added *added, const struct enrollment *accepted)
{
	if (added->count == added->room) {
		size_t room = added->room ? 2 * added->room : 8;
		struct agent_key *agents = reallocarray(added->agents, room, sizeof *agents);
		char(*replaced)[AGENT_ID_MAX + 1];

		if (!agents)
			return -ENOMEM;
		added->agents = agents;
		replaced = reallocarray(added->replaced, ENROLLMENT_REPLACED_MAX * room,
					sizeof *replaced);
		if (!replaced)
			return -ENOMEM;
		added->replaced = replaced;
		added->room = room;
	}
	added->agents[added->count] = accepted->agent;
	memset(added->agents[added->count++].key, 0, sizeof accepted->agent.key);
	for (int i = 0; i < ENROLLMENT_REPLACED_MAX; i++)
		if (accepted->replaced[i][0])
			memcpy(added->replaced[added->replaced_count++], accepted->replaced[i],
			       AGENT_ID_MAX + 1);
	return 0;
}

/* Not worth a failure: the agents are registered. */
static void remember(const struct options *options, const struct added *added)
{
	const struct agent_history history = { .queue = options->queue_directory };
	cleanup_free struct agent_event *events = calloc(added->count + 1, sizeof *events);
	cleanup_free const char **gone = calloc(added->replaced_count + 1, sizeof *gone);
	struct reason why;

	for (size_t i = 0; gone && i < added->replaced_count; i++) {
		gone[i] = added->replaced[i];
		if (agent_groups_forget(history.queue, gone[i], &why) < 0)
			log_warning("%s", why.text);
	}
	if (gone && agent_history_forget_all(&history, gone, added->replaced_count, &why) < 0)
		log_warning("%s", why.text);
	for (size_t i = 0; events && i < added->count; i++)
		events[i] = (struct agent_event){ &added->agents[i], time(NULL) };
	if (events && agent_history_add(&history, events, added->count, &why) < 0)
		log_warning("%s", why.text);
}

/* Make what was accepted last, and print it. */
static int complete_adding(struct roster *roster, const struct options *options,
			   const struct added *added)
{
	struct reason why;
	int r = roster_commit(roster, &why);

	if (r < 0)
		return admin_fail_file(r, &why);
	remember(options, added);
	for (size_t i = 0; i < added->count; i++)
		admin_print_agent(added->agents[i].id, added->agents[i].name, added->agents[i].ip);
	return admin_finish_output();
}

int agents_add(const struct options *options)
{
	cleanup(release_roster) struct roster *roster = NULL;
	cleanup(release_added) struct added added = { 0 };
	cleanup(enrollment_wipe) struct enrollment enrollment = { 0 };
	char own_name[HOST_NAME_MAX + 1] = "";
	const struct enrollment_policy policy = make_policy(options, own_name);
	const struct enrollment_request request = {
		.fields.name = text_field(options->admin.name),
		.fields.ip = text_field(options->admin.ip ?: "any"),
		.id = text_field(options->admin.id),
		.next_id = true,
	};
	struct reason why;
	int status = admin_begin(&roster, options, false);

	if (status != 0)
		return status;
	enrollment_decide(&enrollment, roster, &policy, &request);
	if (!enrollment.accepted) {
		describe_refusal(&why, &enrollment, &added);
		roster_cancel(roster);
		return admin_fail(enrollment.fault == ENROLLMENT_INTERNAL ? EX_OSERR : EX_DATAERR,
				  &why);
	}
	if (note_added(&added, &enrollment) < 0) {
		roster_cancel(roster);
		reason_set(&why, "Out of memory");
		return admin_fail(EX_OSERR, &why);
	}
	return complete_adding(roster, options, &added);
}

/* ------------------------------------------------------------------ adding from a file */

struct import {
	const struct enrollment_policy *policy;
	struct roster *roster;
	struct added added;
	size_t number; /* of the line, from 1 */
	size_t bad, present;
};

static void complain_of_line(struct import *import, const struct reason *why)
{
	import->bad++;
	log_error("Line %zu: %s", import->number, why->text);
}

/* Is this agent there, with this address? Then the file was imported before. */
static bool is_present(const struct import *import, const struct import_line *line)
{
	char name[AGENT_NAME_MAX + 1];
	const struct roster_entry *entry;
	struct address address;

	if (!agent_name_is_valid(line->name, line->name_length) ||
	    address_read(&address, line->ip, line->ip_length, import->policy->dialect) < 0)
		return false;
	memcpy(name, line->name, line->name_length);
	name[line->name_length] = '\0';
	entry = roster_find_name(import->roster, name);
	return entry && entry->ip && strcmp(entry->ip, address.stored) == 0;
}

static int import_agent(struct import *import, const struct import_line *line)
{
	cleanup(enrollment_wipe) struct enrollment enrollment;
	const struct enrollment_request request = {
		.fields.name = { line->name, line->name_length },
		.fields.ip = { line->ip, line->ip_length },
		.next_id = true,
	};
	struct reason why;

	enrollment_decide(&enrollment, import->roster, import->policy, &request);
	if (enrollment.accepted)
		return note_added(&import->added, &enrollment);
	describe_refusal(&why, &enrollment, &import->added);
	complain_of_line(import, &why);
	return 0;
}

static int import_line(struct import *import, const char *text, size_t length)
{
	struct import_line line;
	struct reason why;

	switch (import_line_read(&line, text, length)) {
	case IMPORT_LINE_NOTHING:
		return 0;
	case IMPORT_LINE_BAD:
		reason_set(&why, "It is not IP,NAME");
		complain_of_line(import, &why);
		return 0;
	default:
		break;
	}
	if (is_present(import, &line)) {
		import->present++;
		return 0;
	}
	return import_agent(import, &line);
}

static int import_lines(struct import *import, const char *content, size_t length, const char *path)
{
	const char *end = content + length;
	struct reason why;
	int r = 0;

	for (const char *at = content; r >= 0 && at < end;) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const char *stop = newline ?: end;

		import->number++;
		r = import_line(import, at, (size_t)(stop - at));
		at = stop + 1;
	}
	if (r < 0) {
		reason_set(&why, "Out of memory");
		return admin_fail(EX_OSERR, &why);
	}
	if (import->bad > 0) {
		reason_set(&why, "Nothing was added, because of %zu %s of %s", import->bad,
			   import->bad == 1 ? "line" : "lines", path);
		return admin_fail(EX_DATAERR, &why);
	}
	return 0;
}

/* Add what the lines say, all or nothing. Who is there with the same address is passed over. */
static int import_content(const struct options *options, const char *content, size_t length,
			  const char *path)
{
	cleanup(release_roster) struct roster *roster = NULL;
	char own_name[HOST_NAME_MAX + 1] = "";
	const struct enrollment_policy policy = make_policy(options, own_name);
	struct import import = { .policy = &policy };
	int status = admin_begin(&roster, options, false);

	if (status != 0)
		return status;
	import.roster = roster;
	status = import_lines(&import, content, length, path);
	if (status != 0)
		roster_cancel(roster);
	else
		status = complete_adding(roster, options, &import.added);
	if (status == 0)
		log_info("%zu added, %zu there already", import.added.count, import.present);
	release_added(&import.added);
	return status;
}

/* All of it, before the lock is taken: standard input may take its time. */
static int read_stream(FILE *file, char **ret, size_t *ret_length)
{
	size_t room = 0, length = 0;

	do {
		char *grown;

		room = room ? 2 * room : 65536;
		grown = realloc(*ret, room);
		if (!grown)
			return -ENOMEM;
		*ret = grown;
		length += fread(*ret + length, 1, room - length, file);
	} while (length == room);
	*ret_length = length;
	return ferror(file) ? -errno : 0;
}

int agents_import(const struct options *options)
{
	const char *path = options->admin.operands[0];
	bool is_stdin = strcmp(path, "-") == 0;
	cleanup_free char *content = NULL;
	cleanup_file FILE *file = is_stdin ? NULL : fopen(path, "re");
	struct reason why;
	size_t length = 0;
	int r = -errno;

	if (is_stdin || file)
		r = read_stream(file ?: stdin, &content, &length);
	if (is_stdin)
		path = "standard input";
	if (r < 0) {
		(void)reason_errno(&why, r, "Cannot read %s", path);
		return admin_fail(EX_NOINPUT, &why);
	}
	return import_content(options, content, length, path);
}
