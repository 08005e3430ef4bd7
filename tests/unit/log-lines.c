/* SPDX-License-Identifier: ISC */
#include "tests/unit/log-lines.h"

#include "common/log.h"

#include "tests/unit/support.h"

#define MAX_LINES 256

static struct {
	int level;
	char text[1024]; /* cut to fit */
} lines[MAX_LINES];

static size_t count;

static void collect(int level, const char *message)
{
	assert_true(count < MAX_LINES);
	lines[count].level = level;
	(void)snprintf(lines[count++].text, sizeof lines[0].text, "%s", message);
}

void log_lines_collect(void)
{
	count = 0;
	log_open("test", LOG_DEBUG);
	log_divert(collect);
}

void log_lines_stop(void)
{
	log_divert(NULL);
	log_open("test", LOG_INFO);
}

size_t log_lines_count(int level, const char *part)
{
	size_t found = 0;

	for (size_t i = 0; i < count; i++)
		found += lines[i].level == level && strstr(lines[i].text, part);
	return found;
}
