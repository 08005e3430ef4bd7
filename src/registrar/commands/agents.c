/* SPDX-License-Identifier: ISC */
#include "registrar/commands/agents.h"

#include "common/escape.h"
#include "common/exported-key.h"
#include "common/io.h"
#include "registrar/commands/admin.h"

#include <string.h>

/* ------------------------------------------------------------------ by id */

const struct roster_entry *agents_find(const struct roster *roster, const char *id,
				       struct reason *why)
{
	const struct roster_entry *entry;
	char shown[64];

	escape_string(shown, sizeof shown, id);
	if (!agent_id_is_valid(id, strlen(id))) {
		reason_set(why, "Invalid agent ID: %s", shown);
		return NULL;
	}
	entry = roster_find_id(roster, (unsigned int)strtoul(id, NULL, 10));
	if (entry && entry->ip)
		return entry;
	if (entry && roster_entry_is_tombstone(entry))
		reason_set(why, "There is no agent with the id %s any more: it was removed", shown);
	else if (entry)
		reason_set(why, "The line of agent %s in client.keys is damaged: repair it by hand",
			   shown);
	else
		reason_set(why, "There is no agent with the id %s", shown);
	return NULL;
}

static int print_export(const struct agent_key *agent)
{
	char text[EXPORTED_KEY_SIZE + 1];
	size_t length = exported_key_format(text, agent);
	struct reason why;
	int r;

	text[length++] = '\n';
	r = io_write(STDOUT_FILENO, text, length);
	explicit_bzero(text, sizeof text);
	if (r >= 0)
		return 0;
	(void)reason_errno(&why, r, "Cannot write to standard output");
	return admin_fail(EX_IOERR, &why);
}

int agents_export(struct program *program)
{
	const struct options *options = program->options;
	cleanup(release_roster) struct roster *roster = NULL;
	const struct roster_entry *entry;
	struct agent_key agent;
	struct reason why;
	int status = admin_begin(&roster, options, true), r;

	if (status != 0)
		return status;
	entry = agents_find(roster, options->line.arguments[0], &why);
	r = entry ? roster_read(roster, entry, &agent) : 0;
	roster_cancel(roster);
	if (!entry)
		return admin_fail(EX_DATAERR, &why);
	if (r < 0) {
		(void)reason_errno(&why, r, "Cannot read the line of agent %s",
				   options->line.arguments[0]);
		return admin_fail_file(r, &why);
	}
	admin_end_with_reader();
	status = print_export(&agent);
	agent_key_wipe(&agent);
	return status;
}
