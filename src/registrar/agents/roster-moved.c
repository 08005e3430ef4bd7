/* SPDX-License-Identifier: ISC */
#include "common/cleanup.h"
#include "registrar/agents/roster-internal.h"

#include <stdlib.h>
#include <string.h>

/* How far what is behind a line that was removed has moved, with those before it. */
struct shift {
	off_t offset; /* of that line in the old file */
	off_t by;
};

struct shifts {
	const struct shift *shift;
	size_t count;
};

static off_t shift_of(const struct shifts *shifts, off_t offset)
{
	size_t low = 0, high = shifts->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (shifts->shift[middle].offset < offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 ? shifts->shift[low - 1].by : 0;
}

/* Nothing is left of it. */
static bool is_gone(const struct roster_line *line)
{
	return line->removed && line->entry.length == 0;
}

static int unlink_id(struct roster_index *index, struct roster_line *line)
{
	const char *digits = roster_id_digits(&line->entry);
	struct roster_line *at = text_index_find(&index->by_id, digits, strlen(digits));

	if (at != line) {
		while (at->same_id != line)
			at = at->same_id;
		at->same_id = line->same_id;
		return 0;
	}
	text_index_remove(&index->by_id, digits, strlen(digits), line);
	if (!line->same_id)
		return 0;
	digits = roster_id_digits(&line->same_id->entry);
	return text_index_add(&index->by_id, digits, strlen(digits), line->same_id);
}

/* It has become what keys_line_read() calls removed. */
static void make_tombstone(struct roster_line *line)
{
	line->entry.name = NULL;
	line->entry.ip = NULL;
	line->ip_key = NULL;
	line->is_tombstone = true;
	line->removed = false;
}

static void move_places(struct roster_index *index, const struct shifts *shifts)
{
	size_t kept = 0;

	for (size_t i = 0; i < index->place_count; i++) {
		struct roster_place place = index->places[i];

		place.offset += shift_of(shifts, place.offset);
		if (!is_gone(place.line))
			index->places[kept++] = place;
	}
	index->place_count = kept;
}

static void move_lines(struct roster_index *index, const struct shifts *shifts)
{
	struct roster_line **at = &index->lines, *line;

	index->highest = 0;
	while ((line = *at)) {
		if (is_gone(line)) {
			*at = line->next;
			free(line);
			continue;
		}
		if (line->removed)
			make_tombstone(line);
		line->entry.offset += shift_of(shifts, line->entry.offset);
		if (line->entry.id < index->ceiling && line->entry.id > index->highest)
			index->highest = line->entry.id;
		at = &line->next;
	}
}

/* Where each of the removed lines was; what is left of them is their length now. */
static void note_shifts(struct shift *ret, const struct roster_moved *moved)
{
	off_t by = 0;

	for (size_t i = 0; i < moved->count; i++) {
		struct roster_line *line = (struct roster_line *)moved->removed[i];

		by += (off_t)moved->left[i] - (off_t)line->entry.length;
		ret[i] = (struct shift){ .offset = line->entry.offset, .by = by };
		line->entry.length = moved->left[i];
	}
}

static int unlink_ids(struct roster *roster)
{
	int r = 0;

	for (size_t i = 0; i < roster->moved.count && r >= 0; i++) {
		struct roster_line *line = (struct roster_line *)roster->moved.removed[i];

		if (is_gone(line))
			r = unlink_id(&roster->index, line);
	}
	return r;
}

static int move_all(struct roster *roster)
{
	cleanup_free struct shift *shift = calloc(roster->moved.count, sizeof *shift);
	const struct shifts shifts = { shift, roster->moved.count };

	if (!shift)
		return -ENOMEM;
	note_shifts(shift, &roster->moved);
	if (unlink_ids(roster) < 0)
		return -ENOMEM;
	roster_raise_ceiling(roster);
	move_places(&roster->index, &shifts);
	move_lines(&roster->index, &shifts);
	roster_moved_clear(&roster->moved);
	roster->generation++;
	return 0;
}

int roster_follow(struct roster *roster)
{
	return roster->moved.count > 0 ? move_all(roster) : 0;
}

void roster_moved_clear(struct roster_moved *moved)
{
	free(moved->removed);
	free(moved->left);
	*moved = (struct roster_moved){ .count = 0 };
}
