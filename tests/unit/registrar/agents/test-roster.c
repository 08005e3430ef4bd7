/* SPDX-License-Identifier: ISC */
#include "tests/unit/fault.h"
#include "tests/unit/support.h"

#include "registrar/agents/keys-file.h"
#include "registrar/agents/roster.h"
#include "registrar/agents/text-index.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"
#define OTHER_KEY "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

/* Flushing is what makes an answer safe to give: it can be made to fail, and is counted. */
int __real_fdatasync(int fd);
int __wrap_fdatasync(int fd);
static bool flush_fails;
static unsigned flushes;

int __wrap_fdatasync(int fd)
{
	flushes++;
	if (!flush_fails)
		return __real_fdatasync(fd);
	flush_fails = false;
	errno = EIO;
	return -1;
}

static unsigned reports;
static char complaint[1024]; /* the last one */

static void report_damage(const char *sentence)
{
	reports++;
	(void)snprintf(complaint, sizeof complaint, "%s", sentence);
}

static struct roster *open_roster(const char *directory)
{
	struct roster *roster;
	struct reason why;

	reports = 0;
	complaint[0] = '\0';
	assert_int_equal(roster_open(&roster, directory, (gid_t)-1, report_damage, &why), 0);
	return roster;
}

static struct roster *open_with(const char *directory, const char *content)
{
	write_text(path_in(directory, "client.keys"), content);
	return open_roster(directory);
}

static void begin(struct roster *roster)
{
	struct reason why;

	assert_int_equal(roster_begin(roster, &why), 0);
}

static int commit(struct roster *roster)
{
	struct reason why;

	return roster_commit(roster, &why);
}

static void add(struct roster *roster, const char *line)
{
	struct agent_key agent;

	assert_int_equal(agent_key_parse(&agent, line, strlen(line)), AGENT_KEY_OK);
	assert_int_equal(roster_add(roster, &agent), 0);
}

static void add_one(struct roster *roster, const char *line)
{
	begin(roster);
	add(roster, line);
	assert_int_equal(commit(roster), 0);
}

/* ------------------------------------------------------------------ what the file may hold */

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
			  (roster_lowest_free_id(roster, 1024) != 1024) == rows[i].id_is_taken);
		check_row(rows[i].label, reports == rows[i].reports);
		check_row(rows[i].label,
			  strstr(complaint, KEY) == NULL && strstr(complaint, "5a5a") == NULL);
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

/* ------------------------------------------------------------------ looking up */

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

