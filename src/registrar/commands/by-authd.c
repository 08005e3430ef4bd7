/* SPDX-License-Identifier: ISC */
#include "registrar/commands/by-authd.h"

#include "common/deadline.h"
#include "common/log.h"
#include "registrar/commands/admin.h"

#include <string.h>
#include <time.h>

#define WRITE_PATIENCE (10 * USEC_PER_SEC) /* for authd to write client.keys */

int by_authd_find(struct local_authd *ret, bool *ret_found, const struct options *options)
{
	struct reason why;
	int r = local_authd_find(ret, options->paths.queue_directory, &why);

	if (r < 0)
		return admin_fail(EX_TEMPFAIL, &why);
	*ret_found = r > 0;
	if (r > 0)
		log_debug("wazuh-authd runs, and makes the change (%s)", ret->path);
	return 0;
}

/* ------------------------------------------------------------------ waiting for client.keys */

/* What authd was asked for: this agent is there, or is no more. */
struct change {
	char id[AGENT_ID_MAX + 1];
	char name[AGENT_NAME_MAX + 1];
	char ip[AGENT_IP_MAX + 1]; /* for printing */
	bool is_there;
};

static bool is_made(const struct roster *roster, const struct change *change)
{
	const struct roster_entry *entry =
		roster_find_id(roster, (unsigned int)strtoul(change->id, NULL, 10));
	bool is_there = entry && roster_entry_is_agent(entry) &&
			strcmp(entry->name, change->name) == 0;

	return is_there == change->is_there;
}

/* The first that is not; null: all are. */
static const struct change *find_missing(const struct roster *roster, const struct change *changes,
					 size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!is_made(roster, &changes[i]))
			return &changes[i];
	return NULL;
}

/* authd answers before it writes. Success is what the file says. */
static int wait_for_file(struct roster *roster, const struct change *changes, size_t count)
{
	static const struct timespec pause = { .tv_nsec = 20 * 1000 * 1000 };
	uint64_t end = monotonic_usec() + WRITE_PATIENCE;
	const struct change *missing;
	struct reason why;

	do {
		int r = roster_begin_within(roster, WRITE_PATIENCE, &why);

		if (r < 0)
			return admin_fail_file(r, &why);
		missing = find_missing(roster, changes, count);
		roster_cancel(roster);
		if (!missing)
			return 0;
		(void)nanosleep(&pause, NULL);
	} while (monotonic_usec() < end);
	reason_set(&why,
		   "wazuh-authd has agreed, but agent %s (%s) is %s client.keys after %u seconds",
		   missing->id, missing->name, missing->is_there ? "not in" : "still in",
		   (unsigned int)(WRITE_PATIENCE / USEC_PER_SEC));
	return admin_fail(EX_TEMPFAIL, &why);
}

/* ------------------------------------------------------------------ adding */

static const struct local_authd_force *force_of(const struct options *options,
						struct local_authd_force *buffer)
{
	const struct force_rules *rules = &options->policy.force;

	switch (options->policy.on_duplicate) {
	case ON_DUPLICATE_REPLACE:
		*buffer = (struct local_authd_force){ .ask_disconnected = false };
		return buffer;
	case ON_DUPLICATE_FORCE:
		*buffer = (struct local_authd_force){
			.ask_disconnected = rules->check_disconnected,
			.disconnected_time = rules->disconnected_time,
			.after_registration_time = rules->after_registration_time,
		};
		return buffer;
	default:
		return NULL;
	}
}

static int refuse(const struct change *change, const struct local_authd_answer *answer)
{
	struct reason why;

	reason_set(&why, "wazuh-authd refuses %s: %s (%d)", change->name, answer->message,
		   answer->error);
	return admin_fail(EX_DATAERR, &why);
}

static int add_one(const struct local_authd *authd, const struct options *options,
		   struct agent_record *record, struct change *ret)
{
	struct agent_key agent = { .id = "" };
	struct local_authd_force buffer;
	struct local_authd_answer answer;
	struct change change = { .is_there = true };
	struct reason why;

