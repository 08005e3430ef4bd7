/* SPDX-License-Identifier: ISC */
#include "tests/unit/support.h"

#include "common/directory.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOBODY 65534

/* Is `path` opened, and is it the directory `expected`? */
static bool leads_to(const char *path, const char *expected)
{
	struct reason why = { "" };
	struct stat opened, wanted;
	int fd = directory_open(path, &why);
	bool same;

	if (fd < 0)
		return false;
	assert_int_equal(fstat(fd, &opened), 0);
	assert_int_equal(stat(expected, &wanted), 0);
	same = opened.st_ino == wanted.st_ino && opened.st_dev == wanted.st_dev;
	close(fd);
	return same && why.text[0] == '\0';
}

static int error_of(const char *path, struct reason *why)
{
	int fd = directory_open(path, why);

	if (fd >= 0)
		close(fd);
	return fd;
}

static void test_plain_paths(void **state)
{
	const char *a = path_in(*state, "a"), *ab = path_in(*state, "a/b");

	assert_int_equal(mkdir(a, 0700), 0);
	assert_int_equal(mkdir(ab, 0770), 0);
	assert_true(leads_to(ab, ab));
	assert_true(leads_to(path_in(*state, "a//b/"), ab));
	assert_true(leads_to(path_in(*state, "a/b/../b/."), ab));
	assert_true(leads_to("/", "/"));
	assert_int_equal(chdir(a), 0);
	assert_true(leads_to("b", ab));
	assert_true(leads_to(".", a));
	assert_int_equal(chdir("/"), 0);
}

static void test_failures(void **state)
{
	struct reason why = { "" };
	char text[5000];

	assert_int_equal(error_of(path_in(*state, "missing/etc"), &why), -ENOENT);
	assert_non_null(strstr(why.text, "missing/etc"));
	write_text(path_in(*state, "file"), "");
	assert_int_equal(error_of(path_in(*state, "file"), &why), -ENOTDIR);
	assert_int_equal(error_of(path_in(*state, "file/etc"), &why), -ENOTDIR);
	memset(text, 'a', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	assert_int_equal(error_of(text, &why), -ENAMETOOLONG);
	assert_int_equal(symlink("loop", path_in(*state, "loop")), 0);
	assert_int_equal(error_of(path_in(*state, "loop"), &why), -ELOOP);
}

/* Links of this user in directories of this user, absolute, relative, and links to links. */
static void test_own_links(void **state)
{
	const char *real = path_in(*state, "real");

	assert_int_equal(mkdir(real, 0700), 0);
	assert_int_equal(mkdir(path_in(*state, "real/etc"), 0700), 0);
	assert_int_equal(mkdir(path_in(*state, "sticky"), 0700), 0);
	assert_int_equal(chmod(path_in(*state, "sticky"), 01777), 0);
	assert_int_equal(symlink(real, path_in(*state, "absolute")), 0);
	assert_int_equal(symlink("absolute/etc", path_in(*state, "relative")), 0);
	assert_int_equal(symlink("../real/etc", path_in(*state, "sticky/up")), 0);
	assert_true(leads_to(path_in(*state, "absolute"), real));
	assert_true(leads_to(path_in(*state, "absolute/etc"), path_in(*state, "real/etc")));
	assert_true(leads_to(path_in(*state, "relative"), path_in(*state, "real/etc")));
	assert_true(leads_to(path_in(*state, "sticky/up"), path_in(*state, "real/etc")));
}

/* Links that another user may have made, or may have put there. */
static void test_links_of_others(void **state)
{
	static const struct {
		const char *label;
		mode_t mode; /* of the directory that the link is in */
		uid_t owner;
		gid_t group;
		uid_t link_owner;
		bool followed;
	} rows[] = {
		{ "root's", 0755, 0, NOBODY, 0, true },
		{ "a link of another user", 0755, 0, 0, NOBODY, false },
		{ "... in a sticky directory", 01777, 0, 0, NOBODY, false },
		{ "a directory of another user", 0755, NOBODY, 0, 0, false },
		{ "the agent's group may write", 0770, 0, NOBODY, 0, false },
		{ "... but the bit is sticky", 01770, 0, NOBODY, 0, true },
		{ "root's group may write", 0770, 0, 0, 0, true },
		{ "everybody may write", 0757, 0, 0, 0, false },
	};
	const char *place = path_in(*state, "place"), *link = path_in(*state, "place/etc");
	struct reason why = { "" };

	if (geteuid() != 0)
		skip();
	assert_int_equal(mkdir(path_in(*state, "real"), 0700), 0);
	assert_int_equal(mkdir(place, 0700), 0);
	assert_int_equal(symlink("../real", link), 0);
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(chown(place, rows[i].owner, rows[i].group), 0);
		assert_int_equal(chmod(place, rows[i].mode), 0);
		assert_int_equal(lchown(link, rows[i].link_owner, 0), 0);
		if (rows[i].followed)
			check_row(rows[i].label, leads_to(link, path_in(*state, "real")));
		else
			check_row(rows[i].label, error_of(link, &why) == -ELOOP &&
							 strstr(why.text, "symbolic link etc"));
	}
}

static void test_explanation(void **state)
{
	struct reason why = { "" };
	char expected[300];

	assert_int_equal(mkdir(path_in(*state, "real"), 0700), 0);
	assert_int_equal(symlink("real", path_in(*state, "etc")), 0);
	reason_set(&why, "Cannot");
	assert_int_equal(directory_explain(&why, -ENOSPC, path_in(*state, "etc")), -ENOSPC);
	assert_string_equal(why.text, "Cannot");
	assert_int_equal(directory_explain_file(&why, -EROFS, path_in(*state, "etc/file")), -EROFS);
	(void)snprintf(expected, sizeof expected, "ReadWritePaths=%s ", path_in(*state, "real"));
	assert_non_null(strstr(why.text, expected));
	assert_int_equal(directory_explain(NULL, -EROFS, "/"), -EROFS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_plain_paths, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_failures, setup_directory, teardown_directory),
		cmocka_unit_test_setup_teardown(test_own_links, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_links_of_others, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_explanation, setup_directory,
						teardown_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
