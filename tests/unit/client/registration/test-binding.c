/* SPDX-License-Identifier: ISC */
/* The marks of this machine come from here: see the wrap in local.mk. */
#include "tests/unit/support.h"

#include "client/registration/binding.h"

#define HASH "0123456789abcdef0123456789abcdef01234567"

static const struct agent_key key = { .id = "001", .name = "web-01", .ip = "any", .key = "secret" };

static struct identity_marks here;

void __wrap_identity_read_marks(struct identity_marks *ret);
void __wrap_identity_read_marks(struct identity_marks *ret)
{
	*ret = here;
}

static void test_whose_it_is(void **state)
{
	static const struct {
		const char *label;
		struct identity_marks bound, now;
		enum binding expected;
	} rows[] = {
		{ "the same", { "m", "i" }, { "m", "i" }, BINDING_OURS },
		{ "no cloud", { "m", "" }, { "m", "" }, BINDING_OURS },
		{ "another machine", { "m", "i" }, { "n", "i" }, BINDING_OTHER },
		{ "another instance", { "m", "i" }, { "m", "j" }, BINDING_OTHER },
		{ "no instance any more", { "m", "i" }, { "m", "" }, BINDING_OURS },
		{ "an instance now", { "m", "" }, { "m", "i" }, BINDING_OURS },
		{ "no machine id any more", { "m", "i" }, { "", "i" }, BINDING_OURS },
		{ "never bound", { "", "" }, { "m", "i" }, BINDING_NONE },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct state known = { .registration = { .agent_id = "001",
							 .agent_name = "web-01" },
				       .bound = rows[i].bound };

		here = rows[i].now;
		check_row(rows[i].label, binding_of(&known, &key) == rows[i].expected);
		(void)strcpy(known.registration.agent_id, "002");
		check_row(rows[i].label, binding_of(&known, &key) == BINDING_NONE);
		(void)strcpy(known.registration.agent_id, "001");
		(void)strcpy(known.registration.agent_name, "web-02");
		check_row(rows[i].label, binding_of(&known, &key) == BINDING_NONE);
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
		.bound = { "old", "old" },
		.attempts = { .count = 3,
			      .last = { .outcome = "busy" },
			      .managers = { { .address = "manager:1515", .outcome = "busy" } },
			      .manager_count = 1,
			      .boot = "a",
			      .background_boot = "b" },
		.counters_of = HASH,
	};
	static const struct state_attempts no_attempts;

	(void)state;
	here = (struct identity_marks){ "m", "i" };
	binding_renew(&known, &key);
	assert_int_equal(binding_of(&known, &key), BINDING_OURS);
	assert_true(binding_knows(&known, &key));
	assert_string_equal(known.registration.manager, "");
	assert_string_equal(known.registration.method, "");
	assert_true(known.registration.registered_at == 0);
	assert_memory_equal(&known.attempts, &no_attempts, sizeof no_attempts);
	assert_string_equal(known.counters_of, HASH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whose_it_is),
		cmocka_unit_test(test_renew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
