/* SPDX-License-Identifier: ISC */
/* The marks of this machine come from here: see the wrap in local.mk. */
#include "tests/unit/support.h"

#include "client/registration/binding.h"
#include "common/must-check.h"

#define HASH "0123456789abcdef0123456789abcdef01234567"

static const struct agent_key key = { .id = "001", .name = "web-01", .ip = "any", .key = "secret" };

static struct machine_marks here;

void __wrap_machine_marks_read(struct machine_marks *ret);
void __wrap_machine_marks_read(struct machine_marks *ret)
{
	*ret = here;
}

/* ------------------------------------------------------------------ every combination */

enum { UNKNOWN, EQUAL, DIFFERENT, RELATIONS };

static const char letters[] = "?=/";

#define N BINDING_NONE
#define S BINDING_OURS
#define C BINDING_CHANGED
#define O BINDING_OTHER

/* By machine ID, instance ID and hardware ID, each unknown, equal, different. */
static const enum binding truth[RELATIONS][RELATIONS][RELATIONS] = {
	[UNKNOWN] = { { N, S, O }, { S, S, C }, { O, C, O } },
	[EQUAL] = { { S, S, C }, { S, S, C }, { C, C, O } },
	[DIFFERENT] = { { O, C, O }, { C, C, C }, { O, C, O } },
};

#undef N
#undef S
#undef C
#undef O

/* Marks with this relation; an unknown one is absent now, or was (`before`). */
static void relate(char *bound, char *now, int relation, const char *mark, bool before)
{
	(void)strcpy(bound, relation == UNKNOWN && before ? "" : mark);
	(void)strcpy(now, relation == UNKNOWN && !before ? "" : mark);
	if (relation == DIFFERENT)
		(void)strcat(now, "-2");
}

static void check_combination(const int relations[3], bool before)
{
	enum binding expected = truth[relations[0]][relations[1]][relations[2]];
	const char label[] = { letters[relations[0]], letters[relations[1]], letters[relations[2]],
			       '\0' };
	struct machine_marks bound = { .machine = "" }, now = bound;
	struct reason changes = { "" };

	relate(bound.machine, now.machine, relations[0], "machine", before);
	relate(bound.instance, now.instance, relations[1], "instance", before);
	relate(bound.hardware, now.hardware, relations[2], "hardware", before);
	check_row(label, binding_judge(&bound, &now, &changes) == expected);
	check_row(label, (changes.text[0] != '\0') ==
				 (expected == BINDING_CHANGED || expected == BINDING_OTHER));
	check_row(label, binding_judge(&bound, &now, NULL) == expected);
}

static void test_every_combination(void **state)
{
	(void)state;
	for (int machine = 0; machine < RELATIONS; machine++)
		for (int instance = 0; instance < RELATIONS; instance++)
			for (int hardware = 0; hardware < RELATIONS; hardware++) {
				const int relations[] = { machine, instance, hardware };

				check_combination(relations, false);
				check_combination(relations, true);
			}
}

/* A machine ID of one boot proves that the machine is the same, and never that it is another. */
static void test_transient_machine_ids(void **state)
{
	(void)state;
	for (int instance = 0; instance < RELATIONS; instance++)
		for (int hardware = 0; hardware < RELATIONS; hardware++)
			for (int which = 1; which <= 3; which++) {
				struct machine_marks bound = { .machine = "m",
							       .is_transient = which & 1 },
						     now = { .machine = "m",
							     .is_transient = which & 2 };

				relate(bound.instance, now.instance, instance, "i", false);
				relate(bound.hardware, now.hardware, hardware, "h", false);
				assert_int_equal(binding_judge(&bound, &now, NULL),
						 truth[EQUAL][instance][hardware]);
				(void)strcpy(now.machine, "n");
				assert_int_equal(binding_judge(&bound, &now, NULL),
						 truth[UNKNOWN][instance][hardware]);
			}
}

/* In a state that was written before they were known as such. */
static void test_fallback_instances_prove_nothing(void **state)
{
	static const char *const fallbacks[] = { "nocloud", "iid-datasource-none" };

	(void)state;
	for (size_t i = 0; i < COUNT(fallbacks); i++)
		for (int hardware = 0; hardware < RELATIONS; hardware++) {
			struct machine_marks bound = { .instance = "" },
					     now = { .instance = "i-0abc" };

			(void)strcpy(bound.instance, fallbacks[i]);
			relate(bound.hardware, now.hardware, hardware, "h", false);
			assert_int_equal(binding_judge(&bound, &now, NULL),
					 truth[UNKNOWN][UNKNOWN][hardware]);
			(void)strcpy(now.instance, fallbacks[i]);
			assert_int_equal(binding_judge(&bound, &now, NULL),
					 truth[UNKNOWN][UNKNOWN][hardware]);
		}
}

#define A "0123456789abcdef0123456789abcdef"
#define B "fedcba9876543210fedcba9876543210"

