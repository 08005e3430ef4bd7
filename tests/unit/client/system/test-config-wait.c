/* SPDX-License-Identifier: ISC */
/* Waiting for the configuration; systemd is made up (see the wraps in local.mk). */
#include "tests/unit/support.h"

#include "client/system/config-wait.h"
#include "common/deadline.h"
#include "common/reason.h"
#include "tests/unit/log-lines.h"

#include <errno.h>
#include <syslog.h>

#define MARK "restarted-for-credentials"

static struct {
	bool is_service;
	const char *late;                 /* a credential that was not passed; null: none */
	int start, restart, stop;         /* what systemctl returns */
	unsigned starts, restarts, stops; /* how often it was asked */
	int waited;                       /* how the wait for systemd's signal ends */
	unsigned waits;
} world;

bool __wrap_notify_is_service(void);
bool __wrap_notify_is_service(void)
{
	return world.is_service;
}

const char *__wrap_config_late_credential(void);
const char *__wrap_config_late_credential(void)
{
	return world.late;
}

static bool has_argument(const char *const arguments[], const char *argument)
{
	for (size_t i = 0; arguments[i]; i++)
		if (strcmp(arguments[i], argument) == 0)
			return true;
	return false;
}

static int answer(unsigned *count, int r, struct reason *why)
{
	(*count)++;
	if (r < 0)
		reason_set(why, "It failed");
	return r;
}

int __wrap_systemctl(const char *const arguments[], int stop_fd, struct reason *why);
int __wrap_systemctl(const char *const arguments[], int stop_fd, struct reason *why)
{
	(void)stop_fd;
	if (has_argument(arguments, "start"))
		return answer(&world.starts, world.start, why);
	if (has_argument(arguments, "restart"))
		return answer(&world.restarts, world.restart, why);
	assert_true(has_argument(arguments, "stop"));
	return answer(&world.stops, world.stop, why);
}

int __wrap_deadline_wait(const struct deadline *deadline, int fd, short events);
int __wrap_deadline_wait(const struct deadline *deadline, int fd, short events)
{
	(void)events;
	assert_int_equal(fd, -1);
	assert_true(deadline->at != USEC_INFINITY);
	world.waits++;
	return world.waited;
}

/* *state is the runtime directory. */
static int setup(void **state)
{
	memset(&world, 0, sizeof world);
	world.is_service = true;
	world.waited = -ETIMEDOUT;
	if (setup_directory(state) < 0)
		return -1;
	log_lines_collect();
	return setenv("RUNTIME_DIRECTORY", *state, 1);
}

static int teardown(void **state)
{
	log_lines_stop();
	(void)unsetenv("RUNTIME_DIRECTORY");
	return teardown_directory(state);
}

/* ------------------------------------------------------------------ waiting */

static void test_waiting(void **state)
{
	static const struct {
		const char *label;
		bool is_service;
		int start, result;
		unsigned starts, warnings;
	} rows[] = {
		{ "a service", true, 0, 0, 1, 0 },
		{ "no service", false, 0, 0, 0, 0 },
		{ "it cannot be waited for", true, -EIO, 0, 1, 1 },
		{ "asked to stop", true, -ECANCELED, -ECANCELED, 1, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		log_lines_collect();
		world.is_service = rows[i].is_service;
		world.start = rows[i].start;
		world.starts = 0;
		check_row(rows[i].label, config_wait_wait(-1) == rows[i].result);
		check_row(rows[i].label, world.starts == rows[i].starts);
		check_row(rows[i].label, log_lines_count(LOG_WARNING, "") == rows[i].warnings);
		check_row(rows[i].label, world.restarts == 0);
	}
}

/* ------------------------------------------------------------------ a late credential */

/* Systemd passes it with a restart, which is requested once in a boot. */
static void test_late_credential(void **state)
{
	world.late = "agent-register.ca";
	world.waited = -ECANCELED; /* the restart has begun */
	assert_int_equal(config_wait_wait(-1), -ECANCELED);
	assert_int_equal(world.restarts, 1);
	assert_file(path_in(*state, MARK), "");
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(config_wait_wait(-1), 0); /* it was not passed then either */
	assert_int_equal(world.restarts, 1);
	assert_int_equal(world.waits, 1);
}

/* A restart that does not come is not waited for without end. */
static void test_restart_does_not_come(void **state)
{
	(void)state;
	world.late = "agent-register.ca";
	assert_int_equal(config_wait_wait(-1), 0);
	assert_int_equal(world.restarts, 1);
	assert_int_equal(world.waits, 1);
}

static void test_restart_fails(void **state)
{
	(void)state;
	world.late = "agent-register.ca";
	world.restart = -EIO;
	assert_int_equal(config_wait_wait(-1), 0);
	assert_int_equal(world.waits, 0);
	assert_int_equal(log_lines_count(LOG_WARNING, "without the credential agent-register.ca"),
			 1);
}

/* Without a place for the mark, a restart might follow another one. */
static void test_no_runtime_directory(void **state)
{
	(void)state;
	(void)unsetenv("RUNTIME_DIRECTORY");
	world.late = "agent-register.ca";
	assert_int_equal(config_wait_wait(-1), 0);
	assert_int_equal(world.restarts, 0);
}

/* ------------------------------------------------------------------ stepping back */

static void test_stepping_back(void **state)
{
	(void)state;
	config_wait_step_back();
	assert_int_equal(world.stops, 1);
	world.stop = -EIO;
	config_wait_step_back();
	assert_int_equal(log_lines_count(LOG_DEBUG, "It failed"), 1);
	world.is_service = false;
	config_wait_step_back();
	assert_int_equal(world.stops, 2);
}

#define WITH_WORLD(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_WORLD(test_waiting),
		WITH_WORLD(test_late_credential),
		WITH_WORLD(test_restart_does_not_come),
		WITH_WORLD(test_restart_fails),
		WITH_WORLD(test_no_runtime_directory),
		WITH_WORLD(test_stepping_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
