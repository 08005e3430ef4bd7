/* SPDX-License-Identifier: ISC */
/*
 * Any agents-timestamp at all: what is added is found, and who is forgotten takes nobody along. The
 * first byte chooses whose lines are looked at. If a call is to fail (faults.h), that is what
 * happens first: it takes nobody along either.
 */
#include "directory.h"
#include "faults.h"
#include "fuzz.h"

#include "registrar/agents/history.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_NAME "agents-timestamp"

static const char *const ids[] = { "001", "002", "1024", "99999999" };

static struct roster_entry entry_of(const char *id)
{
	struct roster_entry entry = { .name = "web-01", .ip = "any" };

	(void)snprintf(entry.id_text, sizeof entry.id_text, "%s", id);
	return entry;
}

/* What the file says of the agent; -1: nothing. */
static time_t look_up(const struct agent_history *history, const struct roster_entry *entry)
{
	time_t when = -1;
	int r = agent_history_registered(history, entry, &when);

	HOLDS(r == 0 ? when != -1 : r == -ENODATA || fuzz_fault_happened());
	return when;
}

static void check_adding(const struct agent_history *history, const struct roster_entry *entry)
{
	const struct agent_event event = { entry->id_text, entry->name, entry->ip, 1700000000 };
	struct reason why;

	HOLDS(agent_history_add(history, &event, 1, &why) == 0);
	HOLDS(look_up(history, entry) == event.when);
}

/* Nobody can write down when that was. */
static void check_never(const struct agent_history *history, const struct roster_entry *entry)
{
	const struct agent_event event = { entry->id_text, entry->name, entry->ip,
					   (time_t)INT64_MAX };
	time_t before = look_up(history, entry);
	struct reason why;

	if (sizeof(time_t) < sizeof(int64_t)) /* all times have a year then */
		return;
	HOLDS(agent_history_add(history, &event, 1, &why) == 0);
	HOLDS(look_up(history, entry) == before);
}

static void check_forgetting(const struct agent_history *history, size_t chosen)
{
	struct reason why;
	time_t before[sizeof ids / sizeof ids[0]];

	for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
		const struct roster_entry entry = entry_of(ids[i]);

		before[i] = look_up(history, &entry);
	}
	HOLDS(agent_history_forget_all(history, &ids[chosen], 1, &why) == 0);
	for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
		const struct roster_entry entry = entry_of(ids[i]);

		HOLDS(look_up(history, &entry) == (i == chosen ? -1 : before[i]));
	}
}

/* What other files of the manager say. */
static void check_seen(const struct agent_history *history, const struct roster_entry *entry)
{
	static const struct agent_history none = { .queue = NULL };
	char path[128];
	time_t seen;
	int r;

	HOLDS(agent_history_seen(&none, entry, &seen) == -ENODATA);
	(void)snprintf(path, sizeof path, "%s/rids", history->queue);
	(void)mkdir(path, 0700);
	fuzz_write("rids/001", "1", 1);
	r = agent_history_seen(history, entry, &seen);
	HOLDS(r == (strcmp(entry->id_text, "001") == 0 ? 0 : -ENODATA));
}

/* Of a manager whose queue cannot be made, or has a name longer than any. */
static void check_no_place(const struct roster_entry *entry)
{
	static char longest[PATH_MAX];
	const struct agent_history nowhere = { .queue = "/dev/null/queue" },
				   too_long = { .queue = longest };
	struct reason why = { "" };

	memset(longest, 'x', sizeof longest - 1);
	HOLDS(agent_history_make(&nowhere, &why) < 0 && why.text[0]);
	why.text[0] = '\0';
	HOLDS(agent_history_make(&too_long, &why) < 0 && why.text[0]);
	HOLDS(!agent_history_exists(&too_long) && look_up(&too_long, entry) == -1);
}

/* Of a manager without a queue. */
static void check_nothing(const struct roster_entry *entry)
{
	static const struct agent_history none = { .queue = NULL };
	const struct agent_event event = { entry->id_text, entry->name, entry->ip, 1 };
	struct stat status;
	struct reason why;

	HOLDS(!agent_history_exists(&none) && look_up(&none, entry) == -1);
	HOLDS(agent_history_open(&none, &status) == -ENODATA);
	HOLDS(agent_history_add(&none, &event, 1, &why) == 0);
	HOLDS(agent_history_forget_all(&none, &ids[0], 1, &why) == 0);
}

/* ------------------------------------------------------------------ what fails */

static void check_failure(int r, const struct reason *why)
{
	HOLDS(r == 0 || (r < 0 && why->text[0] && fuzz_fault_happened()));
}

/* All that can be done, in the order in which it is done later, of which one call fails. */
static void do_all(const struct agent_history *history, const struct roster_entry *entry,
		   const char *const *id)
{
	const struct agent_event event = { entry->id_text, entry->name, entry->ip, 1700000000 };
	struct reason why = { "" };
	struct stat status;
	time_t seen;
	int fd;

	check_failure(agent_history_make(history, &why), &why);
	fd = agent_history_open(history, &status);
	HOLDS(fd >= 0 || fuzz_fault_happened());
	if (fd >= 0)
		(void)close(fd);
	(void)look_up(history, entry);
	(void)!agent_history_seen(history, entry, &seen); /* whatever is right */
	check_failure(agent_history_add(history, &event, 1, &why), &why);
	check_failure(agent_history_forget_all(history, id, 1, &why), &why);
}

/* The others' lines are there, whatever has failed. */
static void check_faults(const struct agent_history *history, size_t chosen)
{
	time_t before[sizeof ids / sizeof ids[0]];
	const struct roster_entry entry = entry_of(ids[chosen]);

	for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
		const struct roster_entry other = entry_of(ids[i]);

		before[i] = look_up(history, &other);
	}
	fuzz_faults_begin();
	do_all(history, &entry, &ids[chosen]);
	fuzz_faults_end();
	for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
		const struct roster_entry other = entry_of(ids[i]);

		HOLDS(i == chosen || look_up(history, &other) == before[i]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct agent_history history = { .queue = fuzz_directory() };
	struct roster_entry entry;
	struct reason why;
	size_t chosen;

	size = fuzz_faults_read(data, size);
	if (size < 1)
		return 0;
	chosen = data[0] % (sizeof ids / sizeof ids[0]);
	entry = entry_of(ids[chosen]);
	check_nothing(&entry);
	check_no_place(&entry);
	fuzz_write(FILE_NAME, NULL, 0);
	HOLDS(!agent_history_exists(&history));
	HOLDS(look_up(&history, &entry) == -1);
	HOLDS(agent_history_make(&history, &why) == 0 && agent_history_exists(&history));
	fuzz_write(FILE_NAME, data + 1, size - 1);
	if (fuzz_faults_are_asked())
		check_faults(&history, chosen);
	(void)look_up(&history, &entry);
	check_seen(&history, &entry);
	check_adding(&history, &entry);
	check_never(&history, &entry);
	check_forgetting(&history, chosen);
	return 0;
}
