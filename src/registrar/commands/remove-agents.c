/* SPDX-License-Identifier: ISC */
#include "registrar/commands/remove-agents.h"

#include "common/log.h"
#include "registrar/agents/installation.h"
#include "registrar/commands/admin.h"
#include "registrar/commands/agents.h"
#include "registrar/commands/by-authd.h"
#include "registrar/enrollment/tombstone.h"

#include <string.h>

/* The lines to remove, each once. */
struct removal {
	const struct options *options;
	struct roster *roster;
	const struct roster_entry **entries;
	size_t count, room;
};

static int out_of_memory(void)
{
	struct reason why;

	reason_set(&why, "Out of memory");
	return admin_fail(EX_OSERR, &why);
}

static bool is_among(const struct removal *removal, const struct roster_entry *entry)
{
	for (size_t i = 0; i < removal->count; i++)
		if (removal->entries[i] == entry)
			return true;
	return false;
}

static int add_entry(struct removal *removal, const struct roster_entry *entry)
{
	if (is_among(removal, entry))
		return 0;
	if (removal->count == removal->room) {
		size_t room = removal->room ? 2 * removal->room : 16;
		void *grown = reallocarray(removal->entries, room, sizeof(struct roster_entry *));

		if (!grown)
			return out_of_memory();
		removal->entries = grown;
		removal->room = room;
	}
	removal->entries[removal->count++] = entry;
	return 0;
}

static bool has_lines_to_purge(const struct removal *removal, const char *id)
{
	const struct roster_entry *entry =
		agent_id_is_valid(id, strlen(id))
			? roster_first_with_id(removal->roster, (unsigned int)strtoul(id, NULL, 10))
			: NULL;

	for (; removal->options->admin.purge && entry; entry = roster_next_with_id(entry))
		if (roster_entry_is_tombstone(entry))
			return true;
	return false;
}

/* All lines of the id: one that stayed behind would still let an agent in. */
static int add_lines(struct removal *removal, const char *id)
{
	const struct roster_entry *entry;
	struct reason why;
	int status = 0;

	if (!has_lines_to_purge(removal, id) && !agents_find(removal->roster, id, &why))
		return admin_fail(EX_DATAERR, &why);
	entry = roster_first_with_id(removal->roster, (unsigned int)strtoul(id, NULL, 10));
	for (; entry && status == 0; entry = roster_next_with_id(entry))
		if (roster_entry_is_agent(entry) ||
		    (removal->options->admin.purge && roster_entry_is_tombstone(entry)))
			status = add_entry(removal, entry);
	return status;
}

/* Of an agent that was removed before, only the id is known. */
static void print_line(const struct roster_entry *entry)
{
	if (roster_entry_is_tombstone(entry))
		printf("%s\n", entry->id_text);
	else
		admin_print_agent(entry->id_text, entry->name, entry->ip);
}

/* Returns an exit status. */
static int commit(const struct removal *removal)
{
	const struct options *options = removal->options;
	cleanup(records_clear) struct records records = { .first = NULL };
	enum roster_tombstone tombstone = options->admin.purge
						  ? ROSTER_TOMBSTONE_NOTHING
						  : dialect_tombstone(options->policy.dialect);
	int status;

	for (size_t i = 0; i < removal->count; i++)
		roster_remove(removal->roster, removal->entries[i], tombstone);
	for (size_t i = 0; i < removal->count; i++)
		records_remove(&records, removal->roster, removal->entries[i]->id_text);
	status = admin_commit(removal->roster, options, &records);
	if (status != 0)
		return status;
	for (size_t i = 0; i < removal->count; i++)
		print_line(removal->entries[i]);
	return admin_finish_output();
}

/* What makes the running manager forget them: its daemons know keys by what they have read. */
static void explain(const struct options *options)
{
	char restart[PATH_MAX];

	installation_restart(restart, options->directory);
	if (options->admin.purge)
		log_info("Restart the manager before these IDs are assigned again: %s", restart);
	else if (options->policy.dialect == DIALECT_WAZUH)
		log_info("A running manager stops accepting the keys within about 10 seconds "
			 "(remoted.keyupdate_interval)");
	else
		log_info("A running manager accepts the keys until it is restarted: %s", restart);
}

static int remove_all(const struct removal *removal)
{
	struct local_authd authd;
	bool has_authd;
	size_t removed = 0;
	int status = by_authd_find(&authd, &has_authd, removal->options);

	if (status != 0)
		roster_cancel(removal->roster);
	else
		status = has_authd ? by_authd_remove(&authd, removal->roster, removal->options,
						     removal->entries, removal->count, &removed)
				   : commit(removal);
	if (status == 0 || removed > 0)
		explain(removal->options);
	return status;
}

int remove_command(struct program *program)
{
	const struct options *options = program->options;
	cleanup(release_roster) struct roster *roster = NULL;
	struct removal removal = { .options = options };
	int status = admin_begin(&roster, options, false);

	removal.roster = roster;
	for (int i = 0; status == 0 && i < options->line.argument_count; i++)
		status = add_lines(&removal, options->line.arguments[i]);
	if (status == 0)
		status = remove_all(&removal);
	else if (roster)
		roster_cancel(roster);
	free(removal.entries);
	return status;
}