	if (options->admin.id)
		memcpy(agent.id, record->id, sizeof agent.id);
	memcpy(agent.name, record->name, sizeof agent.name);
	memcpy(agent.ip, record->ip, sizeof agent.ip);
	memcpy(change.name, record->name, sizeof change.name);
	if (local_authd_add(authd, &agent, force_of(options, &buffer), &answer, &why) < 0)
		return admin_fail(EX_TEMPFAIL, &why);
	if (answer.error != 0)
		return refuse(&change, &answer);
	memcpy(change.id, answer.id, sizeof change.id);
	memcpy(record->id, answer.id, sizeof record->id);
	*ret = change;
	return 0;
}

/* What was added before the failure goes again, and leaves nothing. */
static void take_back(const struct local_authd *authd, struct roster *roster,
		      struct change *changes, size_t count)
{
	struct local_authd_answer answer;
	struct reason why;

	for (size_t i = 0; i < count; i++) {
		changes[i].is_there = false;
		if (local_authd_remove(authd, changes[i].id, true, &answer, &why) < 0)
			log_error("Agent %s (%s) was added and stays: %s", changes[i].id,
				  changes[i].name, why.text);
	}
	(void)wait_for_file(roster, changes, count); /* the command has failed anyway */
}

int by_authd_add(const struct local_authd *authd, struct roster *roster,
		 const struct options *options, struct records *records)
{
	cleanup_free struct change *changes = calloc(records->count + 1, sizeof *changes);
	size_t count = 0;
	struct reason why;
	int status = 0;

	roster_cancel(roster);
	if (!changes) {
		reason_set(&why, "Out of memory");
		return admin_fail(EX_OSERR, &why);
	}
	for (struct agent_record *at = records->first; at && status == 0; at = at->next) {
		status = add_one(authd, options, at, &changes[count]);
		count += status == 0;
	}
	if (status != 0) {
		take_back(authd, roster, changes, count);
		return status;
	}
	return wait_for_file(roster, changes, count);
}

/* ------------------------------------------------------------------ removing */

static int fail_about(const struct roster_entry *entry, const char *what)
{
	struct reason why;

	reason_set(&why, "Agent %s: %s; stop the manager, and try again", entry->id_text, what);
	return admin_fail(EX_DATAERR, &why);
}

/* Returns 0, or an exit status, logged: nothing is removed. */
static int check(const struct roster *roster, const struct roster_entry *entry)
{
	if (roster_entry_is_tombstone(entry))
		return fail_about(entry, "wazuh-authd is running, and keeps its line in memory");
	for (const struct roster_entry *at = roster_first_with_id(roster, entry->id); at;
	     at = roster_next_with_id(at))
		if (at != entry && roster_entry_is_agent(at))
			return fail_about(entry, "wazuh-authd is running, "
						 "and knows only one of the agents with this id");
	return 0;
}

static int remove_one(const struct local_authd *authd, const struct options *options,
		      const struct change *change)
{
	struct local_authd_answer answer;
	struct reason why;

	if (local_authd_remove(authd, change->id, options->admin.purge, &answer, &why) < 0)
		return admin_fail(EX_TEMPFAIL, &why);
	return answer.error != 0 ? refuse(change, &answer) : 0;
}

int by_authd_remove(const struct local_authd *authd, struct roster *roster,
		    const struct options *options, const struct roster_entry *const *entries,
		    size_t count)
{
	cleanup_free struct change *changes = calloc(count + 1, sizeof *changes);
	int status = changes ? 0 : EX_OSERR;

	for (size_t i = 0; i < count && status == 0; i++) {
		status = check(roster, entries[i]);
		if (status != 0)
			break;
		memcpy(changes[i].id, entries[i]->id_text, sizeof changes[i].id);
		(void)snprintf(changes[i].name, sizeof changes[i].name, "%s", entries[i]->name);
		(void)snprintf(changes[i].ip, sizeof changes[i].ip, "%s", entries[i]->ip);
	}
	roster_cancel(roster);
	for (size_t i = 0; i < count && status == 0; i++)
		status = remove_one(authd, options, &changes[i]);
	if (status == 0)
		status = wait_for_file(roster, changes, count);
	for (size_t i = 0; i < count && status == 0; i++)
		admin_print_agent(changes[i].id, changes[i].name, changes[i].ip);
	return status != 0 ? status : admin_finish_output();
}
