/* SPDX-License-Identifier: ISC */
/* Changes of client.keys by other programs, which are noticed. */
#include "tests/unit/support.h"

#include "registrar/keys-watch.h"

#define KEY "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"

static bool no_memory;

int __real_event_add(struct event *event, const struct timeval *time);
int __wrap_event_add(struct event *event, const struct timeval *time);
int __wrap_event_add(struct event *event, const struct timeval *time)
{
	return no_memory ? -1 : __real_event_add(event, time);
}

static struct event_base *base;
static struct roster *roster;
static int changes;

static void on_changed(void *owner)
{
	assert_ptr_equal(owner, &changes);
	changes++;
}

static int begin(void **state)
{
	struct reason why;

	if (setup_directory(state) != 0)
		return -1;
	base = event_base_new();
	changes = 0;
	return roster_open(&roster, *state, (gid_t)-1, NULL, &why);
}

static int end(void **state)
{
	roster_close(roster);
	event_base_free(base);
	return teardown_directory(state);
}

static struct keys_watch_settings settings_of(const char *directory)
{
	return (struct keys_watch_settings){
		.base = base,
		.directory = directory,
		.roster = roster,
		.changed = on_changed,
		.owner = &changes,
	};
}

/* Another program writes it. Returns how often we have been told of that, all in all. */
static int write_keys(const char *directory, const char *lines)
{
	write_text(path_in(directory, "client.keys"), lines);
	(void)event_base_loop(base, EVLOOP_NONBLOCK);
	return changes;
}

static void test_changes(void **state)
{
	const struct keys_watch_settings settings = settings_of(*state);
	struct keys_watch watch;

	assert_int_equal(keys_watch_begin(&watch, &settings), 0);
	assert_int_equal(write_keys(*state, "001 web any " KEY "\n"), 1);
	assert_int_equal(write_keys(*state, "001 web any " KEY "\n002 db any " KEY "\n"), 1);
	assert_int_equal(roster_count(roster), 0);
	assert_true(keys_watch_read(&watch));
	assert_int_equal(roster_count(roster), 2);
	assert_int_equal(write_keys(*state, ""), 2);
	assert_true(keys_watch_read(&watch));
	assert_int_equal(roster_count(roster), 0);
	keys_watch_end(&watch);
}

/* What cannot be waited for again for lack of memory is waited for when there is some. */
static void test_no_memory(void **state)
{
	const struct keys_watch_settings settings = settings_of(*state);
	struct keys_watch watch;

	assert_int_equal(keys_watch_begin(&watch, &settings), 0);
	assert_int_equal(write_keys(*state, "001 web any " KEY "\n"), 1);
	no_memory = true;
	assert_true(keys_watch_read(&watch));
	no_memory = false;
	assert_int_equal(roster_count(roster), 1);
	assert_int_equal(write_keys(*state, ""), 1);
	assert_true(keys_watch_read(&watch));
	assert_int_equal(roster_count(roster), 0);
	assert_int_equal(write_keys(*state, "001 web any " KEY "\n"), 2);
	keys_watch_end(&watch);
}

static void test_no_memory_to_begin(void **state)
{
	const struct keys_watch_settings settings = settings_of(*state);
	struct keys_watch watch;

	no_memory = true;
	assert_int_equal(keys_watch_begin(&watch, &settings), -ENOMEM);
	no_memory = false;
	keys_watch_end(&watch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_changes, begin, end),
		cmocka_unit_test_setup_teardown(test_no_memory, begin, end),
		cmocka_unit_test_setup_teardown(test_no_memory_to_begin, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
