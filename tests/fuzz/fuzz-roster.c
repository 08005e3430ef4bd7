/* SPDX-License-Identifier: ISC */
/*
 * Any client.keys at all: whoever is listed can be read and found, and removing one leaves the
 * others as they were. If a call is to fail (faults.h), that is what happens first: one is removed,
 * or none is.
 */
#include "directory.h"
#include "faults.h"
#include "fuzz.h"

#include "common/agent-address.h"
#include "registrar/agents/roster.h"

/* What is found by an address has that one. */
static void check_address(const struct roster *roster, const char *ip)
{
	const struct roster_entry *whole = roster_find_ip_and_mask(roster, ip);
	char key[AGENT_ADDRESS_KEY_SIZE], same[AGENT_ADDRESS_KEY_SIZE];

	agent_address_key(key, ip);
	if (whole) {
		agent_address_key(same, whole->ip);
		HOLDS(strcmp(key, same) == 0);
	}
	(void)roster_find_ip(roster, ip); /* one of several */
	HOLDS(whole || strcmp(ip, "any") == 0 || strcmp(ip, "0.0.0.0") == 0 || strchr(ip, '/') ||
	      strchr(ip, '!') || roster_find_ip(roster, ip));
}

/* All lines come in the order of their ids. */
static void check_order(struct roster *roster)
{
	const struct roster_entry *entry;
	unsigned int before = 0, next = roster_next_id(roster, 1);

	for (size_t i = roster_seek(roster, 0, 0); (entry = roster_at(roster, i)); i++) {
		HOLDS(entry->id >= before);
		before = entry->id;
		HOLDS(roster_seek(roster, entry->id, 0) <= i &&
		      roster_first_with_id(roster, before));
		HOLDS(!roster_entry_is_agent(entry) || !roster_entry_is_tombstone(entry));
		HOLDS(roster_find_id(roster, before));
	}
	HOLDS(next == 0 || !roster_first_with_id(roster, next));
	next = roster_next_id(roster, ROSTER_ID_MAX);
	HOLDS(next == 0 || !roster_first_with_id(roster, next));
	HOLDS(!roster_find_agent(roster, "x", NULL));
}

static size_t check_entries(struct roster *roster)
{
	const struct roster_entry **entries;
	size_t count;

	HOLDS(roster_list(roster, &entries, &count) == 0 && count == roster_count(roster));
	check_order(roster);
	for (size_t i = 0; i < count; i++) {
		struct agent_key agent;

		HOLDS(roster_read(roster, entries[i], &agent) == 0);
		HOLDS(strcmp(agent.name, entries[i]->name) == 0 &&
		      strcmp(agent.id, entries[i]->id_text) == 0);
		HOLDS(roster_find_name(roster, agent.name) &&
		      roster_find_id(roster, entries[i]->id));
		HOLDS(roster_find_agent(roster, agent.id, agent.name) &&
		      roster_find_agent(roster, agent.id, NULL));
		check_address(roster, agent.ip);
	}
	free(entries);
	return count;
}

/* What is known of the file is what somebody finds out who reads it now. */
static void check_against_file(struct roster *roster)
{
	const struct roster_entry *entry, *other;
	struct roster *read;
	struct reason why;
	size_t i = roster_seek(roster, 0, 0);

	HOLDS(roster_open_reading(&read, fuzz_directory(), NULL, &why) == 0);
	HOLDS(roster_seek(read, 0, 0) == i);
	for (; (entry = roster_at(roster, i)); i++) {
		other = roster_at(read, i);
		HOLDS(other && other->offset == entry->offset && other->length == entry->length);
		HOLDS(strcmp(other->id_text, entry->id_text) == 0);
		HOLDS(roster_entry_is_agent(other) == roster_entry_is_agent(entry));
		HOLDS(roster_entry_is_tombstone(other) == roster_entry_is_tombstone(entry));
		HOLDS(!other->name == !entry->name && !other->ip == !entry->ip);
		HOLDS(!other->name || strcmp(other->name, entry->name) == 0);
		HOLDS(!other->ip || strcmp(other->ip, entry->ip) == 0);
	}
	HOLDS(!roster_at(read, i));
	HOLDS(roster_size(read) == roster_size(roster));
	HOLDS(roster_count(read) == roster_count(roster));
	HOLDS(roster_next_id(read, 1) == roster_next_id(roster, 1));
	HOLDS(roster_next_id(read, ROSTER_ID_MAX) == roster_next_id(roster, ROSTER_ID_MAX));
	roster_close(read);
}

