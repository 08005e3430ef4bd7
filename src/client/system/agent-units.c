/* SPDX-License-Identifier: ISC */
#include "client/system/agent-units.h"

#include "common/cleanup.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

/* ------------------------------------------------------------------ the list */

static const struct layout_unit {
	const char *name;
	const char *directory; /* of the agent in this layout */
} known_units[] = {
#define AGENT_UNIT(name, directory) { name, directory },
#define AGENT_PART(name, directory)
#include "client/system/agent-units.def"
#undef AGENT_UNIT
#undef AGENT_PART
};

#define KNOWN_COUNT (sizeof known_units / sizeof known_units[0])

_Static_assert(KNOWN_COUNT <= SYSTEMCTL_MAX_UNITS, "systemctl_show() can be asked of all of them");

/*
 * Where a layout has the agent. In any other directory, which an administrator has chosen, the
 * units are those of the first one.
 */
static const char *layout_directory(const char *directory)
{
	for (size_t i = 0; i < KNOWN_COUNT; i++)
		if (strcmp(known_units[i].directory, directory) == 0)
			return directory;
	return known_units[0].directory;
}

struct agent_units agent_units_of(const char *configured, const char *directory)
{
	struct agent_units units = { .names = { configured } };
	size_t count = 0;

	if (configured)
		return units;
	directory = layout_directory(directory);
	for (size_t i = 0; i < KNOWN_COUNT; i++)
		if (strcmp(known_units[i].directory, directory) == 0)
			units.names[count++] = known_units[i].name;
	return units;
}

/* ------------------------------------------------------------------ what systemd says of them */

struct unit_state {
	const char *name;
	char id[256]; /* the name that systemd uses, of several */
	char part_of[1024];
	char wanted_by[2048]; /* and required by */
	bool is_there;        /* and not masked */
	bool is_enabled;      /* as systemctl(1) enables units */
	bool is_static;       /* and cannot be enabled */
	bool is_active;       /* or about to be */
	bool is_stopping;     /* and may still run */
	bool has_job;         /* is about to be started, or stopped */
	uint64_t since;       /* the last start, CLOCK_MONOTONIC, microseconds */
	uint64_t until;       /* the last end */
};

#define PROPERTIES                                                           \
	"Id,PartOf,WantedBy,RequiredBy,LoadState,UnitFileState,ActiveState," \
	"InactiveExitTimestampMonotonic,InactiveEnterTimestampMonotonic,Job"

static bool has_value(const char *shown, const char *name, const char *value)
{
	char text[32];

	return systemctl_property(shown, name, text, sizeof text) && strcmp(text, value) == 0;
}

static void parse_installation(struct unit_state *ret, const char *shown)
{
	size_t used;

	ret->is_there = has_value(shown, "LoadState", "loaded");
	ret->is_enabled = has_value(shown, "UnitFileState", "enabled") ||
			  has_value(shown, "UnitFileState", "enabled-runtime");
	ret->is_static = has_value(shown, "UnitFileState", "static");
	(void)systemctl_property(shown, "WantedBy", ret->wanted_by, sizeof ret->wanted_by - 1);
	used = strlen(ret->wanted_by);
	ret->wanted_by[used++] = ' ';
	(void)systemctl_property(shown, "RequiredBy", ret->wanted_by + used,
				 sizeof ret->wanted_by - used);
}

static void parse_state(struct unit_state *ret, const char *shown)
{
	char text[32] = "";

	parse_installation(ret, shown);
	ret->is_active = systemctl_property(shown, "ActiveState", text, sizeof text) &&
			 (strcmp(text, "active") == 0 || strcmp(text, "activating") == 0 ||
			  strcmp(text, "reloading") == 0);
	ret->is_stopping = strcmp(text, "deactivating") == 0;
	if (systemctl_property(shown, "InactiveEnterTimestampMonotonic", text, sizeof text))
		ret->until = strtoull(text, NULL, 10);
	ret->has_job = systemctl_property(shown, "Job", text, sizeof text) &&
		       strtoull(text, NULL, 10) > 0;
	if (systemctl_property(shown, "InactiveExitTimestampMonotonic", text, sizeof text))
		ret->since = strtoull(text, NULL, 10);
	(void)systemctl_property(shown, "Id", ret->id, sizeof ret->id);
	(void)systemctl_property(shown, "PartOf", ret->part_of, sizeof ret->part_of);
}

