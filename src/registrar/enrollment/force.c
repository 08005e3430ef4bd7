/* SPDX-License-Identifier: ISC */
#include "registrar/enrollment/force.h"

#include <errno.h>
#include <string.h>

/*
 * Does the client still have this agent's key, as its K field says? Then replacing it would only
 * cut it off.
 */
static bool is_proven(const struct roster *roster, const struct roster_entry *entry,
		      const struct authd_field *sent)
{
	char hash[AGENT_KEY_HASH_SIZE];

	return sent->text && sent->length == AGENT_KEY_HASH_SIZE - 1 &&
	       roster_key_hash(roster, entry, hash) == 0 &&
	       memcmp(hash, sent->text, sent->length) == 0;
}

static bool is_gone(const struct force_rules *rules, const struct agent_history *history,
		    const struct roster_entry *entry, time_t now, struct reason *why)
{
	time_t seen;
	int r = agent_history_seen(history, entry, &seen);

	if (r == -ENODATA || (r >= 0 && now - seen >= (time_t)rules->disconnected_time))
		return true;
	if (r < 0)
		(void)reason_errno(why, r, "When agent %s was last connected is not known",
				   entry->id_text);
	else
		reason_set(why,
			   "Agent %s was last seen %lld seconds ago, and is replaced only after %u",
			   entry->id_text, (long long)(now - seen), rules->disconnected_time);
	return false;
}

static bool is_old_enough(const struct force_rules *rules, const struct agent_history *history,
			  const struct roster_entry *entry, time_t now, struct reason *why)
{
	time_t registered;
	int r = agent_history_registered(history, entry, &registered);

	if (r >= 0 && now - registered >= (time_t)rules->after_registration_time)
		return true;
	if (r < 0)
		reason_set(why, "When agent %s was registered is not known", entry->id_text);
	else
		reason_set(why,
			   "Agent %s was registered %lld seconds ago, "
			   "and is replaced only after %u",
			   entry->id_text, (long long)(now - registered),
			   rules->after_registration_time);
	return false;
}

bool force_allows(const struct force_rules *rules, const struct agent_history *history,
		  const struct roster *roster, const struct roster_entry *entry,
		  const struct authd_field *key_hash, struct reason *why)
{
	time_t now = time(NULL);

	if (rules->key_mismatch && is_proven(roster, entry, key_hash)) {
		reason_set(why, "The client still has the key of agent %s", entry->id_text);
		return false;
	}
	if (rules->check_disconnected && !is_gone(rules, history, entry, now, why))
		return false;
	return rules->after_registration_time == 0 ||
	       is_old_enough(rules, history, entry, now, why);
}
