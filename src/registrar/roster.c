/* SPDX-License-Identifier: ISC */
#include "registrar/roster.h"

#include "common/cleanup.h"
#include "registrar/keys-file.h"
#include "registrar/keys-line.h"
#include "registrar/text-index.h"

#include <string.h>

#define COMPLAINTS_MAX 10 /* a file, not a log, is the place to look at when there are more */

/* An entry with what only the roster needs. The texts live behind it, in the same allocation. */
struct line {
	struct roster_entry entry; /* first: a roster_entry handed out is its line */
	struct line *next;
	bool removed;
	char texts[];
};

struct roster {
	struct keys_file file;
	roster_complaint *complain;

	struct line *lines;
	struct text_index by_id, by_name, by_ip;
	size_t count;
	unsigned int highest;     /* id */
	unsigned int free_first, free_from; /* where the last search for a free id began and ended */
	bool unterminated;        /* the file's last byte is no newline */
	bool stale;               /* the index does not show the file: read it again */
	bool replaced_by_us;      /* ... because of our own replacing, so there is nothing new to complain about */

	char *staged; /* the lines to append; wiped after use */
	size_t staged_length, staged_room;
	bool removing;
};

/* ------------------------------------------------------------------ the index */

/* "010" and "10" are the same id. */
static size_t id_text(char buffer[static AGENT_ID_MAX + 1], unsigned int id)
{
	return (size_t)snprintf(buffer, AGENT_ID_MAX + 1, "%u", id % (ROSTER_ID_MAX + 1));
}

static const char *id_digits(const struct roster_entry *entry)
{
	const char *digits = entry->id_text;

	while (digits[0] == '0' && digits[1] != '\0')
		digits++;
	return digits;
}

static size_t ip_base_length(const char *ip)
{
	return strcspn(ip, "/");
}

static bool ip_is_indexed(const char *ip)
{
	return ip && strcmp(ip, "any") != 0;
}

static int index_line(struct roster *roster, struct line *line)
{
	const struct roster_entry *entry = &line->entry;
	int r = text_index_add(&roster->by_id, id_digits(entry), strlen(id_digits(entry)), line);

	if (r >= 0 && entry->name)
		r = text_index_add(&roster->by_name, entry->name, strlen(entry->name), line);
	if (r >= 0 && ip_is_indexed(entry->ip))
		r = text_index_add(&roster->by_ip, entry->ip, ip_base_length(entry->ip), line);
	if (entry->id > roster->highest)
		roster->highest = entry->id;
	if (entry->name && entry->ip)
		roster->count++;
	line->next = roster->lines;
	roster->lines = line;
	return r;
}

static void forget_lines(struct roster *roster)
{
	while (roster->lines) {
		struct line *line = roster->lines;

		roster->lines = line->next;
		free(line);
	}
	text_index_clear(&roster->by_id);
	text_index_clear(&roster->by_name);
	text_index_clear(&roster->by_ip);
	roster->count = 0;
	roster->highest = 0;
	roster->free_first = roster->free_from = 0;
}

/* `name` and `ip` may be null. */
static int add_line(struct roster *roster, const char *id, const char *name, const char *ip, off_t offset,
		    size_t length)
{
	size_t name_size = name ? strlen(name) + 1 : 0;
	size_t ip_size = ip ? strlen(ip) + 1 : 0;
	struct line *line = calloc(1, sizeof *line + name_size + ip_size);

	if (!line)
		return -ENOMEM;
	line->entry = (struct roster_entry){
		.id = (unsigned int)strtoul(id, NULL, 10),
		.offset = offset,
		.length = length,
	};
	memcpy(line->entry.id_text, id, strlen(id) + 1);
	if (name)
		line->entry.name = memcpy(line->texts, name, name_size);
	if (ip)
		line->entry.ip = memcpy(line->texts + name_size, ip, ip_size);
	return index_line(roster, line);
}

/* ------------------------------------------------------------------ reading the file */

struct reader {
	struct roster *roster;
	const char *content;
	size_t number; /* of the line, from 1 */
	size_t complaints;
};

__attribute__((format(printf, 2, 3))) static void complain(struct reader *reader, const char *format, ...)
{
	struct reason reason;
	va_list arguments;

	if (!reader->roster->complain || reader->complaints++ >= COMPLAINTS_MAX)
		return;
	va_start(arguments, format);
	(void)vsnprintf(reason.text, sizeof reason.text, format, arguments);
	va_end(arguments);
	reader->roster->complain(reason.text);
}

/* `length` without, `whole` with the newline. */
static void complain_of(struct reader *reader, const struct keys_line *line, size_t length, size_t whole)
{
	const char *path = reader->roster->file.path;

	if (line->kind == KEYS_LINE_DAMAGED)
		complain(reader, "Line %zu of %s is no registration: %s; it is kept as it is%s", reader->number, path,
			 agent_key_fault_text(line->fault),
			 length == whole ? " (it has no newline: a write was cut short?)" : "");
	else if (line->kind == KEYS_LINE_AGENT && length == whole)
		complain(reader, "The last line of %s has no newline%s; it will get one", path,
			 line->has_usual_key ? "" : " and no key of 64 hexadecimal digits: a write was cut short?");
}

