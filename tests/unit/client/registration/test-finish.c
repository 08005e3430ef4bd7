/* SPDX-License-Identifier: ISC */
/* How a key is stored; one that cannot be leaves everything as it was before. */
#include "tests/unit/support.h"

#include "client/registration/finish.h"
#include "client/registration/policy.h"
#include "tests/unit/fault.h"
#include "tests/unit/log-lines.h"

#include <errno.h>
#include <grp.h>
#include <sys/stat.h>
#include <syslog.h>
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

/* The name under which the old file is kept says what it was. */
static void test_what_is_kept(void **state)
{
	static const struct {
		const char *suffix; /* empty: nothing is kept */
		enum keystore_state found;
		bool is_clone;
	} rows[] = {
		{ "", KEYSTORE_MISSING, false },
		{ ".old", KEYSTORE_KEY, false },
		{ ".clone", KEYSTORE_KEY, true },
		{ ".torn", KEYSTORE_TORN, false },
	};

	assert_int_equal(unlink(path_in(*state, "etc/reenroll.secret")), 0);
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *keys = path_in(*state, "etc/client.keys");
		struct registration run;
		char kept[512];
		size_t before;

		write_text(keys, OLD_KEY);
		(void)snprintf(kept, sizeof kept, "%s%s", keys, rows[i].suffix);
		before = count_entries(path_in(*state, "etc"));
		open_run(&run, state);
		run.key.found = rows[i].found;
		run.key.is_clone = rows[i].is_clone;
		run.key.new_secret = (struct reenroll_secret){ 0 };
		assert_int_equal(finish_store(&run), CONTINUE);
		key_files_close(&run.files);
		assert_file(keys, NEW_KEY);
		assert_file(kept, rows[i].suffix[0] ? OLD_KEY : NEW_KEY);
		check_row(rows[i].suffix, count_entries(path_in(*state, "etc")) ==
						  before + (rows[i].suffix[0] != '\0'));
	}
}

/* Whatever is only a warning is said, wherever it happens, and the key is stored. */
static void test_stored_with_a_warning(void **state)
{
	static const char *const labels[] = { "the secret's directory", "the key's directory" };

	for (unsigned i = 0; i < COUNT(labels); i++) {
		struct registration run;

		log_lines_collect();
		open_run(&run, state);
		fault_set("fsync", 2 * (i + 1), EIO); /* each file, then its directory */
		check_row(labels[i], finish_store(&run) == CONTINUE);
		key_files_close(&run.files);
		fault_clear();
		check_row(labels[i], log_lines_count(LOG_WARNING, "") == 1);
		assert_file(path_in(*state, "etc/client.keys"), NEW_KEY);
		assert_file(path_in(*state, "etc/reenroll.secret"), NEW_SECRET);
	}
	log_lines_stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_stored, setup, teardown_directory),
		cmocka_unit_test_setup_teardown(test_not_stored, setup, teardown_directory),
		cmocka_unit_test_setup_teardown(test_what_is_kept, setup, teardown_directory),
		cmocka_unit_test_setup_teardown(test_stored_with_a_warning, setup,
						teardown_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
