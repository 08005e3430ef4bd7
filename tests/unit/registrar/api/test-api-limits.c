/* SPDX-License-Identifier: ISC */
/* How often a client may ask the API. */
#include "tests/unit/support.h"

#include "common/deadline.h"
#include "registrar/api/limits.h"

#define SECOND USEC_PER_SEC

static struct network_list exempt;

static struct api_limits *limits_of(unsigned int requests, unsigned int failures,
				    unsigned int block_time)
{
	const struct api_limits_settings settings = { requests, failures, block_time, 0 };
	struct api_limits *limits = api_limits_new(&settings, &exempt);

	assert_non_null(limits);
	return limits;
}

static void test_request_limit(void **state)
{
	struct api_limits *limits = limits_of(3, 50, 300);

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_true(api_limits_request(limits, "192.0.2.1", SECOND * 10));
	assert_false(api_limits_request(limits, "192.0.2.1", SECOND * 20));
	assert_false(api_limits_request(limits, "::ffff:192.0.2.1", SECOND * 20));
	assert_true(api_limits_request(limits, "192.0.2.2", SECOND * 20));
	assert_false(api_limits_request(limits, "192.0.2.1", SECOND * 70 - 1));
	assert_true(api_limits_request(limits, "192.0.2.1", SECOND * 70));
	api_limits_free(limits);
}

static void test_no_request_limit(void **state)
{
	struct api_limits *limits = limits_of(0, 50, 300);

	(void)state;
	for (int i = 0; i < 1000; i++)
		assert_true(api_limits_request(limits, "192.0.2.1", SECOND));
	api_limits_free(limits);
}

static void test_networks_of_ipv6(void **state)
{
	struct api_limits *limits = limits_of(1, 50, 300);

	(void)state;
	assert_true(api_limits_request(limits, "2001:db8::1", SECOND));
	assert_false(api_limits_request(limits, "2001:db8::ffff:1", SECOND));
	assert_true(api_limits_request(limits, "2001:db8:0:1::1", SECOND));
	assert_true(api_limits_request(limits, "", SECOND));
	assert_false(api_limits_request(limits, "nonsense", SECOND)); /* the same as none */
	api_limits_free(limits);
}

static struct api_limits *limits_of_enrollment(unsigned int enrollments)
{
	const struct api_limits_settings settings = { .enrollments = enrollments };
	struct api_limits *limits = api_limits_new(&settings, &exempt);

	assert_non_null(limits);
	return limits;
}

static unsigned int enroll(struct api_limits *limits, uint64_t now)
{
	return api_limits_enroll(limits, "192.0.2.1", API_BUCKET_ENROLL, now);
}

static void test_enrollments(void **state)
{
	struct api_limits *limits = limits_of_enrollment(5);
	uint64_t now = SECOND;

	(void)state;
	for (int i = 0; i < 5 * API_BUCKET_SECONDS; i++)
		assert_int_equal(enroll(limits, now), 0);
	for (unsigned int i = 0; i < 10; i++)
		assert_int_equal(enroll(limits, now), i / 5 + 1);
	assert_int_equal(api_limits_enroll(limits, "192.0.2.1", API_BUCKET_CACERTS, now), 0);
	assert_int_equal(api_limits_enroll(limits, "192.0.2.2", API_BUCKET_ENROLL, now), 0);
	/* Whoever comes when it was told to has its turn. */
	for (int i = 0; i < 100; i++) {
		now += SECOND / 5;
		assert_int_equal(enroll(limits, now), 0);
		assert_in_range(enroll(limits, now), 1, 60);
	}
	now += 100 * SECOND;
	for (int i = 0; i < 5 * API_BUCKET_SECONDS; i++)
		assert_int_equal(enroll(limits, now), 0);
	assert_int_equal(enroll(limits, now), 1);
	api_limits_free(limits);
}

static void test_many_are_turned_away(void **state)
{
	struct api_limits *limits = limits_of_enrollment(1000);
	unsigned int longest = 0;

	(void)state;
	for (unsigned int i = 0; i < 1000 * API_BUCKET_SECONDS; i++)
		assert_int_equal(enroll(limits, SECOND), 0);
	for (unsigned int i = 0; i < 1000 * 90; i++) {
		unsigned int wait = enroll(limits, SECOND);

		longest = wait > longest ? wait : longest;
		assert_in_range(wait, 1, 60);
	}
	assert_int_equal(longest, 60);
	api_limits_free(limits);
}

static void test_no_limit_of_enrollments(void **state)
{
	struct api_limits *limits = limits_of_enrollment(0);

	(void)state;
	for (int i = 0; i < 10000; i++)
		assert_int_equal(enroll(limits, SECOND), 0);
	api_limits_free(limits);
}

