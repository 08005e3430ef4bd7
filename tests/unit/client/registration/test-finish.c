/* SPDX-License-Identifier: ISC */
/* A key that cannot be stored leaves everything as it was before. */
#include "tests/unit/support.h"

#include "client/registration/finish.h"
#include "client/registration/policy.h"
#include "tests/unit/fault.h"

#include <errno.h>
#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEX64 "48a99873149358e48b13273c4ad07c44ed402bcb71fc94869f3e76b2f27637db"
#define OTHER64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OLD_KEY "001 web-01 any " HEX64 "\n"
#define OLD_SECRET "001 " HEX64 "\n"
#define NEW_KEY "002 web-01 any " OTHER64 "\n"
#define NEW_SECRET "002 " OTHER64 "\n"

static const struct config config = { .manager = { .method = METHOD_ENROLL } };

/* *state is the agent's directory, with a key and its secret. */
static int setup(void **state)
{
	fault_clear();
	if (setup_directory(state) < 0 || mkdir(path_in(*state, "etc"), 0770) < 0)
		return -1;
	write_text(path_in(*state, "etc/client.keys"), OLD_KEY);
	write_text(path_in(*state, "etc/reenroll.secret"), OLD_SECRET);
	return 0;
}

static void open_run(struct registration *run, void **state)
{
	struct deadline at_once = { 0, -1 };
	struct reason why = { 0 };

	*run = (struct registration){
		.config = &config,
		.mode = { .state_directory = *state, .stop_fd = -1 },
		.key = {
			.found = KEYSTORE_KEY,
			.new = { .id = "002", .name = "web-01", .ip = "any", .key = OTHER64 },
			.new_secret = { .id = "002", .text = OTHER64 },
		},
	};
	assert_int_equal(
		key_files_open(&run->files, *state, NULL, getgrgid(getgid())->gr_name, &why), 0);
	assert_int_equal(keystore_lock(&run->files.store, &at_once, NULL, &why), 0);
	assert_int_equal(key_files_stage(&run->files, true, &why), 0);
}

static void test_stored(void **state)
{
	struct registration run;

	open_run(&run, state);
	assert_int_equal(finish_store(&run), CONTINUE);
	key_files_close(&run.files);
	assert_file(path_in(*state, "etc/client.keys"), NEW_KEY);
	assert_file(path_in(*state, "etc/client.keys.old"), OLD_KEY);
	assert_file(path_in(*state, "etc/reenroll.secret"), NEW_SECRET);
	assert_file(path_in(*state, "etc/reenroll.secret.old"), OLD_SECRET);
}

/* The secret is stored first; when the key then cannot be, the agent needs its old one. */
static void test_not_stored(void **state)
{
	struct registration run;

	open_run(&run, state);
	fault_set("write", 2, ENOSPC); /* the first is the secret's */
	assert_int_equal(finish_store(&run), outcome_policy(OUTCOME_STORAGE_ERROR)->exit_code);
	key_files_close(&run.files);
	fault_clear();
	assert_file(path_in(*state, "etc/client.keys"), OLD_KEY);
	assert_file(path_in(*state, "etc/reenroll.secret"), OLD_SECRET);
	assert_string_equal(run.state.attempts.last.outcome, "storage-error");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_stored, setup, teardown_directory),
		cmocka_unit_test_setup_teardown(test_not_stored, setup, teardown_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
