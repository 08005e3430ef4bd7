/* SPDX-License-Identifier: ISC */
#include "common/cleanup.h"
#include "common/deadline.h"
#include "common/secret.h"
#include "registrar/agents/roster-internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int roster_begin(struct roster *roster, struct reason *why)
{
	bool changed;
	int r = keys_file_lock(&roster->file, &changed, why);

	if (r < 0)
		return r;
	if (changed || roster->stale || roster_follow(roster) < 0)
		r = roster_read_file(roster, roster->replaced_by_us && !changed, why);
	roster->replaced_by_us = false;
	if (r < 0) {
		roster->stale = true;
		keys_file_unlock(&roster->file);
	}
	return r;
}

const char *roster_lock_holder(const struct roster *roster, char ret[static LOCK_HOLDER_SIZE])
{
	return keys_file_lock_holder(&roster->file, ret);
}

int roster_begin_within(struct roster *roster, uint64_t patience, struct reason *why)
{
	static const struct timespec pause = { .tv_nsec = 5 * 1000 * 1000 };
	uint64_t end = monotonic_usec() + patience;
	char holder[LOCK_HOLDER_SIZE];
	int r;

	while ((r = roster_begin(roster, why)) == -EAGAIN) {
		if (monotonic_usec() >= end) {
			reason_set(why, "The directory of %s has been locked for %u seconds by %s",
				   roster->file.path, (unsigned int)(patience / USEC_PER_SEC),
				   roster_lock_holder(roster, holder));
			return r;
		}
		(void)nanosleep(&pause, NULL);
	}
	return r;
}

/* ------------------------------------------------------------------ staging */

static int grow_staged(struct roster *roster, size_t more)
{
	size_t room = roster->staged.room ?: 4096;
	char *grown;

	if (roster->staged.length + more <= roster->staged.room)
		return 0;
	while (room < roster->staged.length + more)
		room *= 2;
	grown = secret_realloc(roster->staged.text, roster->staged.room, room);
	if (!grown)
		return -ENOMEM;
	roster->staged.text = grown;
	roster->staged.room = room;
	return 0;
}

int roster_add(struct roster *roster, const struct agent_key *agent)
{
	char line[AGENT_LINE_SIZE + 1];
	size_t length = agent_key_format(line, agent);
	int r = grow_staged(roster, length + 1);

	if (r >= 0 && roster->staged.length == 0 && roster->unterminated)
		roster->staged.text[roster->staged.length++] = '\n';
	if (r >= 0)
		r = roster_add_line(roster, agent->id, agent->name, agent->ip,
				    roster->file.known.st_size + (off_t)roster->staged.length,
				    length);
	if (r >= 0) {
		memcpy(roster->staged.text + roster->staged.length, line, length);
		roster->staged.length += length;
	}
	explicit_bzero(line, sizeof line);
	return r;
}

void roster_remove(struct roster *roster, const struct roster_entry *entry,
		   enum roster_tombstone tombstone)
{
	struct roster_line *line = (struct roster_line *)entry;

	roster_free_name(roster, line);
	line->removed = true;
	line->tombstone = tombstone;
	roster->staged.removes = true;
}

/* ------------------------------------------------------------------ committing */

static bool is_removed(const struct roster_line *line)
{
	return line->removed;
}

size_t roster_write_tombstone(char *target, const struct roster_entry *entry,
			      enum roster_tombstone tombstone, const char *text)
{
	size_t id_length = strlen(entry->id_text);
	size_t length;

	switch (tombstone) {
	case ROSTER_TOMBSTONE_OSSEC:
		/* As manage_agents does, over the line; but not over its end into the next one. */
		length = (size_t)sprintf(target, "%s #*#*#*#*#*#*#*#*#*#*#", entry->id_text);
		if (length < entry->length) {
			memcpy(target + length, text + length, entry->length - length);
			return entry->length;
		}
		target[length] = '\n';
		return length + 1;
	case ROSTER_TOMBSTONE_WAZUH:
		memcpy(target, text, id_length + 1);
		target[id_length + 1] = '!';
		memcpy(target + id_length + 2, text + id_length + 1, entry->length - id_length - 1);
		return entry->length + 1;
	default:
		return 0;
	}
}

/* A new file without the lines that are removed. */
struct replacement {
	struct atomic_file file;
	struct roster_moved moved;
	bool unterminated; /* its last byte is no newline */
	off_t old_size;    /* of the file now, which others may have added to without a lock */
};

#define REPLACEMENT_NULL ((struct replacement){ .file = ATOMIC_FILE_NULL })

static void replacement_clear(struct replacement *replacement)
{
	roster_moved_clear(&replacement->moved);
	atomic_file_discard(&replacement->file);
}

/*
 * Copy from one place to another of what the file has as we know it and, behind that, of what is
 * staged. What others have added is between the two.
 */
static int copy_part(const struct roster *roster, struct replacement *made, off_t from, off_t to,
		     struct reason *why)
{
	const off_t known = roster->file.known.st_size;
	off_t end = to < known ? to : made->old_size;
	int r = 0;

	if (from <= known && from < end)
		r = keys_file_copy_part(&roster->file, from, (size_t)(end - from), &made->file,
					why);
	if (from < known)
		from = known;
	if (r >= 0 && from < to)
		r = atomic_file_write(&made->file, roster->staged.text + (from - known),
				      (size_t)(to - from), why);
	return r;
}

/* Write what is left of the line. */
static int write_rest(const struct roster *roster, struct replacement *made, size_t number,
		      struct reason *why)
{
	const struct roster_line *line = (const struct roster_line *)made->moved.removed[number];
	char text[AGENT_LINE_SIZE + 1], rest[sizeof text + ROSTER_TOMBSTONE_MORE];
	size_t *left = &made->moved.left[number];
	int r = line->entry.length <= sizeof text ? 0 : -EINVAL;