/* Returns how many units there are; 0 when systemd cannot be asked. */
static size_t ask_states(struct unit_state ret[SYSTEMCTL_MAX_UNITS],
			 const struct agent_units *units)
{
	char shown[16384], *next = shown;
	size_t count = 0;

	if (systemctl_show(shown, sizeof shown, units->names, PROPERTIES) < 0)
		return 0;
	for (; next && units->names[count]; count++) {
		const char *block = next;
		char *end = strstr(next, "\n\n");

		next = end ? end + 2 : NULL;
		if (end)
			*end = '\0';
		ret[count] = (struct unit_state){ .name = units->names[count] };
		parse_state(&ret[count], block);
	}
	return count;
}

const char *agent_units_running(const struct agent_units *units)
{
	struct unit_state states[SYSTEMCTL_MAX_UNITS];
	size_t count = ask_states(states, units);

	for (size_t i = 0; i < count; i++)
		if (states[i].is_active || states[i].is_stopping)
			return states[i].name;
	return NULL;
}

/* ------------------------------------------------------------------ restarting */

/* Is `word` one of the words in `text`? */
static bool has_word(const char *text, const char *word)
{
	size_t length = strlen(word);

	for (; *text; text += strspn(text, " ")) {
		size_t next = strcspn(text, " ");

		if (next == length && strncmp(text, word, length) == 0)
			return true;
		text += next;
	}
	return false;
}

/* Another name of a unit that stands before it, or a part of a unit that is restarted. */
static bool is_restarted_with(const struct unit_state *state, const struct unit_state *states,
			      size_t count, uint64_t moment)
{
	for (size_t i = 0; i < count; i++) {
		const struct unit_state *other = &states[i];

		if (other < state && strcmp(other->id, state->id) == 0)
			return true;
		if (other->is_active && other->since < moment &&
		    has_word(state->part_of, other->id))
			return true;
	}
	return false;
}

struct agent_units agent_units_started_before(const struct agent_units *units, uint64_t moment)
{
	struct unit_state states[SYSTEMCTL_MAX_UNITS];
	struct agent_units started = { 0 };
	size_t count = ask_states(states, units), found = 0;

	for (size_t i = 0; i < count; i++)
		if (states[i].is_active && states[i].since < moment &&
		    !is_restarted_with(&states[i], states, count, moment))
			started.names[found++] = states[i].name;
	return started;
}

int agent_units_restart(const char *unit, struct reason *why)
{
	const char *const restart[] = { "--no-block", "try-restart", "--", unit, NULL };
	struct reason problem = { 0 };
	int r = systemctl(restart, -1, &problem);

	if (r < 0)
		reason_set(why, "Cannot restart %s: %s", unit, problem.text);
	return r;
}

/* ------------------------------------------------------------------ starting */

#define TARGET "agent-registered.target"

/* Is it one of the units that are asked about, by a name that systemd uses or another one? */
static bool is_among(const char *name, const struct unit_state *states, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(states[i].name, name) == 0 || strcmp(states[i].id, name) == 0)
			return true;
	return false;
}

/*
 * Does another unit pull it in, such as multi-user.target? That is how a unit that was generated
 * from an init script is enabled. A unit of the same agent does not count, which need not be
 * enabled itself.
 */
static bool is_pulled_in(const struct unit_state *state, const struct unit_state *states,
			 size_t count)
{
	char others[sizeof state->wanted_by], *rest = others, *name;

	memcpy(others, state->wanted_by, sizeof others);
	while ((name = strsep(&rest, " ")))
		if (*name && strcmp(name, TARGET) != 0 && !is_among(name, states, count))
			return true;
	return false;
}

struct agent_units agent_units_to_start(const struct agent_units *units, uint64_t moment,
					const char **ret_disabled)
{
	struct unit_state states[SYSTEMCTL_MAX_UNITS];
	struct agent_units missing = { 0 };
	size_t count = ask_states(states, units), found = 0;
	const char *disabled = NULL;
	bool has_enabled = false;

	for (size_t i = 0; i < count; i++) {
		const struct unit_state *state = &states[i];

		if (!state->is_there)
			continue;
		if (state->is_enabled || is_pulled_in(state, states, count)) {
			has_enabled = true;
			if (!state->has_job && state->since < moment && state->until < moment)
				missing.names[found++] = state->name;
		} else if (!disabled && !state->is_active && !state->is_static) {
			disabled = state->name;
		}
	}
	*ret_disabled = has_enabled ? NULL : disabled;
	return missing;
}

int agent_units_start(const struct agent_units *units, struct reason *why)
{
	static const char *const restart[] = { "--no-block", "restart", TARGET, NULL };
	const char *start[SYSTEMCTL_MAX_UNITS + 4] = { "--no-block", "start", "--" };
	int r = systemctl(restart, -1, why);

	for (size_t i = 0; i < SYSTEMCTL_MAX_UNITS && units->names[i]; i++)
		start[3 + i] = units->names[i];
	return r == 0 && start[3] ? systemctl(start, -1, why) : r;
}
