/* SPDX-License-Identifier: ISC */
#include "registrar/agents/roster.h"

#include "common/agent-address.h"
#include "common/cleanup.h"
#include "registrar/agents/keys-line.h"
#include "registrar/agents/roster-internal.h"

#include <string.h>

#define DAMAGE_REPORTS_MAX 10 /* then one line says that there are more */
#define LINES_AT_ONCE 1024    /* between two reports of the progress */

/* ------------------------------------------------------------------ reading the file */

struct reader {
	struct roster *roster;
	const char *content;
	size_t number; /* of the line, from 1 */
	size_t reports;
};

__attribute__((format(printf, 2, 3))) static void report(struct reader *reader, const char *format,
							 ...)
{
	struct reason reason;
	va_list arguments;

	if (!reader->roster->report_damage || reader->reports++ >= DAMAGE_REPORTS_MAX)
		return;
	va_start(arguments, format);
	(void)vsnprintf(reason.text, sizeof reason.text, format, arguments);
	va_end(arguments);
	reader->roster->report_damage(reason.text);
}

/* `length` without, `whole` with the newline. */
static void report_line(struct reader *reader, const struct keys_line *line, size_t length,
			size_t whole)
{
	const char *path = reader->roster->file.path;

	if (line->kind == KEYS_LINE_DAMAGED)
		report(reader, "Line %zu of %s is not a valid agent: %s; it is kept unchanged%s",
		       reader->number, path, agent_key_fault_text(line->fault),
		       length == whole ? " (it has no newline: was a write cut short?)" : "");
	else if (line->kind == KEYS_LINE_AGENT && length == whole)
		report(reader, "The last line of %s has no newline%s; one will be added", path,
		       line->has_usual_key
			       ? ""
			       : " and no key of 64 hexadecimal digits: a write was cut short?");
}

/* Names and ids that are valid need no escapes. */
static void report_same_id(struct reader *reader, const struct keys_line *line)
{
	const struct roster *roster = reader->roster;
	unsigned int id = (unsigned int)strtoul(line->id, NULL, 10);
	const struct roster_entry *entry = roster_first_with_id(roster, id), *other = NULL;

	for (; entry && !other; entry = roster_next_with_id(entry))
		if (roster_entry_is_agent(entry))
			other = entry;
	if (line->kind == KEYS_LINE_AGENT && other)
		report(reader,
		       "Line %zu of %s gives %s the id %s, which %s has already: the manager "
		       "accepts only one of them. Remove the id, and register both anew",
		       reader->number, roster->file.path, line->name, line->id, other->name);
}

int roster_index_line(struct roster *roster, const struct keys_line *line, off_t offset,
		      size_t whole)
{
	int r;

	if (line->id[0] == '\0')
		return 0;
	r = roster_add_line(roster, line->id, line->name[0] ? line->name : NULL,
			    line->ip[0] ? line->ip : NULL, offset, whole);
	if (r >= 0)
		roster->index.lines->is_tombstone = line->kind == KEYS_LINE_REMOVED;
	return r;
}

static int read_line(struct reader *reader, const char *text, size_t length, size_t whole)
{
	struct keys_line line;

	keys_line_read(&line, text, length);
	report_line(reader, &line, length, whole);
	if (line.id[0] == '\0')
		return 0;
	report_same_id(reader, &line);
	return roster_index_line(reader->roster, &line, text - reader->content, whole);
}

static int read_lines(struct reader *reader, size_t length)
{
	const char *at = reader->content, *end = at + length;

	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		size_t whole = (size_t)((newline ? newline + 1 : end) - at);
		int r;

		reader->number++;
		r = read_line(reader, at, whole - (newline != NULL), whole);
		if (r < 0)
			return r;
		at += whole;
		if (at == end || reader->number % LINES_AT_ONCE == 0)
			keys_file_report(&reader->roster->file, length,
					 (size_t)(at - reader->content), length);
	}
	return 0;
}

int roster_read_file(struct roster *roster, bool silent, struct reason *why)
{
	struct reader reader = { .roster = roster };
	cleanup_free char *content = NULL;
	size_t length;
	int r = keys_file_read(&roster->file, &content, &length, why);

	if (r < 0)
		return r;
	roster_moved_clear(&roster->moved);
	roster_forget_lines(roster);
	roster->generation++;
	reader.content = content;
	if (silent)
		reader.reports = DAMAGE_REPORTS_MAX;
	r = read_lines(&reader, length);
	roster->unterminated = length > 0 && content[length - 1] != '\n';
	explicit_bzero(content, length);
	if (r < 0)
		return reason_errno(why, r, "Cannot index %s", roster->file.path);
	if (!silent && reader.reports > DAMAGE_REPORTS_MAX && roster->report_damage)
		roster->report_damage("Further damaged lines not shown");
	roster->stale = false;
	return 0;
}

