/* SPDX-License-Identifier: ISC */
#include "registrar/agents/lines-copy.h"

#include "common/deadline.h"
#include "common/secret.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCK_SIZE ((size_t)16 * 1024) /* of the old file; more if a line is longer */
#define LINES_AT_ONCE 16               /* between two looks at the clock */
#define FLUSH_SIZE ((size_t)256 * 1024)

static int no_memory(const struct lines_copy *copy, struct reason *why)
{
	return reason_errno(why, ENOMEM, "Cannot copy %s", copy->file.path);
}

static void wipe_and_free(char *memory, size_t length)
{
	if (memory)
		explicit_bzero(memory, length);
	free(memory);
}

/* ------------------------------------------------------------------ the copy */

static int write_out(struct lines_copy *copy, struct reason *why)
{
	int r = atomic_file_write(&copy->file, copy->output, copy->output_length, why);

	if (r < 0)
		return r;
	copy->unflushed += copy->output_length;
	copy->output_length = 0;
	if (copy->unflushed < FLUSH_SIZE)
		return 0;
	copy->unflushed = 0;
	return atomic_file_flush(&copy->file, why);
}

/* Room for what becomes of a line. */
static bool make_output_room(struct lines_copy *copy, size_t length)
{
	size_t needed = copy->output_length + length + LINES_COPY_MORE, room = 2 * needed;
	char *grown;

	if (needed <= copy->output_room)
		return true;
	grown = secret_realloc(copy->output, copy->output_room, room);
	if (!grown)
		return false;
	copy->output = grown;
	copy->output_room = room;
	return true;
}

static int copy_line(struct lines_copy *copy, const char *line, size_t length, struct reason *why)
{
	ssize_t n = -ENOMEM;

	if (make_output_room(copy, length))
		n = copy->line(copy->owner, line, length, copy->output + copy->output_length);
	if (n < 0)
		return reason_errno(why, (int)n, "Cannot copy %s", copy->file.path);
	copy->output_length += (size_t)n;
	copy->end += n;
	if (n > 0)
		copy->last = copy->output[copy->output_length - 1];
	copy->at += (off_t)length;
	return 0;
}

/* ------------------------------------------------------------------ the old file */

/* Read what comes next. Returns how many bytes that is, or a negative errno with `why` set. */
static ssize_t read_block(struct lines_copy *copy, int fd, off_t size, struct reason *why)
{
	size_t left = (size_t)(size - copy->at), length = 0;
	size_t wanted = left < copy->input_room ? left : copy->input_room;

	while (length < wanted) {
		ssize_t n = pread(fd, copy->input + length, wanted - length,
				  copy->at + (off_t)length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return reason_errno(why, n < 0 ? errno : EIO, "Cannot read %s",
					    copy->file.path);
		length += (size_t)n;
	}
	return (ssize_t)length;
}

static bool make_input_room(struct lines_copy *copy)
{
	size_t room = copy->input ? 2 * copy->input_room : BLOCK_SIZE;
	char *grown = malloc(room);

	if (!grown)
		return false;
	wipe_and_free(copy->input, copy->input_room);
	copy->input = grown;
	copy->input_room = room;
	return true;
}

/* The lines of a block that end in it. Returns how many bytes those are that were copied. */
static ssize_t copy_lines(struct lines_copy *copy, size_t length, uint64_t end, struct reason *why)
{
	const char *at = copy->input, *stop = copy->input + length, *newline;

	for (size_t n = 1; (newline = memchr(at, '\n', (size_t)(stop - at))); n++) {
		int r = copy_line(copy, at, (size_t)(newline + 1 - at), why);

		if (r < 0)
			return r;
		at = newline + 1;
		if (n % LINES_AT_ONCE == 0 && monotonic_usec() >= end)
			break;
	}
	return at - copy->input;
}

int lines_copy_go_on(struct lines_copy *copy, int fd, off_t size, uint64_t end, struct reason *why)
{
	if (!copy->input && !make_input_room(copy))
		return no_memory(copy, why);
	do {
		ssize_t length = read_block(copy, fd, size, why);
		ssize_t n = length < 0 ? length : copy_lines(copy, (size_t)length, end, why);
		int r = n < 0 ? (int)n : write_out(copy, why);

		if (r < 0)
			return r;
		if (copy->at >= size || (n == 0 && copy->at + length >= size))
			return 1;
		if (n == 0 && !make_input_room(copy))
			return no_memory(copy, why);
	} while (monotonic_usec() < end);
	return 0;
}

int lines_copy_finish(struct lines_copy *copy, int fd, off_t size, struct reason *why)
{
	int r = lines_copy_go_on(copy, fd, size, UINT64_MAX, why);
	ssize_t length = r < 0 ? r : read_block(copy, fd, size, why);

	if (length > 0)
		r = copy_line(copy, copy->input, (size_t)length, why);
	else if (length < 0)
		r = (int)length;
	if (r >= 0)
		r = write_out(copy, why);
	return r < 0 ? r : 0;
}

void lines_copy_clear(struct lines_copy *copy)
{
	atomic_file_discard(&copy->file);
	wipe_and_free(copy->input, copy->input_room);
	wipe_and_free(copy->output, copy->output_room);
	*copy = LINES_COPY_NULL;
}
