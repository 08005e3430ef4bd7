/* SPDX-License-Identifier: ISC */
/*
 * What the client reads where it has no memory or no descriptor left: all of it, or the failure is
 * told. A half would be another machine's key taken for ours, or a request without its groups.
 */
#include "tests/unit/shortage.h"
#include "tests/unit/support.h"

#include "client/agent-files/agent-group.h"
#include "client/config/config.h"
#include "client/registration/state.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

/* *state: a directory with all that is read. */
static int setup(void **state)
{
	const struct state known = { .registration.manager = "m:1515",
				     .stored_ca = "0123456789abcdef" };
	struct reason why;

	if (setup_directory(state) < 0)
		return -1;
	write_text(path_in(*state, "agent-register.conf"),
		   "[manager]\naddress = m\n[agent]\ngroups = web,db\n");
	write_text(path_in(*state, "agent-register.password"), "x\n");
	return setenv("CREDENTIALS_DIRECTORY", *state, 1) < 0 ? -1
							      : state_save(&known, *state, &why);
}

static int read_state(const char *directory, struct reason *why)
{
	struct state read = { 0 };
	int r = state_load(&read, directory, why);

	assert_true(r < 0 || (strcmp(read.registration.manager, "m:1515") == 0 &&
			      read.stored_ca[0] != '\0'));
	return r;
}

static bool is_whole(const struct config *config)
{
	return config->manager.address.count == 1 && config->agent.groups.count == 2;
}

static int read_configuration(const char *directory, struct reason *why)
{
	struct config config;
	int r;

	if (config_init(&config) < 0)
		return reason_errno(why, ENOMEM, "No configuration");
	r = config_read_file(&config, path_in(directory, "agent-register.conf"), why);
	assert_true(r < 0 || is_whole(&config));
	config_clear(&config);
	return r;
}

static int read_credentials(const char *directory, struct reason *why)
{
	struct config config;
	int r;

	(void)directory; /* $CREDENTIALS_DIRECTORY */
	if (config_init(&config) < 0)
		return reason_errno(why, ENOMEM, "No configuration");
	r = config_read_credentials(&config, why);
	assert_true(r < 0 || (is_whole(&config) && config.auth.password_file));
	config_clear(&config);
	return r;
}

static const struct {
	const char *what;
	int (*read)(const char *directory, struct reason *why);
} readers[] = {
	{ "state", read_state },
	{ "configuration", read_configuration },
	{ "credentials", read_credentials },
};

static void test_no_memory(void **state)
{
	for (size_t i = 0; i < COUNT(readers); i++) {
		unsigned int nth = 0;
		bool has_failed;

		do {
			struct reason why = { 0 };
			int r;

			shortage_begin(++nth);
			r = readers[i].read(*state, &why);
			has_failed = shortage_end();
			check_row(readers[i].what, r >= 0 || (r == -ENOMEM && has_failed));
			check_row(readers[i].what, r >= 0 || why.text[0] != '\0');
		} while (has_failed);
		check_row(readers[i].what, nth > 3);
	}
}

static void test_no_descriptors(void **state)
{
	struct rlimit before, none = { 0 };

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none.rlim_max = before.rlim_max;
	for (size_t i = 0; i < COUNT(readers); i++) {
		struct reason why = { 0 };
		int r;

		assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
		r = readers[i].read(*state, &why);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
		check_row(readers[i].what, r == -EMFILE && why.text[0] != '\0');
	}
}

/* ------------------------------------------------------------------ the name service */

static int lookup_error;

struct group *__wrap_getgrnam(const char *name);
struct group *__wrap_getgrnam(const char *name)
{
	(void)name;
	errno = lookup_error;
	return NULL;
}

/* That there is no such group is a mistake of the configuration, for which nobody tries again. */
static void test_group_is_not_found(void **state)
{
	static const struct {
		const char *what;
		int error, result;
	} rows[] = {
		{ "not there", 0, -ENOENT },
		{ "not there, as some services say it", ENOENT, -ENOENT },
		{ "no descriptor", EMFILE, -EMFILE },
		{ "no memory", ENOMEM, -ENOMEM },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct reason why = { 0 };
		gid_t group;

		lookup_error = rows[i].error;
		check_row(rows[i].what, agent_group_named("site", &group, &why) == rows[i].result);
		check_row(rows[i].what, strstr(why.text, "'site'") != NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_group_is_not_found),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_no_descriptors),
	};

	return cmocka_run_group_tests(tests, setup, teardown_directory);
}
