/* SPDX-License-Identifier: ISC */
/* After a replacement of client.keys: the index is what reading the file again would make of it. */
#include "tests/unit/roster.h"
#include "tests/unit/shortage.h"
#include "tests/unit/support.h"

#include "registrar/agents/roster-rewrite.h"
#include "registrar/agents/roster.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* All kinds of lines, ids that several have, in several ways to write them, and the last id. */
#define CONTENT                         \
	"# comment\n\n"                 \
	"007 aa any " KEY "\n"          \
	"7 bb 10.0.0.1 " KEY "\n"       \
	"rubbish\n"                     \
	"0007 cc 10.0.0.0/24 " KEY "\n" \
	"1024 dd any\n"                 \
	"1025 !ee any " KEY "\n"        \
	"1026 #*#*#*#*#*#*#*#*#*#*#*\n" \
	"99999999 ff 2001:db8::1 " KEY "\n"

/* Hundreds of them take long on a disk, and change nothing here. */
int __wrap_fsync(int fd);
int __wrap_fsync(int fd)
{
	(void)fd;
	return 0;
}

int __wrap_fdatasync(int fd);
int __wrap_fdatasync(int fd)
{
	(void)fd;
	return 0;
}

static void check_same(const struct roster_entry *a, const struct roster_entry *b)
{
	assert_true(a && b);
	assert_string_equal(a->id_text, b->id_text);
	assert_int_equal(a->offset, b->offset);
	assert_int_equal(a->length, b->length);
	assert_string_equal(a->name ?: "", b->name ?: "");
	assert_string_equal(a->ip ?: "", b->ip ?: "");
	assert_int_equal(roster_entry_is_agent(a), roster_entry_is_agent(b));
	assert_int_equal(roster_entry_is_tombstone(a), roster_entry_is_tombstone(b));
}

static void check_found(const struct roster *roster, const struct roster_entry *entry)
{
	const struct roster_entry *same = roster_first_with_id(roster, entry->id);

	while (same && same != entry)
		same = roster_next_with_id(same);
	assert_true(same == entry);
	assert_true(!entry->name || roster_find_name(roster, entry->name));
	assert_true(!entry->ip || strcmp(entry->ip, "any") == 0 ||
		    roster_find_ip_and_mask(roster, entry->ip));
}

/* Nothing is staged, and nobody has the lock. */
static void check_like_file(struct roster *roster, const char *directory)
{
	struct roster *read;
	struct reason why;
	size_t i;

	assert_int_equal(roster_open_reading(&read, directory, NULL, &why), 0);
	for (i = 0; roster_at(read, i); i++) {
		check_same(roster_at(roster, roster_seek(roster, 0, 0) + i),
			   roster_at(read, roster_seek(read, 0, 0) + i));
		check_found(roster, roster_at(roster, i));
	}
	assert_null(roster_at(roster, i));
	assert_int_equal(roster_count(roster), roster_count(read));
	assert_int_equal(roster_size(roster), roster_size(read));
	assert_int_equal(roster_next_id(roster, 1), roster_next_id(read, 1));
	assert_int_equal(roster_next_id(roster, ROSTER_ID_MAX),
			 roster_next_id(read, ROSTER_ID_MAX));
	roster_close(read);
}

static unsigned int next_random(unsigned int below)
{
	static unsigned int random = 1;

	return (random = random * 1103515245 + 12345) / 65536 % below;
}

static void add_some(struct roster *roster)
{
	static const char *const ids[] = { "007", "8", "0009", "99999998", "99999999" };
	static const char *const addresses[] = { "any", "10.0.0.1", "10.0.0.0/24", "2001:db8::1" };

	for (unsigned int n = next_random(3); n > 0; n--) {
		unsigned int how = next_random(8);
		char id[20], line[200];

		(void)snprintf(id, sizeof id, "%u", roster_next_id(roster, 1024));
		(void)snprintf(line, sizeof line, "%s agent-%u %s %s",
			       how < COUNT(ids) ? ids[how] : id, next_random(100),
			       addresses[next_random(COUNT(addresses))], KEY);
		add(roster, line);
	}
}

