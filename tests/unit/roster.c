/* SPDX-License-Identifier: ISC */
#include "tests/unit/roster.h"

#include "tests/unit/support.h"

unsigned reports;
char damage[1024];

void report_damage(const char *sentence)
{
	reports++;
	(void)snprintf(damage, sizeof damage, "%s", sentence);
}

struct roster *open_roster(const char *directory)
{
	struct roster *roster;
	struct reason why;

	reports = 0;
	damage[0] = '\0';
	assert_int_equal(roster_open(&roster, directory, (gid_t)-1, report_damage, &why), 0);
	return roster;
}

struct roster *open_with(const char *directory, const char *content)
{
	write_text(path_in(directory, "client.keys"), content);
	return open_roster(directory);
}

void begin(struct roster *roster)
{
	struct reason why;

	assert_int_equal(roster_begin(roster, &why), 0);
}

int commit(struct roster *roster)
{
	struct reason why;

	return roster_commit(roster, &why);
}

void add(struct roster *roster, const char *line)
{
	struct agent_key agent;

	assert_int_equal(agent_key_parse(&agent, line, strlen(line)), AGENT_KEY_OK);
	assert_int_equal(roster_add(roster, &agent), 0);
}

void add_one(struct roster *roster, const char *line)
{
	begin(roster);
	add(roster, line);
	assert_int_equal(commit(roster), 0);
}
