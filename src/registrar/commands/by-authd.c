/* SPDX-License-Identifier: ISC */
#include "registrar/commands/by-authd.h"

#include "common/deadline.h"
#include "common/log.h"
#include "registrar/commands/admin.h"
#include "registrar/commands/progress.h"

#include <string.h>
#include <time.h>

/* For authd to write client.keys. Before, it may wait for its database, for up to 15 seconds. */
#define WRITE_PATIENCE (20 * USEC_PER_SEC)

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
	bool is_agreed;  /* authd has said that it does it */
	bool is_refused; /* authd has said that it does not, which is logged */
	bool is_made;    /* client.keys says so */
};

static void look(struct change *change, const struct roster *roster)
{
	const struct roster_entry *entry =
		roster_find_id(roster, (unsigned int)strtoul(change->id, NULL, 10));
	bool is_there = entry && roster_entry_is_agent(entry) &&
			strcmp(entry->name, change->name) == 0;

	change->is_made = is_there == change->is_there;
	/* authd may have given the address another form. */
	if (is_there && change->is_there)
		(void)snprintf(change->ip, sizeof change->ip, "%s", entry->ip);
}

/* Look at all of them. Returns whether those are made that authd has agreed to. */
static bool look_at_all(struct change *changes, size_t count, const struct roster *roster)
{
	bool all = true;

	for (size_t i = 0; i < count; i++) {
		look(&changes[i], roster);
		all = all && (changes[i].is_made || !changes[i].is_agreed);
	}
	return all;
}

static int report_missing(const struct change *changes, size_t count)
{
	struct reason why;

	for (size_t i = 0; i < count; i++)
		if (changes[i].is_agreed && !changes[i].is_made) {
			reason_set(&why,
				   "wazuh-authd has agreed, but agent %s (%s) is %s client.keys "
				   "after %u seconds; it may still write that",
				   changes[i].id, changes[i].name,
				   changes[i].is_there ? "not in" : "still in",
				   (unsigned int)(WRITE_PATIENCE / USEC_PER_SEC));
			(void)admin_fail(EX_TEMPFAIL, &why);
		}
	return EX_TEMPFAIL;
}

/* authd answers before it writes. Success is what the file says. */
static int wait_for_file(struct roster *roster, struct change *changes, size_t count)
{
	static const struct timespec pause = { .tv_nsec = 20 * 1000 * 1000 };
	uint64_t end = monotonic_usec() + WRITE_PATIENCE;
	struct reason why;

	do {
		int r = roster_begin_within(roster, WRITE_PATIENCE, &why);
		bool all;

		if (r < 0)
			return admin_fail_file(r, &why);
		all = look_at_all(changes, count, roster);
		roster_cancel(roster);
		if (all)
			return 0;
		(void)nanosleep(&pause, NULL);
	} while (monotonic_usec() < end);
	return report_missing(changes, count);
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

/*
 * authd counts on behind the highest id, be it the last one that there is: what it would choose
 * then is an id that no agent can have.
 */
static bool authd_can_choose(const struct roster *roster)
{
	return !roster_first_with_id(roster, ROSTER_ID_MAX);
}

static int add_one(const struct local_authd *authd, const struct options *options,
		   struct agent_record *record, bool choose, struct change *ret)
{
	struct agent_key agent = { .id = "" };
	struct local_authd_force buffer;
	struct local_authd_answer answer;
	struct change change = { .is_there = true, .is_agreed = true };
	struct reason why;

	if (options->admin.id || !choose)
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
		struct change *change = &changes[i];
		int r = local_authd_remove(authd, change->id, true, &answer, &why);

		change->is_there = false;
		change->is_agreed = r >= 0 && answer.error == 0;
		if (!change->is_agreed)
			log_error("Agent %s (%s) was added and stays: %s", change->id, change->name,
				  r < 0 ? why.text : answer.message);
	}
	(void)wait_for_file(roster, changes, count); /* the command has failed anyway */
}

