/* SPDX-License-Identifier: ISC */
#include "client/registration/binding.h"

#include "common/escape.h"

#include <stdio.h>
#include <string.h>

/* ------------------------------------------------------------------ a mark and a mark */

enum relation { UNKNOWN, EQUAL, DIFFERENT };

/* One kind of mark on both sides. */
struct comparison {
	const char *name;
	bool is_hash;
	const char *bound, *now;
	enum relation relation;
};

enum kind { MACHINE, INSTANCE, HARDWARE, KINDS };

static enum relation relation_of(const char *bound, const char *now, bool may_change_by_itself)
{
	if (!bound[0] || !now[0])
		return UNKNOWN;
	if (strcmp(bound, now) == 0)
		return EQUAL;
	return may_change_by_itself ? UNKNOWN : DIFFERENT;
}

/* A fallback can only be in a state that is older than the rule. */
static const char *real_instance(const struct machine_marks *marks)
{
	return machine_marks_is_fallback(marks->instance) ? "" : marks->instance;
}

static void compare(struct comparison ret[static KINDS], const struct machine_marks *bound,
		    const struct machine_marks *now)
{
	ret[MACHINE] = (struct comparison){ "machine ID", true, bound->machine, now->machine, 0 };
	ret[INSTANCE] = (struct comparison){ "instance ID", false, real_instance(bound),
					     real_instance(now), 0 };
	ret[HARDWARE] = (struct comparison){ "hardware ID", true, bound->hardware, now->hardware,
					     0 };
	for (size_t i = 0; i < KINDS; i++)
		ret[i].relation = relation_of(ret[i].bound, ret[i].now,
					      i == MACHINE &&
						      (bound->is_transient || now->is_transient));
}

/* ------------------------------------------------------------------ what follows */

static bool is_copy(enum relation machine, enum relation instance, enum relation hardware)
{
	switch (machine) {
	case DIFFERENT:
		return instance != EQUAL && hardware != EQUAL;
	case EQUAL:
		return instance == DIFFERENT && hardware == DIFFERENT;
	default:
		return instance == UNKNOWN ? hardware == DIFFERENT
					   : instance == DIFFERENT && hardware != EQUAL;
	}
}

static size_t count(const struct comparison marks[static KINDS], enum relation relation)
{
	size_t n = 0;

	for (size_t i = 0; i < KINDS; i++)
		n += marks[i].relation == relation;
	return n;
}

static void describe(struct reason *changes, const struct comparison marks[static KINDS])
{
	char differing[768] = "", equal[128] = "", from[4 * 64], to[4 * 64];
	size_t equal_count = count(marks, EQUAL);

	for (size_t i = 0; i < KINDS; i++) {
		const struct comparison *mark = &marks[i];
		char *text = mark->relation == EQUAL ? equal : differing;
		size_t size = mark->relation == EQUAL ? sizeof equal : sizeof differing,
		       used = strlen(text);
		const char *and = used > 0 ? " and " : "", *hash = mark->is_hash ? "hash " : "";
		int length = mark->is_hash ? 8 : 60;

		if (mark->relation == EQUAL)
			(void)snprintf(text + used, size - used, "%sthe %s", and, mark->name);
		if (mark->relation != DIFFERENT)
			continue;
		(void)snprintf(text + used, size - used, "%sthe %s changed from %s%.*s to %s%.*s",
			       and, mark->name, hash, length,
			       escape_string(from, sizeof from, mark->bound), hash, length,
			       escape_string(to, sizeof to, mark->now));
	}
	reason_set(changes, "%s%s%s%s", differing, equal_count > 0 ? ", but " : "", equal,
		   equal_count > 1   ? " are the same"
		   : equal_count > 0 ? " is the same"
				     : "");
}

enum binding binding_judge(const struct machine_marks *bound, const struct machine_marks *now,
			   struct reason *changes)
{
	struct comparison marks[KINDS];

	compare(marks, bound, now);
	if (count(marks, UNKNOWN) == KINDS)
		return BINDING_NONE;
	if (count(marks, DIFFERENT) == 0)
		return BINDING_OURS;
	describe(changes, marks);
	return is_copy(marks[MACHINE].relation, marks[INSTANCE].relation, marks[HARDWARE].relation)
		       ? BINDING_OTHER
		       : BINDING_CHANGED;
}

/* ------------------------------------------------------------------ the key of this machine */

bool binding_knows(const struct state *state, const struct agent_key *key)
{
	return strcmp(state->registration.agent_id, key->id) == 0 &&
	       strcmp(state->registration.agent_name, key->name) == 0;
}

enum binding binding_of(const struct state *state, const struct agent_key *key,
			struct reason *changes)
{
	struct machine_marks now;

	if (!binding_knows(state, key))
		return BINDING_NONE;
	machine_marks_read(&now);
	return binding_judge(&state->bound, &now, changes);
}

/* A mark that is absent now says nothing against the one that was there. */
static bool take_mark(char *bound, const char *now, size_t size)
{
	if (!now[0] || strcmp(bound, now) == 0)
		return false;
	memcpy(bound, now, size);
	return true;
}

bool binding_complete(struct state *state)
{
	struct machine_marks *bound = &state->bound, now;
	bool changed = false;

	machine_marks_read(&now);
	/* of a boot only: it must not take the place of a lasting one, nor be written every time */
	if (!now.is_transient || !bound->machine[0]) {
		changed = take_mark(bound->machine, now.machine, sizeof now.machine);
		if (now.machine[0] && bound->is_transient != now.is_transient) {
			bound->is_transient = now.is_transient;
			changed = true;
		}
	}
	changed |= take_mark(bound->instance, now.instance, sizeof now.instance);
	changed |= take_mark(bound->hardware, now.hardware, sizeof now.hardware);
	return changed;
}

void binding_renew(struct state *state, const struct agent_key *key)
{
	state->registration = (struct state_registration){ 0 };
	state->attempts = (struct state_attempts){ 0 };
	memcpy(state->registration.agent_id, key->id, sizeof key->id);
	memcpy(state->registration.agent_name, key->name, sizeof key->name);
	machine_marks_read(&state->bound);
}
