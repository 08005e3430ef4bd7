/* SPDX-License-Identifier: ISC */
/* When agents were registered, kept in memory while the file changes. */
#include "tests/unit/support.h"

#include "registrar/agents/stamps.h"

#include <errno.h>
#include <unistd.h>

#define FIRST "001 web-01 any 2020-01-01 00:00:00\n"
#define SECOND "002 web-02 any 2020-01-02 00:00:00\n"
#define FIRST_LATER "001 web-01 any 2021-01-01 00:00:00\n"

static struct agent_stamps stamps;
static const char *queue;

static int refresh(uint64_t end)
{
	const struct agent_history history = { .queue = queue };

	return agent_stamps_refresh(&stamps, &history, end);
}

static const char *file(void)
{
	return path_in(queue, "agents-timestamp");
}

static void append(const char *text)
{
	FILE *stream = fopen(file(), "ae");

	assert_non_null(stream);
	assert_true(fputs(text, stream) >= 0);
	assert_int_equal(fclose(stream), 0);
}

/* Put another file in its place, as those who forget agents do. */
static void replace(const char *text)
{
	write_text(path_in(queue, "new"), text);
	assert_int_equal(rename(path_in(queue, "new"), file()), 0);
}

/* The year, or 0: it is not known. */
static int year_of(const char *id, const char *name)
{
	struct roster_entry entry = { .name = name };
	struct tm local;
	time_t when;

	(void)snprintf(entry.id_text, sizeof entry.id_text, "%s", id);
	if (agent_stamps_find(&stamps, &entry, &when) < 0)
		return 0;
	assert_non_null(localtime_r(&when, &local));
	return local.tm_year + 1900;
}

static int begin(void **state)
{
	int r = setup_directory(state);

	queue = *state;
	return r;
}

static int end(void **state)
{
	agent_stamps_clear(&stamps);
	return teardown_directory(state);
}

static void test_no_file(void **state)
{
	(void)state;
	assert_int_equal(refresh(UINT64_MAX), -ENODATA);
	assert_int_equal(year_of("001", "web-01"), 0);
	write_text(file(), FIRST);
	assert_int_equal(refresh(UINT64_MAX), 1);
	assert_int_equal(unlink(file()), 0);
	assert_int_equal(refresh(UINT64_MAX), -ENODATA);
	assert_int_equal(year_of("001", "web-01"), 0);
}

static void test_lines(void **state)
{
	(void)state;
	write_text(file(),
		   FIRST SECOND "nonsense\n\n" FIRST_LATER "0010 web-10 any 2022-01-03 00:00:00");
	assert_int_equal(refresh(UINT64_MAX), 1);
	assert_int_equal(year_of("001", "web-01"), 2021); /* the last line of an id counts */
	assert_int_equal(year_of("0010", "web-10"), 2022);
	assert_int_equal(year_of("002", "other"), 0); /* another agent's id */
	assert_int_equal(year_of("003", "web-03"), 0);
}

static void test_changes(void **state)
{
	(void)state;
	write_text(file(), FIRST);
	assert_int_equal(refresh(UINT64_MAX), 1);
	append(SECOND);
	append(FIRST_LATER);
	assert_int_equal(refresh(UINT64_MAX), 1);
	assert_int_equal(year_of("002", "web-02"), 2020);
	assert_int_equal(year_of("001", "web-01"), 2021);
	replace(SECOND);
	assert_int_equal(refresh(UINT64_MAX), 1);
	assert_int_equal(year_of("001", "web-01"), 0);
	assert_int_equal(year_of("002", "web-02"), 2020);
	/* The same file, written anew and longer. */
	write_text(file(), FIRST_LATER SECOND SECOND);
	assert_int_equal(refresh(UINT64_MAX), 1);
	assert_int_equal(year_of("001", "web-01"), 2021);
}

/* A line that was cut short is read again once it goes on. */
static void test_cut_line(void **state)
{
	(void)state;
	write_text(file(), FIRST "002 web-02 any 2020-01-0");
	assert_int_equal(refresh(UINT64_MAX), 1);
	append("1 00:00:00\n");
	assert_int_equal(refresh(UINT64_MAX), 1);
	assert_int_equal(year_of("002", "web-02"), 2020);
}

/* Of a line longer than any, the beginning says what it says to who reads the whole file. */
static void test_long_line(void **state)
{
	const struct agent_history history = { .queue = queue };
	struct roster_entry entry = { .name = "web-03", .id_text = "003" };
	size_t length = 100 * 1000;
	char *line = test_malloc(length);
	time_t kept, read;

	(void)state;
	memset(line, 'x', length);
	memcpy(line, "003 web-03 any 2023-02-03 00:00:00 ", 35);
	memcpy(line + length - 2, "\n", 2);
	write_text(file(), FIRST);
	append(line);
	append(SECOND);
	assert_int_equal(refresh(UINT64_MAX), 1);
	assert_int_equal(agent_stamps_find(&stamps, &entry, &kept), 0);
	assert_int_equal(agent_history_registered(&history, &entry, &read), 0);
	assert_true(kept == read);
	assert_int_equal(year_of("003", "web-03"), 2023);
	assert_int_equal(year_of("001", "web-01"), 2020);
	assert_int_equal(year_of("002", "web-02"), 2020);
	test_free(line);
}

/* Not all at once; and the rest of a line longer than any is passed over. */
static void test_in_parts(void **state)
{
	char *long_line = test_malloc(100 * 1000);
	char line[64];
	int parts = 0, r;

	(void)state;
	memset(long_line, 'x', 100 * 1000 - 2);
	memcpy(long_line + 100 * 1000 - 2, "\n", 2);
	write_text(file(), FIRST);
	append(long_line);
	for (int i = 2; i < 5000; i++) {
		(void)snprintf(line, sizeof line, "%03d web-%d any 2020-01-01 00:00:00\n", i, i);
		append(line);
	}
	assert_int_equal(refresh(0), 0); /* there is no time: nothing is read */
	assert_int_equal(year_of("001", "web-01"), 0);
	while ((r = refresh(1)) == 0 && parts++ < 3)
		;
	assert_int_equal(r, 0);
	assert_int_equal(refresh(UINT64_MAX), 1);
	assert_int_equal(year_of("001", "web-01"), 2020);
	assert_int_equal(year_of("002", "web-2"), 2020);
	assert_int_equal(year_of("4999", "web-4999"), 2020);
	append(FIRST_LATER);
	append(long_line);
	append(SECOND);
	assert_int_equal(refresh(UINT64_MAX), 1);
	assert_int_equal(year_of("001", "web-01"), 2021);
	assert_int_equal(year_of("002", "web-02"), 2020);
	test_free(long_line);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(test_no_file),  TEST(test_lines),     TEST(test_changes),
		TEST(test_cut_line), TEST(test_long_line), TEST(test_in_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