static void add_one(struct roster *roster)
{
	static const char line[] = "4711 agent any 0123456789abcdef";
	struct agent_key agent;

	HOLDS(agent_key_parse(&agent, line, sizeof line - 1) == AGENT_KEY_OK);
	HOLDS(roster_add(roster, &agent) == 0);
}

/*
 * Remove one, in the way that `how` says, if there is one; another one may come at the same time.
 * Returns how many there were.
 */
static size_t remove_one(struct roster *roster, uint8_t how)
{
	size_t count = check_entries(roster);
	const struct roster_entry **entries;
	struct reason why;

	if (count == 0)
		return 0;
	HOLDS(roster_list(roster, &entries, &count) == 0);
	roster_remove(roster, entries[how % count], (enum roster_tombstone)(how % 3));
	free(entries);
	if (how >= 128)
		add_one(roster);
	HOLDS(roster_commit(roster, &why) == 0);
	HOLDS(roster_begin(roster, &why) == 0);
	HOLDS(check_entries(roster) == count - 1 + (how >= 128));
	return count;
}

/* ------------------------------------------------------------------ what fails */

/* The same, one call of which fails. Returns how many were removed: if it failed, none. */
static size_t remove_first(struct roster *roster, struct reason *why)
{
	const struct roster_entry **entries;
	size_t count;
	int r = roster_begin(roster, why);

	HOLDS(r >= 0 || why->text[0]);
	if (r < 0)
		return 0;
	r = roster_list(roster, &entries, &count);
	if (r >= 0) {
		if (count > 0)
			roster_remove(roster, entries[0], ROSTER_TOMBSTONE_WAZUH);
		free(entries);
		r = roster_commit(roster, why);
		HOLDS(r >= 0 || why->text[0]);
	}
	roster_cancel(roster);
	return r >= 0 && count > 0;
}

static void check_faults(size_t count)
{
	struct roster *roster = NULL;
	struct reason why = { "" };
	size_t removed = 0;
	int r;

	fuzz_faults_begin();
	r = roster_open(&roster, fuzz_directory(), (gid_t)-1, NULL, &why);
	if (r >= 0)
		removed = remove_first(roster, &why);
	fuzz_faults_end();
	HOLDS(r >= 0 || why.text[0]);
	HOLDS_WITHOUT_FAULT(!why.text[0]);
	if (r >= 0)
		roster_close(roster);
	HOLDS(roster_open(&roster, fuzz_directory(), (gid_t)-1, NULL, &why) == 0);
	HOLDS(roster_begin(roster, &why) == 0);
	HOLDS(check_entries(roster) == count - removed);
	roster_cancel(roster);
	roster_close(roster);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct roster *roster;
	struct reason why;
	size_t count;

	size = fuzz_faults_read(data, size);
	if (size == 0)
		return 0;
	fuzz_write("client.keys", data + 1, size - 1);
	HOLDS(roster_open(&roster, fuzz_directory(), (gid_t)-1, NULL, &why) == 0);
	HOLDS(roster_begin(roster, &why) == 0);
	count = remove_one(roster, data[0]);
	roster_cancel(roster); /* another reader can have the lock */
	check_against_file(roster);
	roster_close(roster);
	if (fuzz_faults_are_asked()) {
		fuzz_write("client.keys", data + 1, size - 1);
		check_faults(count);
	}
	return 0;
}
