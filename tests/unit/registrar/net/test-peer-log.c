/* SPDX-License-Identifier: ISC */
/* What clients cause to be logged is bounded, and what is not logged is counted. */
#include "tests/unit/support.h"

#include "common/log.h"
#include "registrar/net/peer-log.h"

static char *lines[64];
static size_t line_count;

static void on_line(int level, const char *message)
{
	assert_int_equal(level, LOG_NOTICE);
	lines[line_count++] = strdup(message);
}

static void begin(int level)
{
	log_open("test", level);
	log_divert(on_line);
	line_count = 0;
}

static void end(void)
{
	log_divert(NULL);
	for (size_t i = 0; i < line_count; i++)
		free(lines[i]);
}

static void test_few_lines_are_all_logged(void **state)
{
	struct event_base *base = event_base_new();
	struct peer_log *log = peer_log_new(base);

	(void)state;
	begin(LOG_INFO);
	for (int i = 0; i < PEER_LOG_EACH; i++)
		assert_true(peer_log_may(log, "192.0.2.1", PEER_NO_TLS));
	assert_true(peer_log_may(log, "192.0.2.2", PEER_NO_TLS));
	peer_log_free(log);
	assert_int_equal(line_count, 0);
	end();
	event_base_free(base);
}

static void test_repetitions_are_counted(void **state)
{
	struct event_base *base = event_base_new();
	struct peer_log *log = peer_log_new(base);
	int logged = 0;

	(void)state;
	begin(LOG_INFO);
	for (int i = 0; i < 1000; i++)
		logged += peer_log_may(log, "2001:db8::1", PEER_NO_TLS);
	for (int i = 0; i < 30; i++)
		logged += peer_log_may(log, "2001:db8::2", PEER_WRONG_PASSWORD);
	assert_int_equal(logged, PEER_LOG_EACH);
	assert_true(peer_log_may(log, "192.0.2.1", PEER_NO_TLS));
	peer_log_free(log);
	assert_int_equal(line_count, 1);
	assert_string_equal(lines[0], "2001:db8::1/64: 1020 more in 5 seconds, not logged one by "
				      "one (TLS "
				      "handshake failed: 990, wrong password or secret: 30)");
	end();
	event_base_free(base);
}

static void test_many_sources(void **state)
{
	struct event_base *base = event_base_new();
	struct peer_log *log = peer_log_new(base);
	unsigned long logged = 0, counted = 0;
	char address[32];

	(void)state;
	begin(LOG_INFO);
	for (int i = 0; i < 10000; i++) {
		(void)snprintf(address, sizeof address, "192.0.%d.%d", i / 250, i % 250);
		logged += peer_log_may(log, address, PEER_TIMEOUT);
	}
	assert_int_equal(logged, PEER_LOG_ALL);
	peer_log_free(log);
	assert_int_equal(line_count, PEER_LOG_SUMMARIES + 1);
	for (int i = 0; i < PEER_LOG_SUMMARIES; i++)
		counted += strtoul(strchr(lines[i], ':') + 1, NULL, 10);
	counted += strtoul(lines[PEER_LOG_SUMMARIES], NULL, 10);
	assert_int_equal(logged + counted, 10000);
	assert_non_null(strstr(lines[PEER_LOG_SUMMARIES], "from more than "));
	end();
	event_base_free(base);
}

static void test_each_period_begins_anew(void **state)
{
	struct event_base *base = event_base_new();
	struct peer_log *log = peer_log_new(base);

	(void)state;
	begin(LOG_INFO);
	while (peer_log_may(log, "192.0.2.1", PEER_GONE))
		;
	assert_false(peer_log_may(log, "192.0.2.1", PEER_GONE));
	while (line_count == 0)
		(void)event_base_loop(base, EVLOOP_ONCE);
	assert_non_null(strstr(lines[0], "192.0.2.1: 2 more"));
	assert_true(peer_log_may(log, "192.0.2.1", PEER_GONE));
	peer_log_free(log);
	assert_int_equal(line_count, 1);
	end();
	event_base_free(base);
}

static void test_debug_logs_all(void **state)
{
	struct event_base *base = event_base_new();
	struct peer_log *log = peer_log_new(base);

	(void)state;
	begin(LOG_DEBUG);
	for (int i = 0; i < 1000; i++)
		assert_true(peer_log_may(log, "192.0.2.1", PEER_NO_TLS));
	peer_log_free(log);
	assert_int_equal(line_count, 0);
	end();
	event_base_free(base);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_few_lines_are_all_logged),
		cmocka_unit_test(test_repetitions_are_counted),
		cmocka_unit_test(test_many_sources),
		cmocka_unit_test(test_each_period_begins_anew),
		cmocka_unit_test(test_debug_logs_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
