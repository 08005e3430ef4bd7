/* SPDX-License-Identifier: ISC */
#include "registrar/agents/roster-rewrite.h"

#include "registrar/agents/lines-copy.h"
#include "registrar/agents/roster-internal.h"

#include <stdlib.h>
#include <string.h>

_Static_assert(ROSTER_TOMBSTONE_MORE <= LINES_COPY_MORE, "what is left of a line has room");

struct roster_rewrite {
	enum roster_tombstone tombstone;
	uint64_t number;     /* that marked lines have; 0: it has not begun */
	uint64_t generation; /* of the roster that it is about */
	struct lines_copy copy;
	struct roster made;          /* only its index: of the copy; of the old file in the end */
	const struct roster *roster; /* while it goes on */
};

struct roster_rewrite *roster_rewrite_new(enum roster_tombstone tombstone)
{
	struct roster_rewrite *rewrite = calloc(1, sizeof *rewrite);

	if (!rewrite)
		return NULL;
	rewrite->tombstone = tombstone;
	rewrite->copy = LINES_COPY_NULL;
	roster_forget_lines(&rewrite->made);
	return rewrite;
}

/* Others remove what was left beside the file by a program that was killed. */
static bool is_there(const struct lines_copy *copy)
{
	struct stat status;

	return copy->file.fd < 0 || (fstat(copy->file.fd, &status) == 0 && status.st_nlink > 0);
}

bool roster_rewrite_is_right(const struct roster_rewrite *rewrite, const struct roster *roster)
{
	return rewrite->number > 0 && rewrite->generation == roster->generation &&
	       is_there(&rewrite->copy);
}

void roster_rewrite_begin(struct roster_rewrite *rewrite, struct roster *roster)
{
	lines_copy_clear(&rewrite->copy);
	roster_forget_lines(&rewrite->made);
	rewrite->number = ++roster->rewrites;
	rewrite->generation = roster->generation;
}

/* ------------------------------------------------------------------ marks */

bool roster_rewrite_mark(const struct roster_rewrite *rewrite, struct roster *roster,
			 const char *id, const char *name)
{
	const struct roster_entry *entry = roster_find_agent(roster, id, name);

	for (; entry; entry = roster_next_with_id(entry)) {
		struct roster_line *line = (struct roster_line *)entry;

		if (line->leaves_with == rewrite->number || !roster_entry_is_agent(entry) ||
		    strcmp(entry->id_text, id) != 0 || strcmp(entry->name, name) != 0)
			continue;
		line->leaves_with = rewrite->number;
		return true;
	}
	return false;
}

/* The entry of the line at this place of the old file if it is marked, or null. */
static const struct roster_entry *find_marked(const struct roster_rewrite *rewrite,
					      const struct keys_line *line)
{
	const struct roster_entry *entry = NULL;

	if (line->kind == KEYS_LINE_AGENT)
		entry = roster_first_with_id(rewrite->roster,
					     (unsigned int)strtoul(line->id, NULL, 10));
	for (; entry; entry = roster_next_with_id(entry))
		if (entry->offset == rewrite->copy.at)
			break;
	return entry && ((const struct roster_line *)entry)->leaves_with == rewrite->number ? entry
											    : NULL;
}

/* ------------------------------------------------------------------ the copy */

static void read_line(struct keys_line *ret, const char *text, size_t length)
{
	keys_line_read(ret, text, length - (length > 0 && text[length - 1] == '\n'));
}

/* For lines_copy. */
static ssize_t copy_line(void *owner, const char *text, size_t length, char *target)
{
	struct roster_rewrite *rewrite = owner;
	const struct roster_entry *leaving;
	struct keys_line line;
	size_t written = length;
	int r;

	read_line(&line, text, length);
	leaving = find_marked(rewrite, &line);
	if (leaving) {
		struct roster_entry whole = *leaving;

		whole.length = length; /* its newline may have come later */
		written = roster_write_tombstone(target, &whole, rewrite->tombstone, text);
		read_line(&line, target, written);
	} else {
		memcpy(target, text, length);
	}
	r = roster_index_line(&rewrite->made, &line, rewrite->copy.end, written);
	return r < 0 ? r : (ssize_t)written;
}

static int stage(struct roster_rewrite *rewrite, struct roster *roster, struct reason *why)
{
	rewrite->copy.line = copy_line;
	rewrite->copy.owner = rewrite;
	return keys_file_stage(&roster->file, &rewrite->copy.file,
			       (size_t)roster->file.known.st_size, why);
}

/* The roster has what is left; what it had is to be freed. */
static void use(struct roster_rewrite *rewrite, struct roster *roster)
{
	const struct roster_index old = roster->index;

	roster->index = rewrite->made.index;
	rewrite->made.index = old;
	roster->unterminated = rewrite->copy.end > 0 && rewrite->copy.last != '\n';
	roster->generation++;
	keys_file_use_copy(&roster->file, &rewrite->copy.file);
}

static bool has_staged(const struct roster *roster)
{
	return roster->staged.length > 0 || roster->staged.removes ||
	       keys_file_has_copy(&roster->file);
}

/* Somebody else's change in the same transaction would be about the old lines. */
int roster_rewrite_go_on(struct roster_rewrite *rewrite, struct roster *roster, uint64_t end,
			 struct reason *why)
{
	const off_t size = roster->file.known.st_size;
	int r;

	if (has_staged(roster))
		return 0;
	r = rewrite->copy.file.fd < 0 ? stage(rewrite, roster, why) : 0;
	rewrite->roster = roster;
	if (r >= 0)
		r = lines_copy_go_on(&rewrite->copy, roster->file.fd, size, end, why);
	if (r > 0)
		r = lines_copy_finish(&rewrite->copy, roster->file.fd, size, why) < 0 ? -EIO : 1;
	rewrite->roster = NULL;
	if (r > 0)
		use(rewrite, roster);
	return r;
}

/* ------------------------------------------------------------------ the end */

bool roster_rewrite_clear_some(struct roster_rewrite *rewrite, uint64_t end)
{
	return roster_forget_some_lines(&rewrite->made.index, end);
}

void roster_rewrite_free(struct roster_rewrite *rewrite)
{
	if (!rewrite)
		return;
	lines_copy_clear(&rewrite->copy);
	roster_forget_lines(&rewrite->made);
	free(rewrite);
}
