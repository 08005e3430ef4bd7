/* SPDX-License-Identifier: ISC */
/*
 * Whatever lies there as the state file, what was read of it is the same when it is written and
 * read again.
 */
#include "directory.h"
#include "fuzz.h"

#include "client/registration/state.h"

#include <errno.h>
#include <stdio.h>

#define SIZE_MAX_READ ((size_t)128 * 1024)

static void check_terminated(const struct state *state)
{
	HOLDS(strlen(state->registration.agent_name) < sizeof state->registration.agent_name);
	HOLDS(strlen(state->attempts.last.error) < sizeof state->attempts.last.error);
	HOLDS(state->attempts.manager_count <= STATE_MAX_MANAGERS);
	for (size_t i = 0; i < state->attempts.manager_count; i++) {
		const struct manager_state *manager = &state->attempts.managers[i];

		HOLDS(strlen(manager->address) < sizeof manager->address);
		HOLDS(strlen(manager->outcome) < sizeof manager->outcome);
		HOLDS(strlen(manager->unanswered.name) < sizeof manager->unanswered.name);
	}
}

static void check_same(const struct state *a, const struct state *b)
{
	HOLDS(strcmp(a->registration.agent_id, b->registration.agent_id) == 0);
	HOLDS(strcmp(a->registration.agent_name, b->registration.agent_name) == 0);
	HOLDS(a->registration.registered_at == b->registration.registered_at);
	HOLDS(strcmp(a->registration.missing_groups, b->registration.missing_groups) == 0);
	HOLDS(strcmp(a->bound.machine, b->bound.machine) == 0);
	HOLDS(strcmp(a->bound.hardware, b->bound.hardware) == 0);
	HOLDS(a->bound.is_transient == b->bound.is_transient);
	HOLDS(strcmp(a->counters_of, b->counters_of) == 0);
	HOLDS(a->attempts.count == b->attempts.count);
	HOLDS(strcmp(a->attempts.last.error, b->attempts.last.error) == 0);
	HOLDS(a->attempts.last.at == b->attempts.last.at);
}

/* Where no directory can be. */
static void check_unwritable(const struct state *state)
{
	struct reason why = { "" };
	char path[128];

	(void)snprintf(path, sizeof path, "%s/state/none", fuzz_directory());
	HOLDS(state_save(state, path, &why) == -ENOTDIR && why.text[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct state state, again, once_more;
	struct reason why = { "" };

	if (size > SIZE_MAX_READ)
		return 0;
	fuzz_write("state", data, size);
	HOLDS(state_load(&state, fuzz_directory(), NULL) == 0);
	check_terminated(&state);
	HOLDS(state_save(&state, fuzz_directory(), &why) == 0);
	check_unwritable(&state);
	HOLDS(state_load(&again, fuzz_directory(), NULL) == 0);
	check_terminated(&again);
	check_same(&state, &again);
	/* What did not survive once cannot come back. */
	HOLDS(again.attempts.manager_count <= state.attempts.manager_count);
	HOLDS(state_save(&again, fuzz_directory(), &why) == 0);
	HOLDS(state_load(&once_more, fuzz_directory(), NULL) == 0);
	check_same(&again, &once_more);
	HOLDS(again.attempts.manager_count == once_more.attempts.manager_count);
	HOLDS(state_manager(&once_more, "127.0.0.1:1515"));
	HOLDS(once_more.attempts.manager_count <= STATE_MAX_MANAGERS);
	return 0;
}
