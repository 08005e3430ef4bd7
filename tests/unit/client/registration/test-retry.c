/* SPDX-License-Identifier: ISC */
/*
 * How long to wait: inside the bounds of the class, growing, and different from machine to machine.
 */
#include "tests/unit/support.h"

#include "client/registration/retry.h"

#define SECOND UINT64_C(1000000)
#define DECADE (UINT64_C(3650) * 86400 * SECOND)

static const struct retry_bounds usual = { SECOND, 300 * SECOND };

static const struct {
	const char *label;
	enum retry_class class;
	struct retry_bounds bounds;
	uint64_t shortest, longest;
} rows[] = {
	{ "soon", RETRY_SOON, { SECOND, 300 * SECOND }, SECOND, 300 * SECOND },
	{ "shortly", RETRY_SHORTLY, { SECOND, 300 * SECOND }, 5 * SECOND, 300 * SECOND },
	{ "later", RETRY_LATER, { SECOND, 300 * SECOND }, 30 * SECOND, 300 * SECOND },
	{ "slowly", RETRY_SLOWLY, { SECOND, 300 * SECOND }, 300 * SECOND, 1200 * SECOND },
	{ "rarely", RETRY_RARELY, { SECOND, 300 * SECOND }, 900 * SECOND, 3600 * SECOND },
	{ "later, narrow", RETRY_LATER, { SECOND, 2 * SECOND }, 2 * SECOND, 2 * SECOND },
	{ "soon, no room", RETRY_SOON, { SECOND, SECOND }, SECOND, SECOND },
	{ "soon, tiny", RETRY_SOON, { 1, 2 }, 1, 2 },
	{ "soon, huge", RETRY_SOON, { DECADE, DECADE }, DECADE, DECADE },
	{ "later, huge", RETRY_LATER, { DECADE, DECADE }, DECADE, DECADE },
	{ "rarely, huge", RETRY_RARELY, { DECADE, DECADE }, 3 * DECADE, 12 * DECADE },
};

/* Whatever was waited before, also what a damaged state file says. */
static void test_bounds(void **state)
{
	static const uint64_t previous[] = { 0,
					     1,
					     SECOND,
					     40 * SECOND,
					     299 * SECOND,
					     300 * SECOND,
					     5000 * SECOND,
					     DECADE,
					     UINT64_MAX / 2,
					     UINT64_MAX };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		for (size_t j = 0; j < 200 * COUNT(previous); j++) {
			uint64_t wait = retry_wait(rows[i].class, &rows[i].bounds,
						   previous[j % COUNT(previous)], j * 7919, j);

			check_row(rows[i].label,
				  wait >= rows[i].shortest && wait <= rows[i].longest);
		}
	}
}

/* The first wait is at most three times the shortest, and the next at most three times the last. */
static void test_growth(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 500; seed++) {
		uint64_t wait = 0, largest = 0;

		for (uint64_t attempt = 0; attempt < 30; attempt++) {
			uint64_t next = retry_wait(RETRY_SOON, &usual, wait, seed, attempt);

			assert_true(next <= 3 * (wait < usual.initial ? usual.initial : wait));
			wait = next;
			largest = wait > largest ? wait : largest;
		}
		assert_true(largest > 10 * usual.initial);
	}
}

static void test_draws(void **state)
{
	unsigned buckets[10] = { 0 };

	(void)state;
	for (uint64_t seed = 0; seed < 10000; seed++) {
		uint64_t drawn = retry_draw(999, seed, 1);

		assert_true(drawn <= 999);
		assert_true(drawn == retry_draw(999, seed, 1));
		buckets[drawn / 100]++;
	}
	/* 1000 each are expected; 10000 machines that start together must not meet again */
	for (size_t i = 0; i < COUNT(buckets); i++)
		assert_in_range(buckets[i], 800, 1200);
	assert_true(retry_draw(0, 1, 1) == 0);
	assert_true(retry_draw(UINT64_MAX, 1, 1) != retry_draw(UINT64_MAX, 1, 2));
	assert_true(retry_draw(UINT64_MAX, 1, 1) != retry_draw(UINT64_MAX, 2, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_growth),
		cmocka_unit_test(test_draws),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
