/* SPDX-License-Identifier: ISC */
#include "registrar/agents/stamps-cut.h"

#include "common/cleanup.h"

#include <errno.h>
#include <string.h>

#define BEGINS_MAX 3

/* For lines_copy. */
static ssize_t copy_line(void *owner, const char *line, size_t length, char *target)
{
	struct stamps_cut *cut = owner;
	const char *blank = memchr(line, ' ', length);
	size_t id_length = blank ? (size_t)(blank - line) : 0;
	char id[AGENT_ID_MAX + 1];

	if (id_length > 0 && id_length < sizeof id) {
		memcpy(id, line, id_length);
		id[id_length] = '\0';
		if (cut->leaves(cut->owner, id)) {
			cut->has_cut = true;
			return 0;
		}
	}
	memcpy(target, line, length);
	return (ssize_t)length;
}

/* The file is the one that was begun with, and nobody has removed the copy, or made another. */
static bool is_of(const struct stamps_cut *cut, const struct stat *file)
{
	struct stat copy;

	return file->st_ino == cut->file.st_ino && file->st_dev == cut->file.st_dev &&
	       file->st_size >= cut->copy.at && fstat(cut->copy.file.fd, &copy) == 0 &&
	       copy.st_nlink > 0;
}

static int begin(struct stamps_cut *cut, const struct agent_history *history,
		 const struct stat *file, struct reason *why)
{
	lines_copy_clear(&cut->copy);
	cut->copy.line = copy_line;
	cut->copy.owner = cut;
	cut->file = *file;
	cut->has_cut = false;
	cut->begins++;
	return agent_history_stage(history, file, (size_t)file->st_size, &cut->copy.file, why);
}

/* With what has come before the lock. 0: it is another file. */
static int put_in_place(struct stamps_cut *cut, const struct agent_history *history,
			struct reason *why)
{
	cleanup_fd int lock = -1, fd = -1;
	struct stat status;
	int r;

	lock = agent_history_lock(history);
	fd = agent_history_open(history, &status);
	if (fd < 0 || !is_of(cut, &status))
		return 0;
	r = lines_copy_finish(&cut->copy, fd, status.st_size, why);
	if (r >= 0)
		r = atomic_file_commit(&cut->copy.file, NULL, 0, NULL, why);
	return r < 0 ? r : 1;
}

int stamps_cut_go_on(struct stamps_cut *cut, const struct agent_history *history, uint64_t end,
		     struct reason *why)
{
	struct stat status;
	cleanup_fd int fd = agent_history_open(history, &status);
	int r = 0;

	if (fd == -ENODATA)
		return 1;
	if (fd < 0)
		return reason_errno(why, fd, "Cannot forget when agents were registered, in %s",
				    history->queue);
	if (!is_of(cut, &status))
		r = begin(cut, history, &status, why);
	if (r >= 0)
		r = lines_copy_go_on(&cut->copy, fd, status.st_size,
				     cut->begins > BEGINS_MAX ? UINT64_MAX : end, why);
	return r > 0 && cut->has_cut ? put_in_place(cut, history, why) : r;
}

void stamps_cut_clear(struct stamps_cut *cut)
{
	lines_copy_clear(&cut->copy);
}
