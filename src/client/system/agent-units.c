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
	bool is_active;   /* or about to be */
	bool is_stopping; /* and may still run */
	uint64_t since;   /* CLOCK_MONOTONIC, microseconds */
};

static void parse_state(struct unit_state *ret, const char *shown)
{
	char text[32] = "";

	ret->is_active = systemctl_property(shown, "ActiveState", text, sizeof text) &&
			 (strcmp(text, "active") == 0 || strcmp(text, "activating") == 0 ||
			  strcmp(text, "reloading") == 0);
	ret->is_stopping = strcmp(text, "deactivating") == 0;
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

	if (systemctl_show(shown, sizeof shown, units->names,
			   "Id,PartOf,ActiveState,InactiveExitTimestampMonotonic") < 0)
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

int agent_units_start_target(struct reason *why)
{
	static const char *const restart[] = { "--no-block", "restart", "agent-registered.target",
					       NULL };

	return systemctl(restart, -1, why);
}

static void set_mark(const char *directory, const char *name, bool is_set)
{
	cleanup_free char *path = NULL;

	if (!directory || asprintf(&path, "%s/%s", directory, name) < 0) {
		path = NULL;
		return;
	}
	if (is_set)
		release_fd(&(int){ open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644) });
	else
		(void)unlink(path);
}

void agent_units_hold(bool hold)
{
	/*
	 * Only the service creates the file, but a run by an administrator must be able to remove
	 * it as well.
	 */
	set_mark(getenv("RUNTIME_DIRECTORY") ?: hold ? NULL : "/run/agent-register", "hold", hold);
}

void agent_units_mark_manager(bool is_manager)
{
	set_mark(getenv("RUNTIME_DIRECTORY"), "manager", is_manager);
}
