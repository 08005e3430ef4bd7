/* SPDX-License-Identifier: ISC */
#include "registrar/agents/roster.h"

#include "common/agent-address.h"
#include "common/cleanup.h"
#include "registrar/agents/keys-line.h"
#include "registrar/agents/roster-internal.h"

#include <string.h>

#define DAMAGE_REPORTS_MAX 10 /* then one line says that there are more */

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

static int index_line(struct roster *roster, struct roster_line *line)
{
	const struct roster_entry *entry = &line->entry;
	const char *ip = line->ip_key;
	int r = text_index_add(&roster->index.by_id, id_digits(entry), strlen(id_digits(entry)),
			       line);

	if (r >= 0 && entry->name)
		r = text_index_add(&roster->index.by_name, entry->name, strlen(entry->name), line);
	if (r >= 0 && ip_is_indexed(ip))
		r = text_index_add(&roster->index.by_ip, ip, ip_base_length(ip), line);
	if (r >= 0 && ip_is_indexed(ip))
		r = text_index_add(&roster->index.by_ip_and_mask, ip, strlen(ip), line);
	if (entry->id > roster->index.highest)
		roster->index.highest = entry->id;
	if (entry->name && entry->ip)
		roster->index.count++;
	line->next = roster->index.lines;
	roster->index.lines = line;
	return r;
}

void roster_free_name(struct roster *roster, struct roster_line *line)
{
	const struct roster_entry *entry = &line->entry;
	const char *ip = line->ip_key;

	text_index_remove(&roster->index.by_name, entry->name, strlen(entry->name), line);
	if (ip_is_indexed(ip)) {
		text_index_remove(&roster->index.by_ip, ip, ip_base_length(ip), line);
		text_index_remove(&roster->index.by_ip_and_mask, ip, strlen(ip), line);
	}
	if (entry->ip)
		roster->index.count--;
}

static void forget_lines(struct roster *roster)
{
	while (roster->index.lines) {
		struct roster_line *line = roster->index.lines;

		roster->index.lines = line->next;
		free(line);
	}
	text_index_clear(&roster->index.by_id);
	text_index_clear(&roster->index.by_name);
	text_index_clear(&roster->index.by_ip);
	text_index_clear(&roster->index.by_ip_and_mask);
	roster->index.count = 0;
	roster->index.highest = 0;
	roster->index.free_first = roster->index.free_from = 0;
}

int roster_add_line(struct roster *roster, const char *id, const char *name, const char *ip,
		    off_t offset, size_t length)
{
	size_t name_size = name ? strlen(name) + 1 : 0;
	size_t ip_size = ip ? strlen(ip) + 1 : 0, key_size;
	char key[AGENT_ADDRESS_KEY_SIZE];
	struct roster_line *line;

	if (ip)
		agent_address_key(key, ip);
	key_size = ip && strcmp(key, ip) != 0 ? strlen(key) + 1 : 0;
	line = calloc(1, sizeof *line + name_size + ip_size + key_size);
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
	line->ip_key = key_size > 0 ? memcpy(line->texts + name_size + ip_size, key, key_size)
				    : line->entry.ip;
	return index_line(roster, line);
}

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
		       line->has_usual_key ? ""
					   : " and no key of 64 hexadecimal digits: a write "
					     "was cut short?");
}

