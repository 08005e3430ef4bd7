/* SPDX-License-Identifier: ISC */
/* Changing client.keys: appending, replacing, failing, and others who change it meanwhile. */
#include "tests/unit/fault.h"
#include "tests/unit/roster.h"
#include "tests/unit/support.h"

#include "registrar/agents/keys-file.h"
#include "registrar/agents/roster.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static void test_appending(void **state)
{
	struct roster *roster = open_with(*state, "# mine\n1024 aa any " KEY "\n");

	begin(roster);
	add(roster, "1025 bb any " OTHER_KEY);
	add(roster, "1026 cc 10.0.0.1 " OTHER_KEY);
	assert_non_null(roster_find_name(roster, "bb"));
	fault_clear();
	assert_int_equal(commit(roster), 0);
	/* One write and one flush for all of them; the flush makes the answers safe to give. */
	assert_string_equal(fault_trace(), "write fdatasync");
	assert_file(path_in(*state, "client.keys"),
		    "# mine\n1024 aa any " KEY "\n1025 bb any " OTHER_KEY
		    "\n1026 cc 10.0.0.1 " OTHER_KEY "\n");
	roster_close(roster);
}

static void test_never_glued(void **state)
{
	struct roster *roster = open_with(*state, "1024 aa any 5a5a");

	add_one(roster, "1025 bb any " KEY);
	add_one(roster, "1026 cc any " KEY);
	assert_file(path_in(*state, "client.keys"),
		    "1024 aa any 5a5a\n1025 bb any " KEY "\n1026 cc any " KEY "\n");
	roster_close(roster);
}

static void test_replacing(void **state)
{
	struct roster *roster = open_with(*state, "# mine\n1024 aa any " KEY "\n1025 bb any " KEY
						  "\nrubbish\n1026 cc any " KEY);

	begin(roster);
	add(roster, "1027 dd any " KEY);
	add(roster, "1028 ee any " KEY);
	/* staged a moment ago */
	roster_remove(roster, roster_find_name(roster, "dd"), ROSTER_TOMBSTONE_NOTHING);
	roster_remove(roster, roster_find_name(roster, "aa"), ROSTER_TOMBSTONE_NOTHING);
	assert_null(roster_find_name(roster, "aa"));
	/* free after the transaction, not before */
	assert_int_equal(roster_next_id(roster, 1024), 1029);
	assert_non_null(roster_first_with_id(roster, 1024));
	assert_int_equal(commit(roster), 0);
	assert_file(path_in(*state, "client.keys"),
		    "# mine\n1025 bb any " KEY "\nrubbish\n1026 cc any " KEY "\n1028 ee any " KEY
		    "\n");
	assert_int_equal(count_entries(*state), 1);

	begin(roster);
	assert_null(roster_first_with_id(roster, 1024));
	assert_non_null(roster_find_name(roster, "cc"));
	assert_int_equal(reports, 2); /* once at the start; not again after our own writing */
	assert_int_equal(commit(roster), 0);
	roster_close(roster);
}

/* What manage_agents of OSSEC and wazuh-authd leave of a removed agent, byte for byte. */
static void test_remains(void **state)
{
	static const struct {
		const char *label, *line, *left;
		enum roster_tombstone tombstone;
	} rows[] = {
		{ "nothing", "1025 web any " KEY "\n", "", ROSTER_TOMBSTONE_NOTHING },
		{ "OSSEC", "1025 web any " KEY "\n",
		  "1025 #*#*#*#*#*#*#*#*#*#*#a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a\n",
		  ROSTER_TOMBSTONE_OSSEC },
		{ "OSSEC, short line", "025 web any abcdef\n", "025 #*#*#*#*#*#*#*#*#*#*#\n",
		  ROSTER_TOMBSTONE_OSSEC },
		{ "OSSEC, one byte longer than that", "025 web any 123456789012\n",
		  "025 #*#*#*#*#*#*#*#*#*#*#\n", ROSTER_TOMBSTONE_OSSEC },
		{ "Wazuh", "025 web 10.0.0.1 " KEY "\n", "025 !web 10.0.0.1 " KEY "\n",
		  ROSTER_TOMBSTONE_WAZUH },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char content[1000];
		struct roster *roster;

		(void)snprintf(content, sizeof content, "1024 aa any %s\n%s1026 cc any %s\n", KEY,
			       rows[i].line, KEY);
		roster = open_with(*state, content);
		begin(roster);
		roster_remove(roster, roster_find_name(roster, "web"), rows[i].tombstone);
		check_row(rows[i].label, roster_count(roster) == 2);
		assert_int_equal(commit(roster), 0);
		(void)snprintf(content, sizeof content, "1024 aa any %s\n%s1026 cc any %s\n", KEY,
			       rows[i].left, KEY);
		assert_file(path_in(*state, "client.keys"), content);

		begin(roster);
		check_row(rows[i].label,
			  !roster_find_name(roster, "web") && !roster_find_ip(roster, "10.0.0.1"));
		check_row(rows[i].label, !roster_find_id(roster, 1025) ||
						 roster_find_id(roster, 1025)->ip == NULL);
		check_row(rows[i].label, roster_count(roster) == 2 && reports == 0);
		roster_cancel(roster);
		roster_close(roster);
	}
}

/* A line that is staged and removed in one transaction, behind a last line without newline. */
static void test_remains_of_staged(void **state)
{
	struct roster *roster = open_with(*state, "1024 aa any " KEY);

	begin(roster);
	add(roster, "1025 bb any " KEY);
	add(roster, "1026 cc any " KEY);
	roster_remove(roster, roster_find_name(roster, "aa"), ROSTER_TOMBSTONE_WAZUH);
	roster_remove(roster, roster_find_name(roster, "bb"), ROSTER_TOMBSTONE_WAZUH);
	assert_int_equal(commit(roster), 0);
	assert_file(path_in(*state, "client.keys"),
		    "1024 !aa any " KEY "\n1025 !bb any " KEY "\n1026 cc any " KEY "\n");
	roster_close(roster);
}

