/* SPDX-License-Identifier: ISC */
/*
 * Any client.keys at all: whoever is listed can be read and found, and removing one leaves the
 * others as they were.
 */
#include "directory.h"
#include "fuzz.h"

#include "registrar/agents/roster.h"

static size_t check_entries(const struct roster *roster)
{
	const struct roster_entry **entries;
	size_t count;

	HOLDS(roster_list(roster, &entries, &count) == 0 && count == roster_count(roster));
	for (size_t i = 0; i < count; i++) {
		struct agent_key agent;

		HOLDS(roster_read(roster, entries[i], &agent) == 0);
		HOLDS(strcmp(agent.name, entries[i]->name) == 0 &&
		      strcmp(agent.id, entries[i]->id_text) == 0);
		HOLDS(roster_find_name(roster, agent.name) &&
		      roster_find_id(roster, entries[i]->id));
	}
	free(entries);
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct roster_entry **entries;
	struct roster *roster;
	struct reason why;
	size_t count;

	if (size == 0)
		return 0;
	fuzz_write("client.keys", data + 1, size - 1);
	HOLDS(roster_open(&roster, fuzz_directory(), (gid_t)-1, NULL, &why) == 0);
	HOLDS(roster_begin(roster, &why) == 0);
	count = check_entries(roster);
	if (count > 0) {
		HOLDS(roster_list(roster, &entries, &count) == 0);
		roster_remove(roster, entries[data[0] % count],
			      (enum roster_tombstone)(data[0] % 3));
		free(entries);
		HOLDS(roster_commit(roster, &why) == 0);
		HOLDS(roster_begin(roster, &why) == 0);
		HOLDS(check_entries(roster) == count - 1);
	}
	roster_cancel(roster);
	roster_close(roster);
	return 0;
}