/* Those of the records that are in client.keys have the form that they have there. */
static void take_addresses(struct records *records, const struct change *changes)
{
	for (struct agent_record *at = records->first; at; at = at->next)
		memcpy(at->ip, (changes++)->ip, sizeof at->ip);
}

int by_authd_add(const struct local_authd *authd, struct roster *roster,
		 const struct options *options, struct records *records)
{
	cleanup_free struct change *changes = calloc(records->count + 1, sizeof *changes);
	bool choose = authd_can_choose(roster);
	size_t count = 0;
	struct reason why;
	int status = 0;

	roster_cancel(roster);
	if (!changes) {
		reason_set(&why, "Out of memory");
		return admin_fail(EX_OSERR, &why);
	}
	for (struct agent_record *at = records->first; at && status == 0; at = at->next) {
		progress_show("Asking wazuh-authd", count, records->count);
		status = add_one(authd, options, at, choose, &changes[count]);
		count += status == 0;
	}
	if (status != 0) {
		take_back(authd, roster, changes, count);
		return status;
	}
	status = wait_for_file(roster, changes, count);
	if (status == 0)
		take_addresses(records, changes);
	return status;
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
		      struct change *change)
{
	struct local_authd_answer answer;
	struct reason why;

	if (local_authd_remove(authd, change->id, options->admin.purge, &answer, &why) < 0)
		return admin_fail(EX_TEMPFAIL, &why);
	change->is_agreed = answer.error == 0;
	change->is_refused = answer.error != 0;
	return change->is_refused ? refuse(change, &answer) : 0;
}

/*
 * One after the other, because authd cannot do it at once. Whom it refuses, another has removed
 * meanwhile: the others are still to be removed. Returns the status of the first failure.
 */
static int ask_for_all(const struct local_authd *authd, const struct options *options,
		       struct change *changes, size_t count)
{
	int first = 0;

	for (size_t i = 0; i < count; i++) {
		int status = remove_one(authd, options, &changes[i]);

		first = first ?: status;
		if (status == EX_TEMPFAIL)
			break;
	}
	return first;
}

/* What client.keys says in the end, also where authd did not. Returns how many are removed. */
static size_t print_removed(const struct change *changes, size_t count)
{
	size_t removed = 0;

	for (size_t i = 0; i < count; i++) {
		const struct change *change = &changes[i];

		if (change->is_refused)
			continue;
		removed += change->is_made;
		if (change->is_made)
			admin_print_agent(change->id, change->name, change->ip);
		else if (!change->is_agreed)
			log_error("Agent %s (%s) is not removed", change->id, change->name);
	}
	return removed;
}

static void make_changes(struct change *ret, const struct roster_entry *const *entries,
			 size_t count)
{
	for (size_t i = 0; i < count; i++) {
		memcpy(ret[i].id, entries[i]->id_text, sizeof ret[i].id);
		(void)snprintf(ret[i].name, sizeof ret[i].name, "%s", entries[i]->name);
		(void)snprintf(ret[i].ip, sizeof ret[i].ip, "%s", entries[i]->ip);
	}
}

int by_authd_remove(const struct local_authd *authd, struct roster *roster,
		    const struct options *options, const struct roster_entry *const *entries,
		    size_t count, size_t *ret_removed)
{
	cleanup_free struct change *changes = calloc(count + 1, sizeof *changes);
	int status = changes ? 0 : EX_OSERR, failed;

	for (size_t i = 0; i < count && status == 0; i++)
		status = check(roster, entries[i]);
	if (status == 0)
		make_changes(changes, entries, count);
	roster_cancel(roster);
	if (status != 0)
		return status;
	status = ask_for_all(authd, options, changes, count);
	failed = wait_for_file(roster, changes, count);
	status = status ?: failed;
	*ret_removed = print_removed(changes, count);
	failed = admin_finish_output();
	return status ?: failed;
}
