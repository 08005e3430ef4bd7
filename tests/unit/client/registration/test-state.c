/* SPDX-License-Identifier: ISC */
#include "tests/unit/support.h"

#include "client/registration/state.h"

#include <errno.h>
#include <sys/stat.h>

static const struct state full = {
	.registration = { .agent_id = "12345678",
			  .agent_name = "web-01.example.org",
			  .manager = "[2001:db8::1]:1515",
			  .method = "authd",
			  .registered_at = 1795291200 },
	.bound = { .machine = "0123456789abcdef0123456789abcdef",
		   .is_transient = true,
		   .hardware = "aabbccddeeff00112233445566778899",
		   .instance = "i-0123456789abcdef0" },
	.attempts = { .count = UINT64_C(1234567890123456789),
		      .last = { .outcome = "untrusted",
				.manager = "manager.example.org:1515",
				.error = "The certificate says a=b, \"c\" \\x1b and more",
				.at = 1795291201 },
		      .managers = { { .address = "[::1]:1515",
				      .outcome = "refused",
				      .wait = 30000000,
				      .next_at = UINT64_C(1795291200000000),
				      .unanswered = { "web-01", 1795291199 } },
				    { .address = "10.0.0.1:1515",
				      .unanswered = { "web-01-0123", 1795291198 } },
				    { .address = "",
				      .outcome = "not-ready",
				      .wait = 1000000,
				      .next_at = UINT64_C(1795291200000001) } },
		      .manager_count = 3,
		      .boot = "fedcba9876543210fedcba9876543210",
		      .background_boot = "00112233445566778899aabbccddeeff" },
	.counters_of = "0123456789abcdef",
	.stored_ca = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
};

static void check_equal(const struct state *a, const struct state *b)
{
	assert_string_equal(a->registration.agent_id, b->registration.agent_id);
	assert_string_equal(a->registration.agent_name, b->registration.agent_name);
	assert_string_equal(a->registration.manager, b->registration.manager);
	assert_string_equal(a->registration.method, b->registration.method);
	assert_string_equal(a->attempts.last.outcome, b->attempts.last.outcome);
	assert_string_equal(a->attempts.last.manager, b->attempts.last.manager);
	assert_string_equal(a->attempts.last.error, b->attempts.last.error);
	assert_string_equal(a->bound.machine, b->bound.machine);
	assert_string_equal(a->bound.instance, b->bound.instance);
	assert_string_equal(a->bound.hardware, b->bound.hardware);
	assert_int_equal(a->bound.is_transient, b->bound.is_transient);
	assert_string_equal(a->attempts.boot, b->attempts.boot);
	assert_string_equal(a->attempts.background_boot, b->attempts.background_boot);
	assert_true(a->registration.registered_at == b->registration.registered_at);
	assert_true(a->attempts.last.at == b->attempts.last.at);
	assert_true(a->attempts.count == b->attempts.count);
	assert_true(a->attempts.manager_count == b->attempts.manager_count);
	assert_string_equal(a->counters_of, b->counters_of);
	assert_string_equal(a->stored_ca, b->stored_ca);
	for (size_t i = 0; i < a->attempts.manager_count; i++) {
		assert_string_equal(a->attempts.managers[i].address,
				    b->attempts.managers[i].address);
		assert_string_equal(a->attempts.managers[i].outcome,
				    b->attempts.managers[i].outcome);
		assert_string_equal(a->attempts.managers[i].unanswered.name,
				    b->attempts.managers[i].unanswered.name);
		assert_true(a->attempts.managers[i].unanswered.sent_at ==
			    b->attempts.managers[i].unanswered.sent_at);
		assert_true(a->attempts.managers[i].wait == b->attempts.managers[i].wait &&
			    a->attempts.managers[i].next_at == b->attempts.managers[i].next_at);
	}
}

