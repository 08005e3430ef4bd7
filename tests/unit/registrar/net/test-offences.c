/* SPDX-License-Identifier: ISC */
/* What misbehaving costs, and how long a wrong password waits for its refusal. */
#include "tests/unit/support.h"

#include "common/deadline.h"
#include "registrar/net/offences.h"

#define SECOND USEC_PER_SEC

static struct client_network network_of(const char *address)
{
	return client_network_of(address);
}

static void test_penalties(void **state)
{
	static const struct {
		const char *label;
		enum offence offence;
		unsigned int most; /* of them are forgiven */
	} rows[] = {
		{ "handshakes", OFFENCE_NO_TLS, 15 },
		{ "timeouts", OFFENCE_TIMEOUT, 5 },
		{ "passwords", OFFENCE_WRONG_PASSWORD, 3 },
		{ "floods", OFFENCE_FLOOD, 0 },
	};
	struct client_network other = network_of("192.0.2.2");

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct offences *offences = offences_new();
		struct client_network one = network_of("192.0.2.1");

		for (unsigned int n = 0; n < rows[i].most; n++)
			offences_add(offences, &one, rows[i].offence, SECOND);
		check_row(rows[i].label, !offences_is_penalised(offences, &one, SECOND));
		offences_add(offences, &one, rows[i].offence, SECOND);
		check_row(rows[i].label, offences_is_penalised(offences, &one, SECOND));
		check_row(rows[i].label, !offences_is_penalised(offences, &other, SECOND));
		/* Time forgives, but not all at once. */
		check_row(rows[i].label, !offences_is_penalised(offences, &one, SECOND * 17));
		offences_free(offences);
	}
}

static void test_penalties_have_an_end(void **state)
{
	struct offences *offences = offences_new();
	struct client_network one = network_of("2001:db8::1");
	struct client_network neighbour = network_of("2001:db8::ffff");

	(void)state;
	for (int i = 0; i < 1000; i++)
		offences_add(offences, &one, OFFENCE_FLOOD, SECOND);
	assert_true(offences_is_penalised(offences, &neighbour, SECOND * 500));
	assert_false(offences_is_penalised(offences, &one, SECOND * 586));
	offences_free(offences);
}

static void test_refusals_slow_down(void **state)
{
	static const unsigned int seconds[] = { 0, 0, 0, 0, 0, 2, 4, 6, 8, 8, 8 };
	struct offences *offences = offences_new();
	struct client_network one = network_of("192.0.2.1"), other = network_of("192.0.2.2");

	(void)state;
	for (size_t i = 0; i < COUNT(seconds); i++)
		assert_int_equal(offences_delay_refusal(offences, &one, SECOND * 10),
				 seconds[i] * SECOND);
	assert_int_equal(offences_delay_refusal(offences, &other, SECOND * 10), 0);
	/* One every two seconds keeps it slow; a pause makes it quick again. */
	assert_int_equal(offences_delay_refusal(offences, &one, SECOND * 12), 8 * SECOND);
	assert_int_equal(offences_delay_refusal(offences, &one, SECOND * 16), 6 * SECOND);
	assert_int_equal(offences_delay_refusal(offences, &one, SECOND * 40), 0);
	offences_free(offences);
}

/* Who guesses is not forgotten because of others. */
static void test_table_is_bounded(void **state)
{
	struct offences *offences = offences_new();
	struct client_network one = network_of("192.0.2.1");
	char address[64];

	(void)state;
	while (offences_delay_refusal(offences, &one, SECOND) < 8 * SECOND)
		;
	for (unsigned int i = 0; i < 100000; i++) {
		struct client_network other;

		(void)snprintf(address, sizeof address, "2001:db8:%x:%x::1", i >> 16, i & 0xffff);
		other = network_of(address);
		offences_add(offences, &other, OFFENCE_FLOOD, SECOND);
	}
	assert_int_equal(offences_delay_refusal(offences, &one, SECOND), 8 * SECOND);
	offences_free(offences);
}

/* A crowd that is closed for others at the same time counts as one that is. */
static void test_idle_counts_once_a_second(void **state)
{
	const struct client_network source = client_network_of("192.0.2.1");
	struct offences *offences = offences_new();
	uint64_t now = 1000 * USEC_PER_SEC;

	(void)state;
	for (int i = 0; i < 100; i++)
		offences_add(offences, &source, OFFENCE_IDLE, now + (uint64_t)i * 9000);
	assert_false(offences_is_penalised(offences, &source, now + USEC_PER_SEC));
	offences_add(offences, &source, OFFENCE_IDLE, now + USEC_PER_SEC);
	assert_true(offences_is_penalised(offences, &source, now + USEC_PER_SEC));
	offences_forgive(offences, &source, now + USEC_PER_SEC);
	assert_false(offences_is_penalised(offences, &source, now + USEC_PER_SEC));
	offences_free(offences);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_penalties),
		cmocka_unit_test(test_penalties_have_an_end),
		cmocka_unit_test(test_refusals_slow_down),
		cmocka_unit_test(test_table_is_bounded),
		cmocka_unit_test(test_idle_counts_once_a_second),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