/* Agents, also those that were staged a moment ago, and what is left of agents. */
static void remove_some(struct roster *roster)
{
	for (unsigned int n = next_random(4); n > 0; n--) {
		const unsigned int first = next_random(2) ? 0 : ROSTER_ID_MAX - 1;
		const struct roster_entry *entry =
			roster_at(roster, roster_seek(roster, first, 0) + next_random(10));

		if (entry && roster_entry_is_agent(entry))
			roster_remove(roster, entry, (enum roster_tombstone)next_random(3));
		else if (entry && roster_entry_is_tombstone(entry))
			roster_remove(roster, entry, ROSTER_TOMBSTONE_NOTHING);
	}
}

static void change_some(struct roster *roster, const char *directory)
{
	begin(roster);
	add_some(roster);
	remove_some(roster);
	assert_int_equal(commit(roster), 0);
	begin(roster);
	roster_cancel(roster);
	check_like_file(roster, directory);
}

static void test_random(void **state)
{
	struct roster *roster = open_with(*state, CONTENT);

	check_like_file(roster, *state);
	for (int i = 0; i < 500; i++)
		change_some(roster, *state);
	roster_close(roster);
}

/* A last line without a newline is longer as soon as another one comes. */
static void test_random_unterminated(void **state)
{
	for (int i = 0; i < 200; i++) {
		struct roster *roster = open_with(*state, CONTENT "1027 gg any " KEY);

		for (int j = 0; j < 3; j++)
			change_some(roster, *state);
		roster_close(roster);
	}
}

/* For which memory runs out is not there; those who come then are. */
static void test_shortage(void **state)
{
	bool has_failed = true;

	for (unsigned int nth = 1; has_failed; nth++) {
		struct roster *roster = open_with(*state, CONTENT);
		struct agent_key agent;
		int r;

		assert_int_equal(agent_key_parse(&agent, "1028 hh 10.0.0.9 " KEY,
						 strlen("1028 hh 10.0.0.9 " KEY)),
				 AGENT_KEY_OK);
		begin(roster);
		shortage_begin(nth);
		r = roster_add(roster, &agent);
		has_failed = shortage_end();
		assert_int_equal(r, has_failed ? -ENOMEM : 0);
		assert_int_equal(roster_find_name(roster, "hh") != NULL, r == 0);
		assert_int_equal(roster_find_ip(roster, "10.0.0.9") != NULL, r == 0);
		assert_int_equal(roster_first_with_id(roster, 1028) != NULL, r == 0);
		add(roster, "1029 ii any " KEY);
		roster_remove(roster, roster_find_name(roster, "aa"), ROSTER_TOMBSTONE_NOTHING);
		assert_int_equal(commit(roster), 0);
		begin(roster);
		roster_cancel(roster);
		check_like_file(roster, *state);
		roster_close(roster);
	}
}

/* Who has removed an agent tells so after the commit. */
static void test_entries_stay(void **state)
{
	for (int i = ROSTER_TOMBSTONE_NOTHING; i <= ROSTER_TOMBSTONE_WAZUH; i++) {
		struct roster *roster = open_with(*state, CONTENT);
		const struct roster_entry *entry = roster_find_name(roster, "bb");

		begin(roster);
		roster_remove(roster, entry, (enum roster_tombstone)i);
		assert_int_equal(commit(roster), 0);
		assert_string_equal(entry->id_text, "7");
		assert_string_equal(entry->name, "bb");
		assert_string_equal(entry->ip, "10.0.0.1");
		roster_close(roster);
	}
}

