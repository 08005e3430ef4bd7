/* SPDX-License-Identifier: ISC */
#include "registrar/agents/stamps.h"

#include "common/cleanup.h"
#include "common/deadline.h"
#include "common/trusted-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCK_SIZE 16384 /* lines have up to 250 bytes */
#define TAIL_SIZE 64     /* bytes by which a file that has grown is recognized */

/* Whole lines, without an end but the terminator. */
struct stamp_block {
	struct stamp_block *next;
	off_t end; /* in the file */
	size_t length;
	char text[];
};

void agent_stamps_clear(struct agent_stamps *stamps)
{
	while (stamps->blocks) {
		struct stamp_block *block = stamps->blocks;

		stamps->blocks = block->next;
		free(block);
	}
	text_index_clear(&stamps->lines);
	*stamps = (struct agent_stamps){ .blocks = NULL };
}

/* ------------------------------------------------------------------ is it the same file? */

/* Does the file still have what was read last, where it was? */
static bool has_tail(const struct agent_stamps *stamps, int fd)
{
	const struct stamp_block *last = stamps->blocks;
	char tail[TAIL_SIZE];
	size_t length = last && last->length < TAIL_SIZE ? last->length : TAIL_SIZE;

	if (!last)
		return true;
	return pread(fd, tail, length, last->end - (off_t)length) == (ssize_t)length &&
	       memcmp(tail, last->text + last->length - length, length) == 0;
}

static bool is_same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

/* Has nothing happened to the file since but that lines were added? */
static bool has_only_grown(const struct agent_stamps *stamps, const struct stat *now, int fd)
{
	const struct stat *before = &stamps->file;

	if (now->st_ino != before->st_ino || now->st_dev != before->st_dev ||
	    now->st_size < before->st_size)
		return false;
	if (now->st_size == before->st_size && is_same_time(&now->st_mtim, &before->st_mtim))
		return true;
	return now->st_size > before->st_size && !stamps->is_cut && has_tail(stamps, fd);
}

/* ------------------------------------------------------------------ reading */

/* Later lines take the place of earlier ones; a line is one that has an id and a blank. */
static int index_lines(struct agent_stamps *stamps, const struct stamp_block *block)
{
	const char *end = block->text + block->length;

	for (const char *line = block->text, *next; line < end; line = next) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		size_t length = strcspn(line, " \n");
		char *before = text_index_find(&stamps->lines, line, length);

		next = newline ? newline + 1 : end;
		if (line[length] != ' ')
			continue;
		if (before)
			text_index_remove(&stamps->lines, line, length, before);
		if (text_index_add(&stamps->lines, line, length, (void *)(uintptr_t)line) < 0)
			return -ENOMEM;
	}
	return 0;
}

/*
 * How much of what was read is to be indexed: whole lines, and the last one of the file. Of a line
 * that no manager wrote, as long as that is, the beginning, which is what other readers look at.
 */
static size_t usable_length(struct agent_stamps *stamps, const char *text, size_t length)
{
	const char *newline = memrchr(text, '\n', length);

	if (stamps->length + (off_t)length >= stamps->file.st_size) {
		stamps->is_cut = text[length - 1] != '\n';
		return length;
	}
	stamps->is_within_line = !newline;
	return newline ? (size_t)(newline + 1 - text) : length;
}

/* The rest of such a line is passed over. Returns how many bytes that are. */
static size_t pass_over(struct agent_stamps *stamps, const char *text, size_t length)
{
	const char *newline = memchr(text, '\n', length);

	stamps->is_within_line = !newline;
	return newline ? (size_t)(newline + 1 - text) : length;
}

/* Returns the bytes that were read, 0 at the end, or a negative errno. */
static ssize_t read_block(struct agent_stamps *stamps, int fd)
{
	struct stamp_block *block = malloc(sizeof *block + BLOCK_SIZE + 1);
	ssize_t n = block ? pread(fd, block->text, BLOCK_SIZE, stamps->length) : -1;
	size_t length = 0;

	if (n > 0 && !stamps->is_within_line)
		length = usable_length(stamps, block->text, (size_t)n);
	if (length == 0) {
		int r = !block ? -ENOMEM : n < 0 ? -errno : 0;

		if (n > 0)
			n = (ssize_t)pass_over(stamps, block->text, (size_t)n);
		free(block);
		stamps->length += n > 0 ? n : 0;
		return r < 0 ? r : n;
	}
	block->text[length] = '\0';
	block->length = length;
	block->next = stamps->blocks;
	stamps->blocks = block;
	stamps->length += (off_t)length;
	block->end = stamps->length;
	return index_lines(stamps, block) < 0 ? -ENOMEM : (ssize_t)length;
}

static int read_until(struct agent_stamps *stamps, int fd, uint64_t end)
{
	ssize_t n = 1;

	while (n > 0 && stamps->length < stamps->file.st_size && monotonic_usec() < end)
		n = read_block(stamps, fd);
	if (n < 0)
		return (int)n;
	return n == 0 || stamps->length >= stamps->file.st_size;
}

int agent_stamps_refresh(struct agent_stamps *stamps, const struct agent_history *history,
			 uint64_t end)
{
	struct stat status;
	cleanup_fd int fd = agent_history_open(history, &status);
	int r = fd;

	if (fd >= 0 && status.st_size > AGENT_STAMPS_MAX) {
		r = -EFBIG;
	} else if (fd >= 0) {
		if (!has_only_grown(stamps, &status, fd))
			agent_stamps_clear(stamps);
		stamps->file = status;
		r = read_until(stamps, fd, end);
	}
	if (r < 0)
		agent_stamps_clear(stamps);
	return r;
}

int agent_stamps_find(const struct agent_stamps *stamps, const struct roster_entry *entry,
		      time_t *ret)
{
	const char *line = text_index_find(&stamps->lines, entry->id_text, strlen(entry->id_text));

	return line ? agent_history_parse(line, entry->name, ret) : -ENODATA;
}