static void test_round_trip(void **state)
{
	static const struct state empty;
	const char *directory = path_in(*state, "new");
	struct state loaded;
	struct reason why = { "" };
	struct stat status;

	assert_int_equal(state_save(&full, directory, &why), 0);
	assert_int_equal(state_load(&loaded, directory, NULL), 0);
	check_equal(&loaded, &full);
	assert_string_equal(state_manager(&loaded, "[::1]:1515")->outcome, "refused");
	assert_int_equal(stat(path_in(directory, "state"), &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);

	assert_int_equal(state_save(&empty, directory, &why), 0);
	assert_int_equal(state_load(&loaded, directory, NULL), 0);
	check_equal(&loaded, &empty);
	assert_int_equal(count_entries(directory), 1);
}

/* The widest values there can be come back whole. */
static void test_widest(void **state)
{
	struct state widest = full, loaded;
	struct reason why;

	memset(widest.registration.agent_id, '9', sizeof widest.registration.agent_id - 1);
	memset(widest.registration.agent_name, 'n', sizeof widest.registration.agent_name - 1);
	memset(widest.registration.manager, 'm', sizeof widest.registration.manager - 1);
	memset(widest.registration.method, 'a', sizeof widest.registration.method - 1);
	memset(widest.attempts.last.outcome, 'o', sizeof widest.attempts.last.outcome - 1);
	memset(widest.attempts.last.manager, 'l', sizeof widest.attempts.last.manager - 1);
	memset(widest.attempts.last.error, 'e', sizeof widest.attempts.last.error - 1);
	memset(widest.attempts.managers[0].unanswered.name, 'n',
	       sizeof widest.attempts.managers[0].unanswered.name - 1);
	memset(widest.attempts.managers[0].address, 'm',
	       sizeof widest.attempts.managers[0].address - 1);
	assert_int_equal(state_save(&widest, *state, &why), 0);
	assert_int_equal(state_load(&loaded, *state, NULL), 0);
	check_equal(&loaded, &widest);
}

static void test_missing(void **state)
{
	static const struct state empty;
	struct state loaded = full;

	assert_int_equal(state_load(&loaded, path_in(*state, "missing"), NULL), 0);
	check_equal(&loaded, &empty);
	loaded = full;
	assert_int_equal(state_load(&loaded, *state, NULL), 0);
	check_equal(&loaded, &empty);
}

/* What is missing or does not parse stays empty; the rest of the file counts. */
static void test_damage(void **state)
{
	static const char *const damaged[] = {
		"registered_at=-1\n",
		"registered_at=12x\n",
		"registered_at= 12\n",
		"registered_at=\n",
		"registered_at=0x12\n",
		"registered_at=99999999999999999999999\n",
		"registered_at\n",
		"=12\n",
		"REGISTERED_AT=12\n",
		"\n\n\n",
		"schedule=\n",
		"schedule=refused\n",
		"schedule=refused 1\n",
		"schedule=refused x y m\n",
		"schedule_count=3\n",
		"unanswered=\n",
		"unanswered=12\n",
		"unanswered=12 web-01\n",
		"unanswered=x web-01 manager:1515\n",
		"method=seventeen-letters-\n",
		"agent_id=123456789\n",
		"# nothing\n",
		"unknown=1\n",
	};
	const char *path = path_in(*state, "state");

	for (size_t i = 0; i < COUNT(damaged); i++) {
		struct state loaded, expected = { .attempts.count = 7 };
		char text[256];

		(void)snprintf(text, sizeof text, "%sattempts=7", damaged[i]);
		write_text(path, text);
		assert_int_equal(state_load(&loaded, *state, NULL), 0);
		check_row(damaged[i],
			  loaded.registration.registered_at == 0 && loaded.attempts.count == 7);
		check_equal(&loaded, &expected);
	}
}

/* Of an older file, all that it could have; of a newer one, all but the marks. */
static void test_versions(void **state)
{
	static const char lines[] = "agent_id=001\nagent_name=web-01\nbound_machine=m\n"
				    "bound_instance=i\nbound_hardware=h\n";
	static const struct {
		const char *version, *machine, *instance, *hardware;
	} rows[] = {
		{ "", "m", "i", "" },
		{ "version=0\n", "m", "i", "" },
		{ "version=x\n", "m", "i", "" },
		{ "version=1\n", "m", "i", "h" },
		{ "version=2\n", "", "", "" },
		{ "version=1234567890123456789\n", "", "", "" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[256];
		struct state loaded;

		(void)snprintf(text, sizeof text, "%s%s", lines, rows[i].version);
		write_text(path_in(*state, "state"), text);
		assert_int_equal(state_load(&loaded, *state, NULL), 0);
		check_row(rows[i].version, strcmp(loaded.bound.machine, rows[i].machine) == 0);
		check_row(rows[i].version, strcmp(loaded.bound.instance, rows[i].instance) == 0);
		check_row(rows[i].version, strcmp(loaded.bound.hardware, rows[i].hardware) == 0);
		check_row(rows[i].version, strcmp(loaded.registration.agent_name, "web-01") == 0);
	}
}

static void test_binary_rubbish(void **state)
{
	char bytes[4096];
	struct state loaded;

	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (char)(i * 2654435761u >> 13);
	write_file(path_in(*state, "state"), bytes, sizeof bytes);
	assert_int_equal(state_load(&loaded, *state, NULL), 0);
	assert_string_equal(loaded.registration.agent_id, "");
	assert_true(loaded.attempts.count == 0);
	write_file(path_in(*state, "state"), "attempts=7\0\nagent_id=001\n", 25);
	assert_int_equal(state_load(&loaded, *state, NULL), 0);
	assert_true(loaded.attempts.count == 7);
	assert_string_equal(loaded.registration.agent_id, "001");
}

/* One entry a manager; when there is no room, the oldest makes it. */
static void test_cursors(void **state)
{
	struct state many = { .attempts.count = 0 }, loaded;
	struct reason why;
	char manager[32];

	for (unsigned i = 0; i < STATE_MAX_MANAGERS + 3; i++) {
		struct manager_state *entry;

		(void)snprintf(manager, sizeof manager, "manager-%u:1515", i);
		entry = state_manager(&many, manager);
		assert_string_equal(entry->address, manager);
		assert_string_equal(entry->outcome, "");
		(void)strcpy(entry->outcome, "busy");
		entry->wait = i;
		assert_ptr_equal(state_manager(&many, manager), entry);
	}
	assert_true(many.attempts.manager_count == STATE_MAX_MANAGERS);
	assert_string_equal(many.attempts.managers[0].address, "manager-3:1515");
	assert_string_equal(many.attempts.managers[STATE_MAX_MANAGERS - 1].address, manager);
	assert_true(many.attempts.managers[0].wait == 3);

	assert_int_equal(state_save(&many, *state, &why), 0);
	assert_int_equal(state_load(&loaded, *state, NULL), 0);
	check_equal(&loaded, &many);
}

static void test_cannot_save(void **state)
{
	struct reason why = { "" };
	const char *file = path_in(*state, "file");

	write_text(file, "");
	assert_int_equal(state_save(&full, file, &why), -ENOTDIR);
	assert_non_null(strstr(why.text, file));
	assert_int_equal(state_save(&full, path_in(file, "below"), &why), -ENOTDIR);
	assert_int_equal(state_save(&full, path_in(*state, "a/b"), &why), -ENOENT);
	assert_file(file, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_round_trip, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_widest, setup_directory, teardown_directory),
		cmocka_unit_test_setup_teardown(test_missing, setup_directory, teardown_directory),
		cmocka_unit_test_setup_teardown(test_damage, setup_directory, teardown_directory),
		cmocka_unit_test_setup_teardown(test_versions, setup_directory, teardown_directory),
		cmocka_unit_test_setup_teardown(test_binary_rubbish, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_cursors, setup_directory, teardown_directory),
		cmocka_unit_test_setup_teardown(test_cannot_save, setup_directory,
						teardown_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
