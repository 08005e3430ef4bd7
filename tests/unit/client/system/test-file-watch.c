/* SPDX-License-Identifier: ISC */
/* What counts as a change of a watched file, and that there is an event for each. */
#include "tests/unit/support.h"

#include "client/system/file-watch.h"
#include "common/deadline.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

static struct {
	const char *directory;
	struct file_watch watch;
} world;

static const char *path_of(const char *name)
{
	return path_in(world.directory, name);
}

static void put_file(const char *name, const char *text)
{
	write_text(path_of(name), text);
}

static void make_directory(const char *name)
{
	assert_int_equal(mkdir(path_of(name), 0755), 0);
}

static void watch_file(const char *name)
{
	file_watch_add(&world.watch, FILE_WATCH_CONFIG, path_of(name), NULL, NULL);
}

static int setup(void **state)
{
	int r = setup_directory(state);

	world.directory = *state;
	file_watch_open(&world.watch);
	return r;
}

static int teardown(void **state)
{
	file_watch_close(&world.watch);
	return teardown_directory(state);
}

/* What a wait does: for an event, then a look. */
static unsigned int seen(void)
{
	struct deadline end = deadline_in(0, NULL);

	return deadline_wait(&end, world.watch.fd, POLLIN) >= 0 ? file_watch_changed(&world.watch)
								: 0;
}

#define assert_seen() assert_int_equal(seen(), FILE_WATCH_CONFIG)
#define assert_nothing_seen() assert_int_equal(seen(), 0)

/* ------------------------------------------------------------------ files */

static void test_content(void **state)
{
	(void)state;
	put_file("a", "one");
	watch_file("a");
	assert_nothing_seen();
	put_file("a", "another");
	assert_seen();
	assert_nothing_seen();
}

static void test_coming_and_going(void **state)
{
	(void)state;
	watch_file("a");
	put_file("a", "one");
	assert_seen();
	assert_int_equal(unlink(path_of("a")), 0);
	assert_seen();
}

/* As editors and installers do, also with the time and the size of the file before. */
static void test_replacement(void **state)
{
	struct stat status;

	(void)state;
	put_file("a", "one");
	watch_file("a");
	assert_int_equal(stat(path_of("a"), &status), 0);
	put_file("b", "two");
	assert_int_equal(utimensat(AT_FDCWD, path_of("b"),
				   (struct timespec[]){ status.st_atim, status.st_mtim }, 0),
			 0);
	assert_int_equal(rename(path_of("b"), path_of("a")), 0);
	assert_seen();
}

/* Other files in its directory give events, and are no change. */
static void test_neighbours(void **state)
{
	(void)state;
	put_file("a", "one");
	watch_file("a");
	put_file("b", "one");
	assert_int_equal(unlink(path_of("b")), 0);
	assert_nothing_seen();
}

/* As with ConfigMaps and /etc/ssl: link and target are in different directories. */
static void test_links(void **state)
{
	(void)state;
	make_directory("one");
	make_directory("two");
	put_file("one/a", "one");
	put_file("two/a", "two");
	assert_int_equal(symlink("one/a", path_of("link")), 0);
	watch_file("link");
	put_file("one/a", "another");
	assert_seen();
	assert_int_equal(unlink(path_of("link")), 0);
	assert_int_equal(symlink("two/a", path_of("link")), 0);
	assert_seen();
	put_file("two/a", "another");
	assert_seen();
}

static void test_directory_that_comes_later(void **state)
{
	(void)state;
	watch_file("one/two/a");
	make_directory("one");
	assert_nothing_seen();
	make_directory("one/two");
	assert_nothing_seen();
	put_file("one/two/a", "one");
	assert_seen();
}

/* A directory that is made with its file at once: the event is that of the directory. */
static void test_directory_that_comes_with_its_file(void **state)
{
	(void)state;
	watch_file("one/a");
	make_directory("new");
	put_file("new/a", "one");
	assert_int_equal(rename(path_of("new"), path_of("one")), 0);
	assert_seen();
	put_file("one/a", "another");
	assert_seen();
}

/* ------------------------------------------------------------------ directories */

static void test_names_in_a_directory(void **state)
{
	(void)state;
	make_directory("conf.d");
	file_watch_add(&world.watch, FILE_WATCH_CONFIG, path_of("conf.d"), NULL, ".conf");
	file_watch_add(&world.watch, FILE_WATCH_CREDENTIALS, path_of("store"), "agent.", NULL);
	put_file("conf.d/README", "one");
	assert_nothing_seen();
	put_file("conf.d/a.conf", "one");
	assert_seen();
	put_file("conf.d/a.conf", "another");
	assert_seen();
	make_directory("store");
	put_file("store/other", "one");
	assert_nothing_seen();
	put_file("store/agent.password", "one");
	assert_int_equal(seen(), FILE_WATCH_CREDENTIALS);
	assert_int_equal(unlink(path_of("store/agent.password")), 0);
	assert_int_equal(unlink(path_of("conf.d/a.conf")), 0);
	assert_int_equal(seen(), FILE_WATCH_CREDENTIALS | FILE_WATCH_CONFIG);
}

static void test_nothing_can_be_watched(void **state)
{
	(void)state;
	file_watch_close(&world.watch);
	watch_file("a");
	put_file("a", "one");
	assert_int_equal(file_watch_changed(&world.watch), 0);
}

#define test(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(content),
		test(coming_and_going),
		test(replacement),
		test(neighbours),
		test(links),
		test(directory_that_comes_later),
		test(directory_that_comes_with_its_file),
		test(names_in_a_directory),
		test(nothing_can_be_watched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
