/* SPDX-License-Identifier: ISC */
#include "common/cleanup.h"
#include "common/deadline.h"
#include "common/secret.h"
#include "registrar/agents/roster-internal.h"

#include <string.h>
#include <time.h>

int roster_begin(struct roster *roster, struct reason *why)
{
	bool changed;
	int r = keys_file_lock(&roster->file, &changed, why);

	if (r < 0)
		return r;
	if (changed || roster->stale)
		r = roster_read_file(roster, roster->replaced_by_us, why);
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

/* Copy `old` with the removed lines replaced by what is left of them. Returns 0 or -ENOMEM. */
static int copy_with_tombstones(const struct roster *roster, const char *old, size_t old_length,
				char **ret, size_t *ret_length)
{
	cleanup_free const struct roster_entry **removed = NULL;
	size_t n, at = 0, length = 0;
	char *content;

	if (roster_pick_lines(roster, is_removed, &removed, &n) < 0)
		return -ENOMEM;
	content = malloc(old_length + n * ROSTER_TOMBSTONE_MORE + 1);
	if (!content)
		return -ENOMEM;
	for (size_t i = 0; i <= n; i++) {
		size_t stop = i < n ? (size_t)removed[i]->offset : old_length;

		memcpy(content + length, old + at, stop - at);
		length += stop - at;
		at = stop;
		if (i < n) {
			length += roster_write_tombstone(
				content + length, removed[i],
				((const struct roster_line *)removed[i])->tombstone, old + at);
			at += removed[i]->length;
		}
	}
	*ret = content;
	*ret_length = length;
	return 0;
}

/* The file as it is, followed by the staged lines. The caller wipes and frees it. */
static int read_with_staged(struct roster *roster, char **ret, size_t *ret_length,
			    struct reason *why)
{
	cleanup_free char *old = NULL;
	size_t length;
	int r = keys_file_read(&roster->file, &old, &length, why);

	if (r < 0)
		return r;
	*ret = malloc(length + roster->staged.length + 1);
	if (*ret) {
		memcpy(*ret, old, length);
		if (roster->staged.length > 0)
			memcpy(*ret + length, roster->staged.text, roster->staged.length);
		*ret_length = length + roster->staged.length;
	}
	explicit_bzero(old, length);
	return *ret ? 0 : reason_errno(why, ENOMEM, "Cannot rewrite %s", roster->file.path);
}

static int commit_replacing(struct roster *roster, struct reason *why)
{
	cleanup_free char *whole = NULL, *content = NULL;
	size_t whole_length = 0, length = 0;
	int r = read_with_staged(roster, &whole, &whole_length, why);

	if (r < 0)
		return r;
	r = copy_with_tombstones(roster, whole, whole_length, &content, &length);
	explicit_bzero(whole, whole_length);
	if (r < 0)
		return reason_errno(why, r, "Cannot rewrite %s", roster->file.path);
	r = keys_file_replace(&roster->file, content, length, why);
	explicit_bzero(content, length);
	return r;
}

int roster_commit(struct roster *roster, struct reason *why)
{
	int r = 0;

	if (roster->staged.removes) {
		r = commit_replacing(roster, why);
		roster->stale = true; /* the lines have moved */
		roster->replaced_by_us = r >= 0;
	} else if (roster->staged.length > 0 || keys_file_has_copy(&roster->file)) {
		r = keys_file_append(&roster->file, roster->staged.text, roster->staged.length,
				     why);
		roster->unterminated &= roster->staged.length == 0;
		roster->stale = r < 0;
	}
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
