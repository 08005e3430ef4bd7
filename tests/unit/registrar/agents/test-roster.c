/* SPDX-License-Identifier: ISC */
/* What client.keys may hold, and looking agents up. */
#include "tests/unit/roster.h"
#include "tests/unit/support.h"

#include "registrar/agents/keys-file.h"
#include "registrar/agents/roster.h"

#include <errno.h>
#include <sys/stat.h>

static void test_lines(void **state)
{
	static const struct {
		const char *label, *line;
		bool name_is_taken; /* "web" */
		bool id_is_taken;   /* 1024 */
		unsigned reports;
	} rows[] = {
		{ "nothing", "", false, false, 0 },
		{ "record", "1024 web any " KEY "\n", true, true, 0 },
		{ "zeros before the id", "0001024 web any " KEY "\n", true, true, 0 },
		{ "record without newline", "1024 web any " KEY, true, true, 1 },
		{ "torn in the key", "1024 web any 5a5a", true, true, 1 },
		{ "torn in the address", "1024 web an", true, true, 1 },
		{ "torn in the name", "1024 we", false, true, 1 },
		{ "torn in the id", "1024", false, true, 1 },
		{ "comment", "# 1024 web any " KEY "\n", false, false, 0 },
		{ "blank first", " 1024 web any " KEY "\n", false, false, 0 },
		{ "empty line", "\n\n", false, false, 0 },
		{ "removed by OSSEC", "1024 #*#*#*#*#*#*#*#*#*#*# any " KEY "\n", false, true, 0 },
		{ "removed by Wazuh", "1024 !web any " KEY "\n", false, true, 0 },
		{ "bad address", "1024 web nowhere " KEY "\n", true, true, 1 },
		{ "five fields", "1024 web any " KEY " x\n", true, true, 1 },
		{ "odd name", "1024 w*b any " KEY "\n", false, true, 0 },
		{ "bad name", "1024 w/b any " KEY "\n", false, true, 1 },
		{ "odd key", "1024 web any 1/2+3=4!\n", true, true, 0 },
		{ "bad id", "1024x web any " KEY "\n", false, false, 1 },
		{ "id too long", "123456789 web any " KEY "\n", false, false, 1 },
		{ "carriage return", "1024 web any " KEY "\r\n", true, true, 1 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct roster *roster = open_with(*state, rows[i].line);

		begin(roster);
		check_row(rows[i].label,
			  !!roster_find_name(roster, "web") == rows[i].name_is_taken);
		check_row(rows[i].label,
			  !!roster_first_with_id(roster, 1024) == rows[i].id_is_taken);
		check_row(rows[i].label, reports == rows[i].reports);
		check_row(rows[i].label,
			  strstr(damage, KEY) == NULL && strstr(damage, "5a5a") == NULL);
		assert_int_equal(commit(roster), 0);
		assert_file(path_in(*state, "client.keys"), rows[i].line);
		roster_close(roster);
	}
}

static void test_missing_file_is_made(void **state)
{
	mode_t old = umask(0777);
	struct roster *roster = open_roster(*state);
	struct stat status;

	umask(old);
	assert_int_equal(stat(path_in(*state, "client.keys"), &status), 0);
	assert_int_equal(status.st_mode & 0777, 0640);
	assert_int_equal(roster_count(roster), 0);
	roster_close(roster);
}

static void test_complaints_are_bounded(void **state)
{
	char content[2000] = "";
	struct roster *roster;

	for (int i = 0; i < 100; i++)
		strcat(content, "rubbish\n");
	roster = open_with(*state, content);
	assert_int_equal(reports, 11); /* and one that says there are more */
	roster_close(roster);
}

static void test_addresses(void **state)
{
	struct roster *roster = open_with(*state, "001 aa 10.0.0.0/24 " KEY "\n"
						  "002 bb 10.0.0.0/24 " KEY "\n"
						  "003 cc any " KEY "\n"
						  "004 dd 2001:db8::1 " KEY "\n");

	begin(roster);
	assert_non_null(roster_find_ip(roster, "10.0.0.0"));
	assert_null(roster_find_ip(roster, "10.0.0.0/24"));
	assert_null(roster_find_ip(roster, "10.0.0.7"));
	assert_null(roster_find_ip(roster, "any"));
	assert_string_equal(roster_find_ip(roster, "2001:db8::1")->id_text, "004");

	/* Two have the same base: when one goes, the other is still found. */
	roster_remove(roster, roster_find_ip(roster, "10.0.0.0"), ROSTER_TOMBSTONE_NOTHING);
	assert_non_null(roster_find_ip(roster, "10.0.0.0"));
	roster_remove(roster, roster_find_ip(roster, "10.0.0.0"), ROSTER_TOMBSTONE_NOTHING);
	assert_null(roster_find_ip(roster, "10.0.0.0"));
	assert_int_equal(commit(roster), 0);
	assert_file(path_in(*state, "client.keys"),
		    "003 cc any " KEY "\n004 dd 2001:db8::1 " KEY "\n");
	roster_close(roster);
}

/* One more than the highest; a block at the ceiling is not the highest, and full comes last. */
static void test_next_ids(void **state)
{
	static const struct {
		const char *label, *content;
		unsigned from_1, from_1024;
	} rows[] = {
		{ "none", "", 1, 1024 },
		{ "below", "5 aa any " KEY "\n", 6, 1024 },
		{ "gap", "1024 aa any " KEY "\n1026 bb any " KEY "\n", 1027, 1027 },
		{ "removed at the end", "1024 aa any " KEY "\n1025 !bb any " KEY "\n", 1026, 1026 },
		{ "damaged at the end", "1024 aa any " KEY "\n1029\n", 1030, 1030 },
		{ "high", "7 aa any " KEY "\n99999998 bb any " KEY "\n", 99999999, 99999999 },
		{ "the last", "99999999 aa any " KEY "\n", 1, 1024 },
		{ "some and the last", "99999999 aa any " KEY "\n7 bb any " KEY "\n", 8, 1024 },
		{ "the last removed", "2000 bb any " KEY "\n99999999 !aa any " KEY "\n", 2001,
		  2001 },
		{ "a block at the end, from above",
		  "99999999 aa any " KEY "\n99999998 bb any " KEY "\n1024 cc any " KEY
		  "\n99999997 dd any " KEY "\n1030 ee any " KEY "\n",
		  1031, 1031 },
		{ "a block at the end, from below",
		  "1024 cc any " KEY "\n99999997 aa any " KEY "\n99999998 bb any " KEY
		  "\n99999999 dd any " KEY "\n",
		  1025, 1025 },
		{ "a gap below the last", "99999999 aa any " KEY "\n99999997 bb any " KEY "\n",
		  99999998, 99999998 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct roster *roster = open_with(*state, rows[i].content);

		begin(roster);
		check_row(rows[i].label, roster_next_id(roster, 1) == rows[i].from_1);
		check_row(rows[i].label, roster_next_id(roster, 1024) == rows[i].from_1024);
		assert_int_equal(commit(roster), 0);
		roster_close(roster);
	}
}

/* When there is nothing above, what was never used below. */
static void test_ids_run_out(void **state)
{
	struct roster *roster = open_with(*state, "99999998 aa any " KEY "\n");
	char line[200];

	begin(roster);
	add(roster, "99999999 bb any " KEY);
	for (unsigned id = 1; id <= 3; id++) {
		assert_int_equal(roster_next_id(roster, 1), id);
		(void)snprintf(line, sizeof line, "%u a%u any %s", id, id, KEY);
		add(roster, line);
	}
	assert_int_equal(roster_next_id(roster, 99999998), 4);
	roster_cancel(roster);
	roster_close(roster);
}

/* A file that another program wrote. */
static void test_same_ids(void **state)
{
	struct roster *roster = open_with(*state, "001 web any " KEY "\n002 db any " KEY
						  "\n1 mail any " KEY "\n1 !gone any " KEY "\n2\n");
	unsigned agents = 0, tombstones = 0;

	assert_int_equal(reports, 2); /* the damaged line is the other */
	begin(roster);
	for (const struct roster_entry *at = roster_first_with_id(roster, 1); at;
	     at = roster_next_with_id(at)) {
		agents += roster_entry_is_agent(at);
		tombstones += roster_entry_is_tombstone(at);
	}
	assert_int_equal(agents, 2);
	assert_int_equal(tombstones, 1);
	roster_remove(roster, roster_find_name(roster, "web"), ROSTER_TOMBSTONE_OSSEC);
	assert_string_equal(roster_find_id(roster, 1)->name, "mail");
	roster_cancel(roster);
	roster_close(roster);

	roster = open_with(*state, "001 web any " KEY "\n1 db any " KEY "\n");
	assert_int_equal(reports, 1);
	assert_non_null(strstr(damage, "Line 2 of "));
	assert_non_null(strstr(damage, " gives db the id 1, which web has already"));
	roster_close(roster);
}

static void test_many(void **state)
{
	enum { MANY = 20000 };
	struct roster *roster = open_roster(*state);
	char line[200];

	begin(roster);
	for (unsigned i = 0; i < MANY; i++) {
		unsigned id = roster_next_id(roster, 1024);

		assert_int_equal(id, 1024 + i);
		(void)snprintf(line, sizeof line, "%u agent-%u 10.%u.%u.%u %s", id, i, i >> 16,
			       i >> 8 & 255, i & 255, KEY);
		add(roster, line);
	}
	assert_int_equal(commit(roster), 0);
	assert_int_equal(roster_count(roster), MANY);
	roster_close(roster);

	roster = open_roster(*state);
	assert_int_equal(roster_count(roster), MANY);
	begin(roster);
	assert_string_equal(roster_find_name(roster, "agent-19999")->ip, "10.0.78.31");
	assert_string_equal(roster_find_ip(roster, "10.0.78.31")->name, "agent-19999");
	assert_null(roster_find_name(roster, "agent-20000"));
	assert_int_equal(commit(roster), 0);
	roster_close(roster);
}

static void test_key_hash(void **state)
{
	/* The known answer of Wazuh: id 001, name test_user, this key. */
	static const char line[] =
		"001 test_user any "
		"48a99873149358e48b13273c4ad07c44ed402bcb71fc94869f3e76b2f27637db";
	static const char expected[] = "504f2f52d0e9d5fd9a12875aa86fa588dab2a43e";
	struct roster *roster = open_with(*state, "000 before any " KEY); /* no newline */
	char hash[AGENT_KEY_HASH_SIZE];

	for (int committed = 0; committed < 2; committed++) {
		begin(roster);
		if (!committed)
			add(roster, line); /* known while it is only staged, too */
		assert_int_equal(
			roster_key_hash(roster, roster_find_name(roster, "test_user"), hash), 0);
		assert_string_equal(hash, expected);
		assert_int_equal(commit(roster), 0);
	}
	roster_close(roster);
}

static void test_masks(void **state)
{
	struct roster *roster = open_with(*state, "001 aa 10.0.0.0/24 " KEY "\n"
						  "002 bb 10.0.0.0 " KEY "\n"
						  "003 cc any " KEY "\n");

	begin(roster);
	assert_string_equal(roster_find_ip_and_mask(roster, "10.0.0.0/24")->name, "aa");
	assert_string_equal(roster_find_ip_and_mask(roster, "10.0.0.0")->name, "bb");
	assert_null(roster_find_ip_and_mask(roster, "10.0.0.0/8"));
	assert_null(roster_find_ip_and_mask(roster, "any"));
	roster_cancel(roster);
	roster_close(roster);
}

static void test_find_id(void **state)
{
	struct roster *roster = open_with(*state, "007 !old any " KEY "\n"
						  "7 seven any " KEY "\n"
						  "8 !gone any " KEY "\n");

	begin(roster);
	assert_string_equal(roster_find_id(roster, 7)->name, "seven");
	assert_null(roster_find_id(roster, 8)->ip);
	assert_null(roster_find_id(roster, 9));
	add(roster, "0009 nine any " KEY);
	assert_string_equal(roster_find_id(roster, 9)->id_text, "0009");
	roster_cancel(roster);

	begin(roster);
	assert_null(roster_find_id(roster, 9)); /* it was taken back */
	assert_int_equal(commit(roster), 0);
	roster_close(roster);
}

static void test_list(void **state)
{
	struct roster *roster = open_with(*state, "003 cc any " KEY
						  "\n# comment\n001 !gone any " KEY "\nrubbish\n"
						  "002 bb 10.0.0.1 " KEY "\n");
	const struct roster_entry **entries;
	size_t count;

	begin(roster);
	add(roster, "001 aa any " OTHER_KEY);
	roster_remove(roster, roster_find_name(roster, "cc"), ROSTER_TOMBSTONE_WAZUH);
	assert_int_equal(roster_list(roster, &entries, &count), 0);
	assert_int_equal(count, 2);
	assert_string_equal(entries[0]->name, "bb");
	assert_string_equal(entries[1]->name, "aa");
	free(entries);
	roster_cancel(roster);

	begin(roster);
	assert_int_equal(roster_list(roster, &entries, &count), 0);
	assert_int_equal(count, 2);
	assert_string_equal(entries[0]->name, "cc");
	free(entries);
	roster_cancel(roster);
	roster_close(roster);
}

/* Lines by id, and of one id by their place in the file, whatever the order of the file. */
static void test_seek(void **state)
{
	static const char *const order[] = { "001", "002", "002", "0003", "009", "012" };
	struct roster *roster = open_with(*state, "009 ii any " KEY "\n0003 cc any " KEY
						  "\n002 !gone any " KEY "\n002 bb any " KEY "\n");
	const struct roster_entry *entry;

	begin(roster);
	add(roster, "012 ll any " OTHER_KEY);
	add(roster, "001 aa any " OTHER_KEY);
	assert_int_equal(roster_seek(roster, 0, 0), 0);
	for (size_t i = 0; i < COUNT(order); i++)
		assert_string_equal(roster_at(roster, i)->id_text, order[i]);
	assert_null(roster_at(roster, COUNT(order)));
	assert_int_equal(roster_seek(roster, 2, 0), 1);
	entry = roster_at(roster, 1);
	assert_false(roster_entry_is_agent(entry));
	assert_int_equal(roster_seek(roster, 2, entry->offset + 1), 2);
	assert_string_equal(roster_at(roster, 2)->name, "bb");
	assert_int_equal(roster_seek(roster, 4, 0), 4);
	assert_int_equal(roster_seek(roster, 13, 0), COUNT(order));
	roster_cancel(roster);
	begin(roster);
	assert_int_equal(roster_seek(roster, 10, 0), 4);
	assert_null(roster_at(roster, 4));
	roster_cancel(roster);
	roster_close(roster);
}

static void test_read(void **state)
{
	struct roster *roster = open_with(*state, "001 aa 10.0.0.0/24 " KEY "\n002 bb nowhere " KEY
						  "\n003 cc any " OTHER_KEY);
	struct agent_key agent;

	begin(roster);
	assert_int_equal(roster_read(roster, roster_find_name(roster, "aa"), &agent), 0);
	assert_string_equal(agent.ip, "10.0.0.0/24");
	assert_string_equal(agent.key, KEY);
	assert_int_equal(roster_read(roster, roster_find_name(roster, "bb"), &agent), -EINVAL);
	assert_int_equal(roster_read(roster, roster_find_name(roster, "cc"), &agent), 0);
	assert_string_equal(agent.key, OTHER_KEY);
	add(roster, "004 dd any " KEY);
	assert_int_equal(roster_read(roster, roster_find_name(roster, "dd"), &agent), 0);
	assert_string_equal(agent.id, "004");
	roster_cancel(roster);
	roster_close(roster);
}

/* Looking makes no file, and does not need the right to write. */
static void test_reading_only(void **state)
{
	struct roster *roster;
	struct reason why;

	assert_int_equal(roster_open_reading(&roster, *state, report_damage, &why), -ENOENT);
	assert_int_equal(count_entries(*state), 0);
	write_text(path_in(*state, "client.keys"), "001 aa any " KEY "\n");
	assert_int_equal(roster_open_reading(&roster, *state, report_damage, &why), 0);
	begin(roster);
	assert_non_null(roster_find_name(roster, "aa"));
	roster_cancel(roster);
	roster_close(roster);
}

static void test_id_as_it_is_written(void **state)
{
	static const struct {
		const char *id, *name, *found; /* by its name */
	} rows[] = {
		{ "1", NULL, "one" },  { "001", NULL, "two" },      { "01", NULL, NULL },
		{ "1", "one", "one" }, { "001", "one", NULL },      { "007", NULL, "seven" },
		{ "7", NULL, NULL },   { "007", "eight", "eight" }, { "002", NULL, NULL },
		{ "x", NULL, NULL },   { "", NULL, NULL },
	};
	struct roster *roster = open_with(*state, "1 one any " KEY "\n001 two any " KEY
						  "\n007 seven any " KEY "\n007 eight any " KEY
						  "\n002 !gone any " KEY "\n");

	begin(roster);
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct roster_entry *entry = roster_find_agent(roster, rows[i].id,
								     rows[i].name);
		bool is_either = entry && !rows[i].name && strcmp(rows[i].id, "007") == 0;

		check_row(rows[i].id, !entry == !rows[i].found);
		check_row(rows[i].id,
			  !entry || is_either ||
				  (rows[i].found && strcmp(entry->name, rows[i].found) == 0));
	}
	roster_cancel(roster);
	roster_close(roster);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_lines, setup_directory, teardown_directory),
		cmocka_unit_test_setup_teardown(test_missing_file_is_made, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_complaints_are_bounded, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_addresses, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_masks, setup_directory, teardown_directory),
		cmocka_unit_test_setup_teardown(test_find_id, setup_directory, teardown_directory),
		cmocka_unit_test_setup_teardown(test_list, setup_directory, teardown_directory),
		cmocka_unit_test_setup_teardown(test_seek, setup_directory, teardown_directory),
		cmocka_unit_test_setup_teardown(test_read, setup_directory, teardown_directory),
		cmocka_unit_test_setup_teardown(test_reading_only, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_next_ids, setup_directory, teardown_directory),
		cmocka_unit_test_setup_teardown(test_ids_run_out, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_same_ids, setup_directory, teardown_directory),
		cmocka_unit_test_setup_teardown(test_many, setup_directory, teardown_directory),
		cmocka_unit_test_setup_teardown(test_key_hash, setup_directory, teardown_directory),
		cmocka_unit_test_setup_teardown(test_id_as_it_is_written, setup_directory,
						teardown_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
