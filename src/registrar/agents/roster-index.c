/* SPDX-License-Identifier: ISC */
#include "common/agent-address.h"
#include "common/deadline.h"
#include "registrar/agents/roster-internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ keeping it */

/* "010" and "10" are the same id. */
static size_t id_text(char buffer[static AGENT_ID_MAX + 1], unsigned int id)
{
	return (size_t)snprintf(buffer, AGENT_ID_MAX + 1, "%u", id % (ROSTER_ID_MAX + 1));
}

const char *roster_id_digits(const struct roster_entry *entry)
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

static struct roster_line *find_line(const struct roster *roster, unsigned int id)
{
	char text[AGENT_ID_MAX + 1];

	return text_index_find(&roster->index.by_id, text, id_text(text, id));
}

static void find_ceiling(struct roster_index *index, const struct roster *roster)
{
	while (index->ceiling > 1 && find_line(roster, index->ceiling - 1))
		index->ceiling--;
}

void roster_raise_ceiling(struct roster *roster)
{
	roster->index.ceiling = ROSTER_ID_MAX + 1;
	find_ceiling(&roster->index, roster);
}

/* The ids up to the ceiling have no gap any more: find the next one, and the highest below it. */
static void lower_ceiling(struct roster_index *index, const struct roster *roster)
{
	find_ceiling(index, roster);
	if (index->highest < index->ceiling)
		return;
	index->highest = 0;
	for (const struct roster_line *line = index->lines; line; line = line->next)
		if (line->entry.id < index->ceiling && line->entry.id > index->highest)
			index->highest = line->entry.id;
}

static int index_id(struct roster *roster, struct roster_line *line)
{
	struct roster_index *index = &roster->index;
	const char *digits = roster_id_digits(&line->entry);
	struct roster_line *other = text_index_find(&index->by_id, digits, strlen(digits));
	int r;

	if (other) {
		line->same_id = other->same_id;
		other->same_id = line;
		return 0;
	}
	r = text_index_add(&index->by_id, digits, strlen(digits), line);
	if (r < 0)
		return r;
	if (line->entry.id + 1 >= index->ceiling)
		lower_ceiling(index, roster);
	else if (line->entry.id > index->highest)
		index->highest = line->entry.id;
	return 0;
}

static int compare_places(const void *a, const void *b)
{
	const struct roster_place *left = a, *right = b;

	if (left->id != right->id)
		return left->id < right->id ? -1 : 1;
	return (left->offset > right->offset) - (left->offset < right->offset);
}

/* At the end, where most lines belong; when others do not, all are sorted once it matters. */
static int index_place(struct roster_index *index, struct roster_line *line)
{
	const struct roster_place place = { line->entry.id, line->entry.offset, line };

	if (index->place_count == index->place_room) {
		size_t room = index->place_room ? 2 * index->place_room : 64;
		struct roster_place *grown = reallocarray(index->places, room,
							  sizeof *index->places);

		if (!grown)
			return -ENOMEM;
		index->places = grown;
		index->place_room = room;
	}
	if (index->place_count > 0 &&
	    compare_places(&index->places[index->place_count - 1], &place) > 0)
		index->is_unsorted = true;
	index->places[index->place_count++] = place;
	return 0;
}

static int index_texts(struct roster_index *index, struct roster_line *line)
{
	const char *name = line->entry.name, *ip = line->ip_key;
	int r = 0;

	if (name)
		r = text_index_add(&index->by_name, name, strlen(name), line);
	if (r >= 0 && ip_is_indexed(ip))
		r = text_index_add(&index->by_ip, ip, ip_base_length(ip), line);
	if (r >= 0 && ip_is_indexed(ip))
		r = text_index_add(&index->by_ip_and_mask, ip, strlen(ip), line);
	return r;
}

static void forget_texts(struct roster_index *index, const struct roster_line *line)
{
	const char *name = line->entry.name, *ip = line->ip_key;

	if (name)
		text_index_remove(&index->by_name, name, strlen(name), line);
	if (ip_is_indexed(ip)) {
		text_index_remove(&index->by_ip, ip, ip_base_length(ip), line);
		text_index_remove(&index->by_ip_and_mask, ip, strlen(ip), line);
	}
}

/* On failure nothing is left of the line, which is the caller's to free. */
static int index_line(struct roster *roster, struct roster_line *line)
{
	struct roster_index *index = &roster->index;
	int r = index_texts(index, line);

	if (r >= 0)
		r = index_place(index, line);
	if (r >= 0) {
		r = index_id(roster, line);
		index->place_count -= r < 0;
	}
	if (r < 0) {
		forget_texts(index, line);
		return r;
	}
	line->next = index->lines;
	index->lines = line;
	if (line->entry.name && line->entry.ip)
		index->count++;
	return 0;
}

void roster_free_name(struct roster *roster, struct roster_line *line)
{
	forget_texts(&roster->index, line);
	if (line->entry.ip)
		roster->index.count--;
}