/* ------------------------------------------------------------------ opening and closing */

/* Read the locked file for the first time. */
static int read_telling(struct roster *roster, const struct keys_progress *progress,
			struct reason *why)
{
	int r;

	roster->file.progress = progress;
	r = roster_read_file(roster, false, why);
	roster->file.progress = NULL;
	return r;
}

/* How a roster is opened. */
struct opening {
	const char *directory;
	gid_t group;
	bool read_only;
	roster_damage_callback *report_damage;
	const struct keys_progress *progress;
};

static int open_roster(struct roster **ret, const struct opening *opening, struct reason *why)
{
	struct roster *roster = calloc(1, sizeof *roster);
	bool changed;
	int r;

	if (!roster)
		return reason_errno(why, ENOMEM, "Cannot read client.keys");
	roster->report_damage = opening->report_damage;
	roster->stale = true;
	r = keys_file_open(&roster->file, opening->directory, opening->group, why);
	roster->file.read_only = opening->read_only;
	if (r >= 0)
		r = keys_file_lock(&roster->file, &changed, why);
	if (r >= 0) {
		r = read_telling(roster, opening->progress, why);
		keys_file_unlock(&roster->file);
	} else if (r == -EAGAIN) {
		r = 0; /* read it at the first transaction */
	}
	if (r < 0) {
		roster_close(roster);
		return r;
	}
	*ret = roster;
	return 0;
}

int roster_open(struct roster **ret, const char *directory, gid_t group,
		roster_damage_callback *report_damage, struct reason *why)
{
	return roster_open_telling(ret, directory, group, report_damage, NULL, why);
}

int roster_open_telling(struct roster **ret, const char *directory, gid_t group,
			roster_damage_callback *report_damage, const struct keys_progress *progress,
			struct reason *why)
{
	const struct opening opening = {
		.directory = directory,
		.group = group,
		.report_damage = report_damage,
		.progress = progress,
	};

	return open_roster(ret, &opening, why);
}

int roster_open_reading(struct roster **ret, const char *directory,
			roster_damage_callback *report_damage, struct reason *why)
{
	const struct opening opening = {
		.directory = directory,
		.group = (gid_t)-1,
		.read_only = true,
		.report_damage = report_damage,
	};

	return open_roster(ret, &opening, why);
}

void roster_wipe_staged(struct roster *roster)
{
	if (roster->staged.text)
		explicit_bzero(roster->staged.text, roster->staged.length);
	roster->staged.length = 0;
	roster->staged.removes = false;
}

void roster_close(struct roster *roster)
{
	if (!roster)
		return;
	roster_wipe_staged(roster);
	free(roster->staged.text);
	roster_moved_clear(&roster->moved);
	roster_forget_lines(roster);
	keys_file_close(&roster->file);
	free(roster);
}

/* ------------------------------------------------------------------ reading an agent */

/*
 * The staged lines are what the file will end in: an offset beyond the file's size is a place in
 * them, and stays right when they are appended.
 */
int roster_read_text(const struct roster *roster, const struct roster_entry *entry, char *buffer)
{
	off_t size = roster->file.known.st_size;

	if (entry->offset < size)
		return keys_file_read_at(&roster->file, entry->offset, buffer, entry->length);
	memcpy(buffer, roster->staged.text + (entry->offset - size), entry->length);
	return 0;
}

int roster_read(const struct roster *roster, const struct roster_entry *entry,
		struct agent_key *ret)
{
	char line[AGENT_LINE_SIZE + 1];
	size_t length = entry->length;
	int r;

	if (length > sizeof line)
		return -EINVAL;
	r = roster_read_text(roster, entry, line);
	if (r >= 0 && line[length - 1] == '\n')
		length--;
	if (r >= 0 && agent_key_parse(ret, line, length) != AGENT_KEY_OK)
		r = -EINVAL;
	explicit_bzero(line, sizeof line);
	return r;
}

int roster_key_hash(const struct roster *roster, const struct roster_entry *entry,
		    char ret[static AGENT_KEY_HASH_SIZE])
{
	struct agent_key agent;
	int r = roster_read(roster, entry, &agent);

	if (r < 0)
		return r;
	r = agent_key_hash(ret, &agent);
	agent_key_wipe(&agent);
	return r;
}