/* Somebody changes a byte and leaves the times as they were: only reading it again would show. */
static void test_not_read_again(void **state)
{
	const char *path = path_in(*state, "client.keys");
	struct roster *roster = open_with(*state, "1 aa any " KEY "\n2 bb any " KEY "\n");
	struct stat status;
	int fd;

	begin(roster);
	roster_remove(roster, roster_find_name(roster, "aa"), ROSTER_TOMBSTONE_NOTHING);
	add(roster, "3 cc any " KEY);
	assert_int_equal(commit(roster), 0);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_int_equal(fstat(fd, &status), 0);
	assert_int_equal(pwrite(fd, "x", 1, 2), 1);
	assert_int_equal(futimens(fd, (struct timespec[]){ status.st_atim, status.st_mtim }), 0);
	close(fd);
	begin(roster);
	assert_non_null(roster_find_name(roster, "bb"));
	assert_null(roster_find_name(roster, "xb"));
	roster_cancel(roster);
	roster_close(roster);
}

static void append(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

/* Somebody without a lock adds a line within the transaction. */
static void test_added_meanwhile(void **state)
{
	static const char *const removed[] = { "aa", "bb", "dd" }; /* first, last, staged */
	static const char *const left[] = {
		"2 bb any " KEY "\n3 cc any " KEY "\n4 dd any " KEY "\n",
		"1 aa any " KEY "\n3 cc any " KEY "\n4 dd any " KEY "\n",
		"1 aa any " KEY "\n2 bb any " KEY "\n3 cc any " KEY "\n",
	};
	const char *path = path_in(*state, "client.keys");

	for (size_t i = 0; i < COUNT(removed); i++) {
		struct roster *roster = open_with(*state, "1 aa any " KEY "\n2 bb any " KEY "\n");

		begin(roster);
		add(roster, "4 dd any " KEY);
		append(path, "3 cc any " KEY "\n");
		roster_remove(roster, roster_find_name(roster, removed[i]),
			      ROSTER_TOMBSTONE_NOTHING);
		check_row(removed[i], commit(roster) == 0);
		assert_file(path, left[i]);
		begin(roster);
		roster_cancel(roster);
		check_like_file(roster, *state);
		roster_close(roster);
	}
}

/* Or takes some away: what is left of it stays. */
static void test_cut_meanwhile(void **state)
{
	const char *path = path_in(*state, "client.keys");
	struct roster *roster = open_with(*state, "1 aa any " KEY "\n2 bb any " KEY "\n");

	begin(roster);
	roster_remove(roster, roster_find_name(roster, "bb"), ROSTER_TOMBSTONE_OSSEC);
	write_text(path, "1 aa any " KEY "\n");
	assert_int_equal(commit(roster), -EIO);
	assert_file(path, "1 aa any " KEY "\n");
	begin(roster);
	assert_null(roster_find_name(roster, "bb"));
	roster_cancel(roster);
	check_like_file(roster, *state);
	roster_close(roster);
}

/* The last line had no newline when it was read, and has one now. */
static void test_rewrite_of_a_grown_line(void **state)
{
	struct roster *roster = open_with(*state, "1 aa any " KEY "\n2 bb any " KEY);
	struct roster_rewrite *rewrite = roster_rewrite_new(ROSTER_TOMBSTONE_OSSEC);
	struct reason why;

	add_one(roster, "3 cc any " KEY);
	begin(roster);
	roster_rewrite_begin(rewrite, roster);
	assert_true(roster_rewrite_mark(rewrite, roster, "2", "bb"));
	assert_int_equal(roster_rewrite_go_on(rewrite, roster, UINT64_MAX, &why), 1);
	assert_int_equal(commit(roster), 0);
	roster_rewrite_free(rewrite);
	roster_close(roster);
	roster = open_roster(*state);
	assert_non_null(roster_find_name(roster, "aa"));
	assert_null(roster_find_name(roster, "bb"));
	assert_non_null(roster_find_name(roster, "cc"));
	roster_close(roster);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_random, setup_directory, teardown_directory),
		cmocka_unit_test_setup_teardown(test_random_unterminated, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_shortage, setup_directory, teardown_directory),
		cmocka_unit_test_setup_teardown(test_rewrite_of_a_grown_line, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_entries_stay, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_not_read_again, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_added_meanwhile, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_cut_meanwhile, setup_directory,
						teardown_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