static int read_line(struct reader *reader, const char *text, size_t length, size_t whole)
{
	struct keys_line line;

	keys_line_read(&line, text, length);
	complain_of(reader, &line, length, whole);
	if (line.id[0] == '\0')
		return 0;
	return add_line(reader->roster, line.id, line.name[0] ? line.name : NULL, line.ip[0] ? line.ip : NULL,
			text - reader->content, whole);
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
	}
	return 0;
}

/* Read the locked file into the index. Silent after our own writes: what is to be said was said. */
static int read_file(struct roster *roster, bool silent, struct reason *why)
{
	struct reader reader = { .roster = roster };
	cleanup_free char *content = NULL;
	size_t length;
	int r = keys_file_read(&roster->file, &content, &length, why);

	if (r < 0)
		return r;
	forget_lines(roster);
	reader.content = content;
	if (silent)
		reader.complaints = COMPLAINTS_MAX;
	r = read_lines(&reader, length);
	roster->unterminated = length > 0 && content[length - 1] != '\n';
	explicit_bzero(content, length);
	if (r < 0)
		return reason_errno(why, r, "Cannot index %s", roster->file.path);
	if (!silent && reader.complaints > COMPLAINTS_MAX && roster->complain)
		roster->complain("More lines of client.keys are like that");
	roster->stale = false;
	return 0;
}

/* ------------------------------------------------------------------ opening and closing */

int roster_open(struct roster **ret, const char *directory, gid_t group, roster_complaint *complain_to,
		struct reason *why)
{
	struct roster *roster = calloc(1, sizeof *roster);
	bool changed;
	int r;