static void test_ids(void **state)
{
	static const struct {
		const char *label, *content;
		unsigned lowest, next;
	} rows[] = {
		{ "none", "", 1024, 1 },
		{ "below", "5 aa any " KEY "\n", 1024, 6 },
		{ "gap", "1024 aa any " KEY "\n1026 bb any " KEY "\n", 1025, 1027 },
		{ "removed at the end", "1024 aa any " KEY "\n1025 !bb any " KEY "\n", 1026, 1026 },
		{ "the last", "99999999 aa any " KEY "\n", 1024, 0 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct roster *roster = open_with(*state, rows[i].content);

		begin(roster);
		check_row(rows[i].label, roster_lowest_free_id(roster, 1024) == rows[i].lowest);
		check_row(rows[i].label, roster_next_id(roster) == rows[i].next);
		assert_int_equal(commit(roster), 0);
		roster_close(roster);
	}
}

static void test_many(void **state)
{
	enum { MANY = 20000 };
	struct roster *roster = open_roster(*state);
	char line[200];

	begin(roster);
	for (unsigned i = 0; i < MANY; i++) {
		unsigned id = roster_lowest_free_id(roster, 1024);

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
	static const char line[] = "001 test_user any "
				   "48a99873149358e48b13273c4ad07c44ed402bcb71fc94869f3e76b2f27637d"
				   "b";
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
	struct roster *roster = open_with(*state, "003 cc any " KEY "\n# comment\n001 !gone "
						  "any " KEY "\nrubbish\n"
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

/* ------------------------------------------------------------------ writing */

static void test_appending(void **state)
{
	struct roster *roster = open_with(*state, "# mine\n1024 aa any " KEY "\n");

	begin(roster);
	add(roster, "1025 bb any " OTHER_KEY);
	add(roster, "1026 cc 10.0.0.1 " OTHER_KEY);
	assert_non_null(roster_find_name(roster, "bb"));
	fault_clear();
	flushes = 0;
	assert_int_equal(commit(roster), 0);
	assert_string_equal(fault_trace(), "write");
	assert_int_equal(flushes, 1); /* one write and one flush for all of them */
	assert_file(path_in(*state, "client.keys"),
		    "# mine\n1024 aa any " KEY "\n1025 bb "
		    "any " OTHER_KEY "\n1026 cc 10.0.0.1 " OTHER_KEY "\n");
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
	assert_int_equal(roster_lowest_free_id(roster, 1024), 1029);
	assert_int_equal(commit(roster), 0);
	assert_file(path_in(*state, "client.keys"), "# mine\n1025 bb any " KEY "\nrubbish\n1026 cc "
						    "any " KEY "\n1028 ee any " KEY "\n");
	assert_int_equal(count_entries(*state), 1);

	begin(roster);
	assert_int_equal(roster_lowest_free_id(roster, 1024), 1024);
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

	assert_int_equal(chmod(path_in(*state, "client.keys"), 0440), 0);
	begin(roster);
	roster_remove(roster, roster_find_name(roster, "aa"), ROSTER_TOMBSTONE_NOTHING);
	assert_int_equal(commit(roster), 0);
	assert_int_equal(stat(path_in(*state, "client.keys"), &status), 0);
	assert_int_equal(status.st_mode & 0777, 0440);
	assert_int_equal(status.st_size, 0);
	roster_close(roster);
}

static void test_failing_flush(void **state)
{
	static const char before[] = "1024 aa any " KEY "\n";
	struct roster *roster = open_with(*state, before);

	begin(roster);
	add(roster, "1025 bb any " KEY);
	flush_fails = true;
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

/* ------------------------------------------------------------------ others */

static void test_changes_by_others(void **state)
{
	struct roster *roster = open_with(*state, "1024 aa any " KEY "\n");

	add_one(roster, "1025 bb any " KEY);
	write_text(path_in(*state, "client.keys"), "1030 xx any " KEY "\n");
	begin(roster);
	assert_null(roster_find_name(roster, "aa"));
	assert_non_null(roster_find_name(roster, "xx"));
	assert_int_equal(roster_lowest_free_id(roster, 1024), 1024);
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

/* ------------------------------------------------------------------ the index below */

static void test_index(void **state)
{
	enum { MANY = 5000 };
	static char texts[MANY][16];
	struct text_index index = { 0 };

	(void)state;
	assert_null(text_index_find(&index, "a", 1));
	text_index_remove(&index, "a", 1, &index);
	for (int i = 0; i < MANY; i++) {
		(void)snprintf(texts[i], sizeof texts[i], "%d", i);
		assert_int_equal(text_index_add(&index, texts[i], strlen(texts[i]), texts[i]), 0);
	}
	for (int i = 0; i < MANY; i += 2)
		text_index_remove(&index, texts[i], strlen(texts[i]), texts[i]);
	for (int i = 0; i < MANY; i++)
		assert_ptr_equal(text_index_find(&index, texts[i], strlen(texts[i])),
				 i % 2 ? texts[i] : NULL);
	/* Adding and removing for ever must not fill it with what was removed. */
	for (int i = 0; i < 100 * MANY; i++) {
		assert_int_equal(text_index_add(&index, "same", 4, texts[0]), 0);
		text_index_remove(&index, "same", 4, texts[0]);
	}
	assert_in_range(index.size, MANY, 8 * MANY);
	text_index_clear(&index);
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
		cmocka_unit_test_setup_teardown(test_read, setup_directory, teardown_directory),
		cmocka_unit_test_setup_teardown(test_reading_only, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_ids, setup_directory, teardown_directory),
		cmocka_unit_test_setup_teardown(test_many, setup_directory, teardown_directory),
		cmocka_unit_test_setup_teardown(test_key_hash, setup_directory, teardown_directory),
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
		cmocka_unit_test(test_index),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