static int read_line(struct reader *reader, const char *text, size_t length, size_t whole)
{
	struct keys_line line;

	keys_line_read(&line, text, length);
	report_line(reader, &line, length, whole);
	if (line.id[0] == '\0')
		return 0;
	return roster_add_line(reader->roster, line.id, line.name[0] ? line.name : NULL,
			       line.ip[0] ? line.ip : NULL, text - reader->content, whole);
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

int roster_read_file(struct roster *roster, bool silent, struct reason *why)
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

static int open_roster(struct roster **ret, const char *directory, gid_t group, bool read_only,
		       roster_damage_callback *report_damage, struct reason *why)
{
	struct roster *roster = calloc(1, sizeof *roster);
	bool changed;
	int r;

	if (!roster)
		return reason_errno(why, ENOMEM, "Cannot read client.keys");
	roster->report_damage = report_damage;
	roster->stale = true;
	r = keys_file_open(&roster->file, directory, group, why);
	roster->file.read_only = read_only;
	if (r >= 0)
		r = keys_file_lock(&roster->file, &changed, why);
	if (r >= 0) {
		r = roster_read_file(roster, false, why);
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
	return open_roster(ret, directory, group, false, report_damage, why);
}

int roster_open_reading(struct roster **ret, const char *directory,
			roster_damage_callback *report_damage, struct reason *why)
{
	return open_roster(ret, directory, (gid_t)-1, true, report_damage, why);
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
	forget_lines(roster);
	keys_file_close(&roster->file);
	free(roster);
}

size_t roster_count(const struct roster *roster)
{
	return roster->index.count;
}

/* ------------------------------------------------------------------ looking things up */

const struct roster_entry *roster_find_name(const struct roster *roster, const char *name)
{
	return text_index_find(&roster->index.by_name, name, strlen(name));
}

const struct roster_entry *roster_find_ip(const struct roster *roster, const char *ip)
{
	char key[AGENT_ADDRESS_KEY_SIZE];

	agent_address_key(key, ip);
	return text_index_find(&roster->index.by_ip, key, strlen(key));
}

const struct roster_entry *roster_find_ip_and_mask(const struct roster *roster, const char *ip)
{
	char key[AGENT_ADDRESS_KEY_SIZE];

	agent_address_key(key, ip);
	return text_index_find(&roster->index.by_ip_and_mask, key, strlen(key));
}

/*
 * Only a file that another program wrote has several lines with one id.
 */
const struct roster_entry *roster_find_id(const struct roster *roster, unsigned int id)
{
	char text[AGENT_ID_MAX + 1];
	const struct roster_line *found = text_index_find(&roster->index.by_id, text,
							  id_text(text, id));

	if (!found || (found->entry.ip && !found->removed))
		return found ? &found->entry : NULL;
	for (const struct roster_line *line = roster->index.lines; line; line = line->next)
		if (line->entry.id == id && line->entry.ip && !line->removed)
			return &line->entry;
	return &found->entry;
}

static int by_offset(const void *a, const void *b)
{
	const struct roster_entry *const *left = a, *const *right = b;

	return ((*left)->offset > (*right)->offset) - ((*left)->offset < (*right)->offset);
}

static bool is_agent(const struct roster_line *line)
{
	return line->entry.name && line->entry.ip && !line->removed;
}

int roster_pick_lines(const struct roster *roster, bool (*wanted)(const struct roster_line *),
		      const struct roster_entry ***ret, size_t *ret_count)
{
	const struct roster_entry **entries;
	size_t n = 0;

	for (const struct roster_line *line = roster->index.lines; line; line = line->next)
		n += wanted(line);
	entries = calloc(n + 1, sizeof(struct roster_entry *));
	if (!entries)
		return -ENOMEM;
	n = 0;
	for (const struct roster_line *line = roster->index.lines; line; line = line->next)
		if (wanted(line))
			entries[n++] = &line->entry;
	qsort(entries, n, sizeof(struct roster_entry *), by_offset);
	*ret = entries;
	*ret_count = n;
	return 0;
}

int roster_list(const struct roster *roster, const struct roster_entry ***ret, size_t *ret_count)
{
	return roster_pick_lines(roster, is_agent, ret, ret_count);
}

unsigned int roster_lowest_free_id(struct roster *roster, unsigned int first)
{
	/*
	 * Within one reading of the file ids are only ever taken: the search goes on where it
	 * ended.
	 */
	unsigned int id = roster->index.free_first == first ? roster->index.free_from : first;
	char text[AGENT_ID_MAX + 1];

	while (id <= ROSTER_ID_MAX &&
	       text_index_find(&roster->index.by_id, text, id_text(text, id)))
		id++;
	roster->index.free_first = first;
	roster->index.free_from = id;
	return id <= ROSTER_ID_MAX ? id : 0;
}

unsigned int roster_next_id(const struct roster *roster)
{
	return roster->index.highest < ROSTER_ID_MAX ? roster->index.highest + 1 : 0;
}

/*
 * The staged lines are what the file will end in: an offset beyond the file's size is a place in
 * them, and stays right when they are appended.
 */
static int read_line_of(const struct roster *roster, const struct roster_entry *entry, char *buffer)
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
	r = read_line_of(roster, entry, line);
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
