/* SPDX-License-Identifier: ISC */
/*
 * What the parts of the roster share: roster.c reads the file, roster-index.c finds lines,
 * roster-write.c changes the file, roster-moved.c has the index follow, roster-rewrite.c removes
 * many at once. Only these include it.
 */
#pragma once

#include "common/must-check.h"
#include "common/text-index.h"
#include "registrar/agents/keys-file.h"
#include "registrar/agents/keys-line.h"
#include "registrar/agents/roster.h"

/* An entry with what only the roster needs. The texts live behind it, in the same allocation. */
struct roster_line {
	struct roster_entry entry; /* first: a roster_entry handed out is its line */
	struct roster_line *next;
	struct roster_line *same_id; /* another line with this id; null: no more */
	const char *ip_key;          /* of the address, in the one way to write it; null: none */
	bool is_tombstone;           /* what the file has of an agent that was removed before */
	bool removed;
	enum roster_tombstone tombstone; /* removed: of the line */
	uint64_t leaves_with;            /* the number of a rewrite; 0: none */
	char texts[];
};

/* The place of a line in the order of ids. */
struct roster_place {
	unsigned int id;
	off_t offset;
	struct roster_line *line;
};

/* What the file says, and what was staged since. */
struct roster_index {
	struct roster_line *lines;
	/* All lines by id, and of one id by offset, unless `is_unsorted`; with the removed ones. */
	struct roster_place *places;
	size_t place_count, place_room;
	bool is_unsorted;
	/* by_id has one line of each id, from which the others are found */
	struct text_index by_id, by_name, by_ip, by_ip_and_mask;
	size_t count; /* of agents, neither removed nor damaged */
	/* the lowest of the ids that are used without a gap up to ROSTER_ID_MAX */
	unsigned int ceiling;
	unsigned int highest; /* of the used ids below `ceiling`; 0: none */
};

/* Lines of the index that a replacement of the file has removed, in the order of the old file. */
struct roster_moved {
	const struct roster_entry **removed;
	size_t *left; /* bytes of each that the file has now; 0: nothing */
	size_t count;
};

/* What the commit is to do. */
struct roster_staged {
	char *text; /* the lines to append; wiped after use */
	size_t length, room;
	bool removes; /* there are lines to remove */
};

struct roster {
	struct keys_file file;
	roster_damage_callback *report_damage;
	struct roster_index index;
	struct roster_staged staged;
	/* What the index is to follow. Until the next transaction, its entries are as they were. */
	struct roster_moved moved;
	bool unterminated; /* the file's last byte is no newline */
	bool stale;        /* the index does not show the file: read it again */
	/* ... because we replaced it ourselves, so there is no new damage to report */
	bool replaced_by_us;
	uint64_t generation; /* changes when the lines of the index are others */
	uint64_t rewrites;   /* how many there were: their numbers */
};

/*
 * Read the locked file into the index. `silent`: do not report damage, which was reported before.
 * Returns 0, or a negative errno with `why` set.
 */
int roster_read_file(struct roster *roster, bool silent, struct reason *why) must_check;

/* Index a line. `name` and `ip` may be null. Returns 0 or -ENOMEM. */
int roster_add_line(struct roster *roster, const char *id, const char *name, const char *ip,
		    off_t offset, size_t length) must_check;

/* Index a line of a file if it has an id; `whole` is its length with the newline. */
int roster_index_line(struct roster *roster, const struct keys_line *line, off_t offset,
		      size_t whole) must_check;

/* The digits of its id by which it is found: "010" and "10" are the same. */
const char *roster_id_digits(const struct roster_entry *entry) must_check;

/* Lines are not there any more: find the ids again that are used without a gap up to the last. */
void roster_raise_ceiling(struct roster *roster);

/*
 * Those that were removed go, and the others move: the index becomes what it is after the file has
 * been read again. Returns 0 or -ENOMEM: then read it again.
 */
int roster_follow(struct roster *roster) must_check;

/* There is nothing to follow. */
void roster_moved_clear(struct roster_moved *moved);

/*
 * Read the line of an entry, which may be staged, to `buffer`: `length` bytes of it. Returns 0 or a
 * negative errno.
 */
int roster_read_text(const struct roster *roster, const struct roster_entry *entry,
		     char *buffer) must_check;

/* Empty the index. */
void roster_forget_lines(struct roster *roster);

/* Free lines, of an index that is not used any more, until `end`. True: that were all. */
bool roster_forget_some_lines(struct roster_index *index, uint64_t end) must_check;

/* Take name and address of an agent out of the index, and the agent out of the count. */
void roster_free_name(struct roster *roster, struct roster_line *line);

/*
 * Write what is left of a line, which is removed, to `target`, which has room for the line and
 * ROSTER_TOMBSTONE_MORE more. `text` is the line. Returns the length of what is left.
 */
size_t roster_write_tombstone(char *target, const struct roster_entry *entry,
			      enum roster_tombstone tombstone, const char *text);

/* The longest thing that can be added to what is left of a line. */
#define ROSTER_TOMBSTONE_MORE (AGENT_ID_MAX + sizeof(" #*#*#*#*#*#*#*#*#*#*#\n"))

/*
 * The lines that `wanted` picks, in the order of the file. The caller frees the array. Returns 0 or
 * -ENOMEM.
 */
int roster_pick_lines(const struct roster *roster, bool (*wanted)(const struct roster_line *),
		      const struct roster_entry ***ret, size_t *ret_count) must_check;

/* Nothing is staged any more; the buffer is kept, without the keys. */
void roster_wipe_staged(struct roster *roster);
