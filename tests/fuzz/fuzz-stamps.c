/* SPDX-License-Identifier: ISC */
/*
 * Any agents-timestamp at all, which grows, or becomes another one: what is kept in memory of it is
 * what looking it up in the file finds. The first byte says how, and the next two how much of the
 * file there is at first; what the first line is repeated for makes it long.
 */
#include "directory.h"
#include "fuzz.h"

#include "registrar/agents/stamps.h"

#include <errno.h>
#include <stdio.h>

#define FILE_NAME "agents-timestamp"
#define REPEATED_MAX 40000

static struct agent_stamps stamps;

static void check_known(const struct agent_history *history)
{
	static const char *const ids[] = { "001", "002", "1024", "99999999" };

	for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
		struct roster_entry entry = { .name = "web-01", .ip = "any" };
		time_t kept = -1, read = -1;
		int r, expected;

		(void)snprintf(entry.id_text, sizeof entry.id_text, "%s", ids[i]);
		r = agent_stamps_find(&stamps, &entry, &kept);
		expected = agent_history_registered(history, &entry, &read);
		HOLDS(r == expected && kept == read);
	}
}

/* With time, and without any. */
static void refresh(const struct agent_history *history)
{
	int r = agent_stamps_refresh(&stamps, history, 0);

	HOLDS(r == 0 || r == 1);
	HOLDS(agent_stamps_refresh(&stamps, history, UINT64_MAX) == 1);
}

/* A file, of which the first bytes are repeated as often as it says. */
static size_t make_file(char *ret, const uint8_t *data, size_t size, size_t times)
{
	size_t length = 0, piece = size < 512 ? size : 512;

	while (times-- > 0 && length + piece <= REPEATED_MAX) {
		memcpy(ret + length, data, piece);
		length += piece;
	}
	memcpy(ret + length, data, size);
	return length + size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char file[REPEATED_MAX + 4096];
	const struct agent_history history = { .queue = fuzz_directory() };
	size_t length, first;

	if (size < 4 || size > 4096)
		return 0;
	length = make_file(file, data + 4, size - 4, data[3]);
	first = (data[1] * 256U + data[2]) % (length + 1);
	agent_stamps_clear(&stamps);
	fuzz_write(FILE_NAME, NULL, 0);
	HOLDS(agent_stamps_refresh(&stamps, &history, UINT64_MAX) == -ENODATA);
	fuzz_write(FILE_NAME, file, first);
	refresh(&history);
	check_known(&history);
	if (data[0] & 1) /* another one in its place */
		fuzz_write(FILE_NAME, NULL, 0);
	fuzz_write(FILE_NAME, file, length);
	refresh(&history);
	check_known(&history);
	agent_stamps_clear(&stamps);
	return 0;
}