static void test_changes(void **state)
{
	static const struct {
		struct machine_marks bound, now;
		const char *changes;
	} rows[] = {
		{ { .machine = A }, { .machine = A }, "" },
		{ { .machine = A },
		  { .machine = B },
		  "the machine ID changed from hash 01234567 to hash fedcba98" },
		{ { .machine = A, .instance = "i-1" },
		  { .machine = A, .instance = "i-2" },
		  "the instance ID changed from i-1 to i-2, but the machine ID is the same" },
		{ { .machine = A, .instance = "i-1", .hardware = A },
		  { .machine = B, .instance = "i-2", .hardware = A },
		  "the machine ID changed from hash 01234567 to hash fedcba98 "
		  "and the instance ID changed from i-1 to i-2, but the hardware ID is the same" },
		{ { .machine = A, .instance = "i-1", .hardware = A },
		  { .machine = A, .instance = "i-1", .hardware = B },
		  "the hardware ID changed from hash 01234567 to hash fedcba98, "
		  "but the machine ID and the instance ID are the same" },
		{ { .machine = A, .instance = "i-1" },
		  { .machine = A, .instance = "i\x1b[31m" },
		  "the instance ID changed from i-1 to i\\x1b[31m, "
		  "but the machine ID is the same" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct reason changes = { "" };

		/* what it decides is tested above */
		ignore_result(binding_judge(&rows[i].bound, &rows[i].now, &changes));
		assert_string_equal(changes.text, rows[i].changes);
	}
}

static void test_longest_changes(void **state)
{
	struct machine_marks bound = { .machine = A, .hardware = A },
			     now = { .machine = B, .hardware = B };
	struct reason changes = { "" };

	(void)state;
	memset(bound.instance, '\x1b', sizeof bound.instance - 1);
	memset(now.instance, '\x1c', sizeof now.instance - 1);
	assert_int_equal(binding_judge(&bound, &now, &changes), BINDING_OTHER);
	assert_non_null(strstr(changes.text,
			       "the hardware ID changed from hash 01234567 to hash fedcba98"));
}

/* ------------------------------------------------------------------ a key and the state */

static void test_whose_it_is(void **state)
{
	struct state known = { .registration = { .agent_id = "001", .agent_name = "web-01" },
			       .bound = { .machine = "m", .instance = "i" } };

	(void)state;
	here = (struct machine_marks){ .machine = "m", .instance = "j" };
	assert_int_equal(binding_of(&known, &key, NULL), BINDING_CHANGED);
	(void)strcpy(known.registration.agent_id, "002");
	assert_int_equal(binding_of(&known, &key, NULL), BINDING_NONE);
	(void)strcpy(known.registration.agent_id, "001");
	(void)strcpy(known.registration.agent_name, "web-02");
	assert_int_equal(binding_of(&known, &key, NULL), BINDING_NONE);
}

static void test_complete(void **state)
{
	static const struct {
		const char *label;
		struct machine_marks bound, now, then;
		bool changes;
	} rows[] = {
		{ "nothing new",
		  { "m", false, "i", "h" },
		  { "m", false, "i", "h" },
		  { "m", false, "i", "h" },
		  false },
		{ "an old state",
		  { "m", false, "i", "" },
		  { "m", false, "i", "h" },
		  { "m", false, "i", "h" },
		  true },
		{ "gone for now",
		  { "m", false, "i", "h" },
		  { "", false, "", "" },
		  { "m", false, "i", "h" },
		  false },
		{ "others",
		  { "m", false, "i", "h" },
		  { "n", false, "j", "g" },
		  { "n", false, "j", "g" },
		  true },
		{ "committed",
		  { "m", true, "", "" },
		  { "m", false, "", "" },
		  { "m", false, "", "" },
		  true },
		{ "lasting now",
		  { "m", true, "", "" },
		  { "n", false, "", "" },
		  { "n", false, "", "" },
		  true },
		{ "transient now",
		  { "m", false, "", "" },
		  { "n", true, "", "" },
		  { "m", false, "", "" },
		  false },
		{ "the next boot",
		  { "m", true, "", "" },
		  { "n", true, "", "" },
		  { "m", true, "", "" },
		  false },
		{ "mounted now",
		  { "m", false, "", "" },
		  { "m", true, "", "" },
		  { "m", false, "", "" },
		  false },
		{ "the first, transient",
		  { "", false, "", "" },
		  { "m", true, "", "" },
		  { "m", true, "", "" },
		  true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct state known = { .bound = rows[i].bound };

		here = rows[i].now;
		check_row(rows[i].label, binding_complete(&known) == rows[i].changes);
		check_row(rows[i].label,
			  strcmp(known.bound.machine, rows[i].then.machine) == 0 &&
				  known.bound.is_transient == rows[i].then.is_transient);
		check_row(rows[i].label, strcmp(known.bound.instance, rows[i].then.instance) == 0);
		check_row(rows[i].label, strcmp(known.bound.hardware, rows[i].then.hardware) == 0);
		check_row(rows[i].label, !binding_complete(&known));
	}
}

/* What is still to be removed of the agent's counters is not forgotten with the rest. */
static void test_renew(void **state)
{
	struct state known = {
		.registration = { .agent_id = "007",
				  .agent_name = "old",
				  .manager = "manager:1515",
				  .method = "authd",
				  .registered_at = 12 },
		.bound = { "old", true, "old", "old" },
		.attempts = { .count = 3,
			      .last = { .outcome = "busy" },
			      .managers = { { .address = "manager:1515", .outcome = "busy" } },
			      .manager_count = 1,
			      .boot = "a",
			      .background_boot = "b" },
		.counters_of = "0123456789abcdef",
	};
	static const struct state_attempts no_attempts;

	(void)state;
	here = (struct machine_marks){ .machine = "m", .instance = "i" };
	binding_renew(&known, &key);
	assert_int_equal(binding_of(&known, &key, NULL), BINDING_OURS);
	assert_true(binding_knows(&known, &key));
	assert_memory_equal(&known.bound, &here, sizeof here);
	assert_string_equal(known.registration.manager, "");
	assert_string_equal(known.registration.method, "");
	assert_true(known.registration.registered_at == 0);
	assert_memory_equal(&known.attempts, &no_attempts, sizeof no_attempts);
	assert_string_equal(known.counters_of, "0123456789abcdef");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_combination),
		cmocka_unit_test(test_transient_machine_ids),
		cmocka_unit_test(test_fallback_instances_prove_nothing),
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_longest_changes),
		cmocka_unit_test(test_whose_it_is),
		cmocka_unit_test(test_complete),
		cmocka_unit_test(test_renew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