	if (!roster)
		return reason_errno(why, ENOMEM, "Cannot read client.keys");
	roster->complain = complain_to;
	roster->stale = true;
	r = keys_file_open(&roster->file, directory, group, why);
	if (r >= 0)
		r = keys_file_lock(&roster->file, &changed, why);
	if (r >= 0) {
		r = read_file(roster, false, why);
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

static void wipe_staged(struct roster *roster)
{
	if (roster->staged)
		explicit_bzero(roster->staged, roster->staged_length);
	roster->staged_length = 0;
	roster->removing = false;
}

void roster_close(struct roster *roster)
{
	if (!roster)
		return;
	wipe_staged(roster);
	free(roster->staged);
	forget_lines(roster);
	keys_file_close(&roster->file);
	free(roster);
}

size_t roster_count(const struct roster *roster)
{
	return roster->count;
}

/* ------------------------------------------------------------------ looking things up */

const struct roster_entry *roster_find_name(const struct roster *roster, const char *name)
{
	return text_index_find(&roster->by_name, name, strlen(name));
}

const struct roster_entry *roster_find_ip(const struct roster *roster, const char *ip)
{
	return text_index_find(&roster->by_ip, ip, strlen(ip));
}

unsigned int roster_lowest_free_id(struct roster *roster, unsigned int first)
{
	/* Within one reading of the file ids are only ever taken: the search goes on where it ended. */
	unsigned int id = roster->free_first == first ? roster->free_from : first;
	char text[AGENT_ID_MAX + 1];

	while (id <= ROSTER_ID_MAX && text_index_find(&roster->by_id, text, id_text(text, id)))
		id++;
	roster->free_first = first;
	roster->free_from = id;
	return id <= ROSTER_ID_MAX ? id : 0;
}

unsigned int roster_next_id(const struct roster *roster)
{
	return roster->highest < ROSTER_ID_MAX ? roster->highest + 1 : 0;
}

/*
 * The staged lines are what the file will end in: an offset beyond the file's size is a place in them, and stays right
 * when they are appended.
 */
static int read_line_of(const struct roster *roster, const struct roster_entry *entry, char *buffer)
{
	off_t size = roster->file.known.st_size;

	if (entry->offset < size)
		return keys_file_read_at(&roster->file, entry->offset, buffer, entry->length);
	memcpy(buffer, roster->staged + (entry->offset - size), entry->length);
	return 0;
}

int roster_key_hash(const struct roster *roster, const struct roster_entry *entry,
		    char ret[static AGENT_KEY_HASH_SIZE])
{
	char line[AGENT_LINE_SIZE + 1];
	struct agent_key agent;
	size_t length = entry->length;
	int r;

	if (length > sizeof line)
		return -EINVAL;
	r = read_line_of(roster, entry, line);
	if (r >= 0 && line[length - 1] == '\n')
		length--;
	if (r >= 0 && agent_key_parse(&agent, line, length) != AGENT_KEY_OK)
		r = -EINVAL;
	if (r >= 0) {
		r = agent_key_hash(ret, &agent);
		agent_key_wipe(&agent);
	}
	explicit_bzero(line, sizeof line);
	return r;
}

/* ------------------------------------------------------------------ transactions */

int roster_begin(struct roster *roster, struct reason *why)
{
	bool changed;
	int r = keys_file_lock(&roster->file, &changed, why);

	if (r < 0)
		return r;
	if (changed || roster->stale)
		r = read_file(roster, roster->replaced_by_us, why);
	roster->replaced_by_us = false;
	if (r < 0) {
		roster->stale = true;
		keys_file_unlock(&roster->file);
	}
	return r;
}

/* A buffer that holds keys grows without leaving copies behind. */
static int grow_staged(struct roster *roster, size_t more)
{
	size_t room = roster->staged_room ?: 4096;
	char *grown;

	if (roster->staged_length + more <= roster->staged_room)
		return 0;
	while (room < roster->staged_length + more)
		room *= 2;
	grown = malloc(room);
	if (!grown)
		return -ENOMEM;
	if (roster->staged) {
		memcpy(grown, roster->staged, roster->staged_length);
		explicit_bzero(roster->staged, roster->staged_length);
		free(roster->staged);
	}
	roster->staged = grown;
	roster->staged_room = room;
	return 0;
}

int roster_add(struct roster *roster, const struct agent_key *agent)
{
	char line[AGENT_LINE_SIZE + 1];
	size_t length = agent_key_format(line, agent);
	int r = grow_staged(roster, length + 1);

	if (r >= 0 && roster->staged_length == 0 && roster->unterminated)
		roster->staged[roster->staged_length++] = '\n';
	if (r >= 0)
		r = add_line(roster, agent->id, agent->name, agent->ip,
			     roster->file.known.st_size + (off_t)roster->staged_length, length);
	if (r >= 0) {
		memcpy(roster->staged + roster->staged_length, line, length);
		roster->staged_length += length;
	}
	explicit_bzero(line, sizeof line);
	return r;
}

void roster_remove(struct roster *roster, const struct roster_entry *entry)
{
	struct line *line = (struct line *)entry;

	text_index_remove(&roster->by_name, entry->name, strlen(entry->name), line);
	if (ip_is_indexed(entry->ip))
		text_index_remove(&roster->by_ip, entry->ip, ip_base_length(entry->ip), line);
	line->removed = true;
	roster->removing = true;
	roster->count--;
}

static int by_offset(const void *a, const void *b)
{
	const struct line *const *left = a, *const *right = b;

	return ((*left)->entry.offset > (*right)->entry.offset) - ((*left)->entry.offset < (*right)->entry.offset);
}

/* Close the gaps that the removed lines leave in `content`. Returns 0 or -ENOMEM. */
static int cut_removed(const struct roster *roster, char *content, size_t *length)
{
	cleanup_free struct line **removed = NULL;
	size_t n = 0, kept = 0, at = 0;

	for (struct line *line = roster->lines; line; line = line->next)
		n += line->removed;
	removed = calloc(n + 1, sizeof(struct line *));
	if (!removed)
		return -ENOMEM;
	n = 0;
	for (struct line *line = roster->lines; line; line = line->next)
		if (line->removed)
			removed[n++] = line;
	qsort(removed, n, sizeof(struct line *), by_offset);

	for (size_t i = 0; i <= n; i++) {
		size_t stop = i < n ? (size_t)removed[i]->entry.offset : *length;

		memmove(content + kept, content + at, stop - at);
		kept += stop - at;
		at = i < n ? stop + removed[i]->entry.length : stop;
	}
	explicit_bzero(content + kept, *length - kept);
	*length = kept;
	return 0;
}

static int commit_replacing(struct roster *roster, struct reason *why)
{
	cleanup_free char *old = NULL, *content = NULL;
	size_t length, whole;
	int r = keys_file_read(&roster->file, &old, &length, why);

	if (r < 0)
		return r;
	whole = length + roster->staged_length;
	content = malloc(whole + 1);
	if (content) {
		memcpy(content, old, length);
		if (roster->staged_length > 0)
			memcpy(content + length, roster->staged, roster->staged_length);
	}
	explicit_bzero(old, length);
	if (!content || cut_removed(roster, content, &whole) < 0)
		return reason_errno(why, ENOMEM, "Cannot rewrite %s", roster->file.path);
	r = keys_file_replace(&roster->file, content, whole, why);
	explicit_bzero(content, whole);
	return r;
}

int roster_commit(struct roster *roster, struct reason *why)
{
	int r = 0;

	if (roster->removing) {
		r = commit_replacing(roster, why);
		roster->stale = true; /* the lines have moved */
		roster->replaced_by_us = r >= 0;
	} else if (roster->staged_length > 0) {
		r = keys_file_append(&roster->file, roster->staged, roster->staged_length, why);
		roster->unterminated = r < 0 && roster->unterminated;
		roster->stale = r < 0;
	}
	wipe_staged(roster);
	keys_file_unlock(&roster->file);
	return r < 0 ? r : 0;
}