static void test_lock_out(void **state)
{
	struct api_limits *limits = limits_of(0, 3, 300);

	(void)state;
	assert_false(api_limits_failure(limits, "192.0.2.1", "admin", SECOND));
	assert_false(api_limits_failure(limits, "192.0.2.1", "admin", SECOND * 2));
	assert_true(api_limits_may_log_in(limits, "192.0.2.1", "admin", SECOND * 3));
	assert_true(api_limits_failure(limits, "192.0.2.1", "admin", SECOND * 3));
	/* a try that was under way */
	assert_false(api_limits_failure(limits, "192.0.2.1", "admin", SECOND * 4));
	assert_false(api_limits_may_log_in(limits, "192.0.2.1", "admin", SECOND * 4));
	assert_true(api_limits_may_log_in(limits, "192.0.2.2", "admin", SECOND * 4));
	assert_false(api_limits_may_log_in(limits, "192.0.2.1", "admin", SECOND * 303 - 1));
	assert_true(api_limits_may_log_in(limits, "192.0.2.1", "admin", SECOND * 303));
	assert_false(
		api_limits_failure(limits, "192.0.2.1", "admin", SECOND * 304)); /* counted anew */
	api_limits_free(limits);
}

/* One machine behind an address does not lock out the users of the others. */
static void test_names_are_apart(void **state)
{
	struct api_limits *limits = limits_of(0, 2, 300);

	(void)state;
	assert_false(api_limits_failure(limits, "192.0.2.1", "guessed", SECOND));
	assert_true(api_limits_failure(limits, "192.0.2.1", "guessed", SECOND));
	assert_false(api_limits_may_log_in(limits, "192.0.2.1", "guessed", SECOND));
	assert_true(api_limits_may_log_in(limits, "192.0.2.1", "admin", SECOND));
	assert_int_equal(api_limits_failures(limits, "192.0.2.1", SECOND), 2);
	assert_int_equal(api_limits_failures(limits, "192.0.2.2", SECOND), 0);
	assert_int_equal(api_limits_failures(limits, "192.0.2.1", 301 * SECOND), 0);
	api_limits_free(limits);
}

static void test_exempt(void **state)
{
	struct api_limits *limits = limits_of(1, 1, 300);

	(void)state;
	assert_int_equal(network_list_add(&exempt, "198.51.100.0/24"), 0);
	for (int i = 0; i < 5; i++) {
		assert_true(api_limits_request(limits, "198.51.100.9", SECOND));
		assert_false(api_limits_failure(limits, "198.51.100.9", "admin", SECOND));
	}
	assert_true(api_limits_may_log_in(limits, "198.51.100.9", "admin", SECOND));
	api_limits_free(limits);
	exempt.count = 0;
}

static void test_old_failures_are_forgotten(void **state)
{
	struct api_limits *limits = limits_of(0, 2, 300);

	(void)state;
	assert_false(api_limits_failure(limits, "192.0.2.1", "admin", SECOND));
	assert_false(api_limits_failure(limits, "192.0.2.1", "admin", SECOND * 301));
	assert_true(api_limits_failure(limits, "192.0.2.1", "admin", SECOND * 302));
	api_limits_free(limits);
}

/* Many networks push out what has done nothing, not who is locked out. */
static void test_table_is_bounded(void **state)
{
	struct api_limits *limits = limits_of(0, 1, 300);
	char address[64];

	(void)state;
	assert_true(api_limits_failure(limits, "192.0.2.1", "admin", SECOND));
	for (unsigned int i = 0; i < 8 * API_ADDRESSES_MAX; i++) {
		(void)snprintf(address, sizeof address, "2001:db8:%x:%x::1", i >> 16, i & 0xffff);
		assert_true(api_limits_may_log_in(limits, address, "admin", SECOND));
	}
	assert_false(api_limits_may_log_in(limits, "192.0.2.1", "admin", SECOND));
	api_limits_free(limits);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_request_limit),
		cmocka_unit_test(test_no_request_limit),
		cmocka_unit_test(test_networks_of_ipv6),
		cmocka_unit_test(test_enrollments),
		cmocka_unit_test(test_many_are_turned_away),
		cmocka_unit_test(test_no_limit_of_enrollments),
		cmocka_unit_test(test_lock_out),
		cmocka_unit_test(test_names_are_apart),
		cmocka_unit_test(test_exempt),
		cmocka_unit_test(test_old_failures_are_forgotten),
		cmocka_unit_test(test_table_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