static void test_replacing_keeps_the_mode(void **state)
{
	struct roster *roster = open_with(*state, "1024 aa any " KEY "\n");
	struct stat status;

	assert_int_equal(chmod(path_in(*state, "client.keys"), 0600), 0);
	begin(roster);
	roster_remove(roster, roster_find_name(roster, "aa"), ROSTER_TOMBSTONE_NOTHING);
	assert_int_equal(commit(roster), 0);
	assert_int_equal(stat(path_in(*state, "client.keys"), &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_int_equal(status.st_size, 0);
	roster_close(roster);
}

static void test_failing_flush(void **state)
{
	static const char before[] = "1024 aa any " KEY "\n";
	struct roster *roster = open_with(*state, before);

	begin(roster);
	add(roster, "1025 bb any " KEY);
	fault_set("fdatasync", 1, EIO);
	assert_int_equal(commit(roster), -EIO);
	assert_file(path_in(*state, "client.keys"), before);
	add_one(roster, "1025 cc any " KEY);
	assert_file(path_in(*state, "client.keys"), "1024 aa any " KEY "\n1025 cc any " KEY "\n");
	roster_close(roster);
}

/* Whatever fails, the file is as it was, and the next try works. */
static void test_failures(void **state)
{
	static const struct {
		const char *label, *call;
		int error;
		bool replacing;
	} rows[] = {
		{ "no room", "write", ENOSPC, false },
		{ "room for half a line", "write", FAULT_SHORT, false },
		{ "disk error", "write", EIO, false },
		{ "replacing: no room", "write", ENOSPC, true },
		{ "replacing: no flush", "fsync", EIO, true },
		{ "replacing: no rename", "renameat", EACCES, true },
	};
	static const char before[] = "1024 aa any " KEY "\n";

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct roster *roster = open_with(*state, before);

		begin(roster);
		add(roster, "1025 bb any " KEY);
		if (rows[i].replacing)
			roster_remove(roster, roster_find_name(roster, "aa"),
				      ROSTER_TOMBSTONE_NOTHING);
		fault_set(rows[i].call, 1, rows[i].error);
		check_row(rows[i].label, commit(roster) < 0);
		fault_clear();
		assert_file(path_in(*state, "client.keys"), before);
		check_row(rows[i].label, count_entries(*state) == 1);

		begin(roster);
		check_row(rows[i].label, !roster_find_name(roster, "bb"));
		check_row(rows[i].label, roster_find_name(roster, "aa"));
		assert_int_equal(commit(roster), 0);
		add_one(roster, "1025 bb any " KEY);
		assert_file(path_in(*state, "client.keys"),
			    "1024 aa any " KEY "\n1025 bb any " KEY "\n");
		roster_close(roster);
	}
}

static void test_changes_by_others(void **state)
{
	struct roster *roster = open_with(*state, "1024 aa any " KEY "\n");

	add_one(roster, "1025 bb any " KEY);
	write_text(path_in(*state, "client.keys"), "1030 xx any " KEY "\n");
	begin(roster);
	assert_null(roster_find_name(roster, "aa"));
	assert_non_null(roster_find_name(roster, "xx"));
	assert_int_equal(roster_next_id(roster, 1024), 1031);
	assert_int_equal(commit(roster), 0);

	assert_int_equal(unlink(path_in(*state, "client.keys")), 0);
	add_one(roster, "1024 yy any " KEY);
	assert_file(path_in(*state, "client.keys"), "1024 yy any " KEY "\n");
	roster_close(roster);
}

static void test_lock(void **state)
{
	struct roster *roster = open_with(*state, "");
	int directory = open(*state, O_RDONLY | O_DIRECTORY);
	struct reason why;

	assert_int_equal(flock(directory, LOCK_EX), 0);
	assert_int_equal(roster_begin(roster, &why), -EAGAIN);
	assert_int_equal(flock(directory, LOCK_UN), 0);
	begin(roster);
	assert_int_equal(flock(directory, LOCK_EX | LOCK_NB), -1);
	assert_int_equal(commit(roster), 0);
	assert_int_equal(flock(directory, LOCK_EX | LOCK_NB), 0);
	close(directory);
	roster_close(roster);
}

static void test_patience(void **state)
{
	struct roster *roster = open_with(*state, "");
	int directory = open(*state, O_RDONLY | O_DIRECTORY);
	struct reason why = { "" };

	assert_int_equal(flock(directory, LOCK_EX), 0);
	assert_int_equal(roster_begin_within(roster, 20000, &why), -EAGAIN);
	assert_non_null(strstr(why.text, "lock"));
	assert_int_equal(flock(directory, LOCK_UN), 0);
	assert_int_equal(roster_begin_within(roster, 20000, &why), 0);
	roster_cancel(roster);
	close(directory);
	roster_close(roster);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_appending, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_never_glued, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_replacing, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_remains, setup_directory, teardown_directory),
		cmocka_unit_test_setup_teardown(test_remains_of_staged, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_replacing_keeps_the_mode, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_failing_flush, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_failures, setup_directory, teardown_directory),
		cmocka_unit_test_setup_teardown(test_changes_by_others, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_lock, setup_directory, teardown_directory),
		cmocka_unit_test_setup_teardown(test_patience, setup_directory, teardown_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