#define LINES_AT_ONCE 64 /* between two looks at the clock */

bool roster_forget_some_lines(struct roster_index *index, uint64_t end)
{
	for (size_t n = 1; index->lines; n++) {
		struct roster_line *line = index->lines;

		index->lines = line->next;
		free(line);
		if (n % LINES_AT_ONCE == 0 && monotonic_usec() >= end)
			break;
	}
	return !index->lines;
}

void roster_forget_lines(struct roster *roster)
{
	ignore_result(roster_forget_some_lines(&roster->index, UINT64_MAX));
	text_index_clear(&roster->index.by_id);
	text_index_clear(&roster->index.by_name);
	text_index_clear(&roster->index.by_ip);
	text_index_clear(&roster->index.by_ip_and_mask);
	free(roster->index.places);
	roster->index.places = NULL;
	roster->index.place_count = roster->index.place_room = 0;
	roster->index.is_unsorted = false;
	roster->index.count = 0;
	roster->index.highest = 0;
	roster->index.ceiling = ROSTER_ID_MAX + 1;
}

int roster_add_line(struct roster *roster, const char *id, const char *name, const char *ip,
		    off_t offset, size_t length)
{
	size_t name_size = name ? strlen(name) + 1 : 0;
	size_t ip_size = ip ? strlen(ip) + 1 : 0, key_size;
	char key[AGENT_ADDRESS_KEY_SIZE];
	struct roster_line *line;
	int r;

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
	r = index_line(roster, line);
	if (r < 0)
		free(line);
	return r;
}

/* ------------------------------------------------------------------ looking things up */

size_t roster_count(const struct roster *roster)
{
	return roster->index.count;
}

off_t roster_size(const struct roster *roster)
{
	return roster->file.known.st_size;
}

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

bool roster_entry_is_agent(const struct roster_entry *entry)
{
	const struct roster_line *line = (const struct roster_line *)entry;

	return entry->name && entry->ip && !line->removed;
}

bool roster_entry_is_tombstone(const struct roster_entry *entry)
{
	return ((const struct roster_line *)entry)->is_tombstone;
}

const struct roster_entry *roster_first_with_id(const struct roster *roster, unsigned int id)
{
	const struct roster_line *line = find_line(roster, id);

	return line ? &line->entry : NULL;
}

const struct roster_entry *roster_next_with_id(const struct roster_entry *entry)
{
	const struct roster_line *next = ((const struct roster_line *)entry)->same_id;

	return next ? &next->entry : NULL;
}

const struct roster_entry *roster_find_id(const struct roster *roster, unsigned int id)
{
	const struct roster_entry *first = roster_first_with_id(roster, id);

	for (const struct roster_entry *at = first; at; at = roster_next_with_id(at))
		if (roster_entry_is_agent(at))
			return at;
	return first;
}

bool roster_has_agent(const struct roster *roster, const char *id)
{
	const struct roster_entry *entry = roster_find_id(roster,
							  (unsigned int)strtoul(id, NULL, 10));

	return entry && roster_entry_is_agent(entry);
}

const struct roster_entry *roster_find_agent(const struct roster *roster, const char *id,
					     const char *name)
{
	const struct roster_entry *at =
		agent_id_is_valid(id, strlen(id))
			? roster_first_with_id(roster, (unsigned int)strtoul(id, NULL, 10))
			: NULL;

	for (; at; at = roster_next_with_id(at))
		if (roster_entry_is_agent(at) && strcmp(at->id_text, id) == 0 &&
		    (!name || strcmp(at->name, name) == 0))
			break;
	return at;
}

size_t roster_seek(struct roster *roster, unsigned int id, off_t offset)
{
	const struct roster_place wanted = { .id = id, .offset = offset };
	struct roster_index *index = &roster->index;
	size_t low = 0, high = index->place_count;

	if (index->is_unsorted)
		qsort(index->places, index->place_count, sizeof *index->places, compare_places);
	index->is_unsorted = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_places(&index->places[middle], &wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct roster_entry *roster_at(const struct roster *roster, size_t position)
{
	const struct roster_index *index = &roster->index;

	return position < index->place_count ? &index->places[position].line->entry : NULL;
}

static int by_offset(const void *a, const void *b)
{
	const struct roster_entry *const *left = a, *const *right = b;

	return ((*left)->offset > (*right)->offset) - ((*left)->offset < (*right)->offset);
}

static bool is_agent(const struct roster_line *line)
{
	return roster_entry_is_agent(&line->entry);
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

unsigned int roster_next_id(const struct roster *roster, unsigned int first)
{
	const struct roster_index *index = &roster->index;
	unsigned int id = index->highest >= first ? index->highest + 1 : first;

	if (id < index->ceiling)
		return id;
	for (id = 1; id < index->ceiling; id++)
		if (!find_line(roster, id))
			return id;
	return 0;
}