	if (line->tombstone == ROSTER_TOMBSTONE_NOTHING)
		return 0;
	if (r >= 0)
		r = roster_read_text(roster, &line->entry, text);
	if (r >= 0) {
		*left = roster_write_tombstone(rest, &line->entry, line->tombstone, text);
		r = atomic_file_write(&made->file, rest, *left, why);
	} else {
		(void)reason_errno(why, r, "Cannot read the line of %s in %s", line->entry.id_text,
				   roster->file.path);
	}
	explicit_bzero(text, sizeof text);
	explicit_bzero(rest, sizeof rest);
	return r;
}

static int write_replacement(const struct roster *roster, struct replacement *made,
			     struct reason *why)
{
	const off_t end = roster->file.known.st_size + (off_t)roster->staged.length;
	off_t at = 0;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < made->moved.count; i++) {
		const struct roster_entry *removed = made->moved.removed[i];

		r = copy_part(roster, made, at, removed->offset, why);
		if (r >= 0)
			r = write_rest(roster, made, i, why);
		at = removed->offset + (off_t)removed->length;
	}
	return r < 0 ? r : copy_part(roster, made, at, end, why);
}

static int stage_replacement(struct roster *roster, struct replacement *made, struct reason *why)
{
	if (roster_pick_lines(roster, is_removed, &made->moved.removed, &made->moved.count) >= 0)
		made->moved.left = calloc(made->moved.count + 1, sizeof *made->moved.left);
	if (!made->moved.left)
		return reason_errno(why, ENOMEM, "Cannot rewrite %s", roster->file.path);
	return keys_file_stage(&roster->file, &made->file,
			       (size_t)made->old_size + roster->staged.length +
				       made->moved.count * ROSTER_TOMBSTONE_MORE,
			       why);
}

/* Does the new file end in the middle of a line? */
static int look_at_end(const struct roster *roster, struct replacement *made, struct reason *why)
{
	char last = '\n';
	ssize_t n = 1;

	if (made->file.length > 0)
		n = pread(made->file.fd, &last, 1, (off_t)made->file.length - 1);
	if (n != 1)
		return reason_errno(why, n < 0 ? errno : EIO, "Cannot read the new %s",
				    roster->file.path);
	made->unterminated = last != '\n';
	return 0;
}

/*
 * Somebody may have changed the file while it was copied. What has been added comes behind the
 * staged lines.
 */
static int look_again(const struct roster *roster, struct replacement *made, bool *has_changed,
		      struct reason *why)
{
	struct stat status;
	bool changes;
	int r = keys_file_status(&roster->file, &status, &changes, why);

	if (r < 0)
		return r;
	*has_changed |= changes;
	return status.st_size > made->old_size
		       ? keys_file_copy_part(&roster->file, made->old_size,
					     (size_t)(status.st_size - made->old_size), &made->file,
					     why)
		       : 0;
}

static int make_replacement(struct roster *roster, struct replacement *made, bool *has_changed,
			    struct reason *why)
{
	struct stat status;
	int r = keys_file_status(&roster->file, &status, has_changed, why);

	if (r < 0)
		return r;
	made->old_size = status.st_size;
	if (made->old_size < roster->file.known.st_size) {
		reason_set(why, "%s has become shorter meanwhile: another program writes to it",
			   roster->file.path);
		return -EIO;
	}
	r = stage_replacement(roster, made, why);
	if (r >= 0)
		r = write_replacement(roster, made, why);
	if (r >= 0)
		r = look_again(roster, made, has_changed, why);
	return r < 0 ? r : look_at_end(roster, made, why);
}

static int commit_replacing(struct roster *roster, struct reason *why)
{
	cleanup(replacement_clear) struct replacement made = REPLACEMENT_NULL;
	bool has_changed;
	int r = make_replacement(roster, &made, &has_changed, why);

	if (r < 0)
		return r;
	r = keys_file_replace(&roster->file, &made.file, why);
	if (r < 0)
		return r;
	roster->unterminated = made.unterminated;
	/* what somebody else has changed is not known before it is read */
	roster->stale = has_changed;
	roster->replaced_by_us = !has_changed;
	roster->moved = made.moved;
	made.moved = (struct roster_moved){ .count = 0 };
	return 0;
}

int roster_commit(struct roster *roster, struct reason *why)
{
	/* the line that was the last one ends now, and has grown by its newline */
	const bool ends_a_line = roster->unterminated && roster->staged.length > 0;
	int r = 0;

	if (roster->staged.removes) {
		r = commit_replacing(roster, why);
		roster->stale |= r < 0;
	} else if (roster->staged.length > 0 || keys_file_has_copy(&roster->file)) {
		r = keys_file_append(&roster->file, roster->staged.text, roster->staged.length,
				     why);
		roster->unterminated &= roster->staged.length == 0;
		roster->stale = r < 0;
	}
	if (r >= 0 && ends_a_line && !roster->stale)
		roster->stale = roster->replaced_by_us = true;
	roster_wipe_staged(roster);
	keys_file_unlock(&roster->file);
	return r < 0 ? r : 0;
}

void roster_cancel(struct roster *roster)
{
	/* What was staged is in the index: read the file again the next time. */
	if (roster->staged.removes || roster->staged.length > 0 ||
	    keys_file_has_copy(&roster->file)) {
		roster->stale = true;
		roster->replaced_by_us = true;
	}
	roster_wipe_staged(roster);
	keys_file_unlock(&roster->file);
}
