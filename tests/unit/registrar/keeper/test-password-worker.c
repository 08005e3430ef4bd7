/* SPDX-License-Identifier: ISC */
/* In which order passwords are tried, and who makes room when too many wait. */
#include "tests/unit/support.h"

#include "registrar/keeper/password-worker.h"

#include <errno.h>
#include <pthread.h>

#define TRIES (PASSWORD_WORKER_QUEUE + 40)

struct
try {
	struct fixture *fixture;
	bool is_done;
	int fits;
	int place; /* in the order in which they were done */
};

struct fixture {
	struct event_base *base;
	struct password_worker *worker;
	struct api_password password;
	struct try tries[TRIES];
	int done;
};

/* Held while tries are handed in: none is finished meanwhile, and all but the first wait. */
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

int __wrap_api_password_check(const struct api_password *, const char *, size_t);

/* Every password fits. */
int __wrap_api_password_check(const struct api_password *password, const char *text, size_t length)
{
	(void)password, (void)text, (void)length;
	(void)pthread_mutex_lock(&gate);
	(void)pthread_mutex_unlock(&gate);
	return 1;
}

static void on_done(void *argument, int fits)
{
	struct try *try = argument;

	assert_false(try->is_done);
	try->is_done = true;
	try->fits = fits;
	try->place = try->fixture->done++;
}

static void begin(struct fixture *fixture)
{
	*fixture = (struct fixture){ .base = event_base_new() };
	assert_int_equal(password_worker_new(&fixture->worker, fixture->base), 0);
	assert_non_null(fixture->worker);
	for (int i = 0; i < TRIES; i++)
		fixture->tries[i].fixture = fixture;
	/* A test that failed has left it locked, and may have left a worker that waits for it. */
	(void)pthread_mutex_trylock(&gate);
}

static void open_gate(void)
{
	(void)pthread_mutex_unlock(&gate);
}

static void end(struct fixture *fixture)
{
	password_worker_free(fixture->worker);
	event_base_free(fixture->base);
}

static bool try(struct fixture *fixture, int i, const char *address, unsigned int failures)
{
	const struct password_source source = {
		.network = client_network_of(address),
		.failures = failures,
	};

	return password_worker_try(fixture->worker, &source, &fixture->password, "the password",
				   on_done, &fixture->tries[i]);
}

static void wait_for(struct fixture *fixture, int count)
{
	while (fixture->done < count)
		(void)event_base_loop(fixture->base, EVLOOP_ONCE);
}

/* Who guesses waits for who does not. One try may have begun already. */
static void test_turns(void **state)
{
	struct fixture fixture;

	(void)state;
	begin(&fixture);
	for (int i = 0; i < 8; i++)
		assert_true(try(&fixture, i, "192.0.2.1", 3));
	assert_true(try(&fixture, 8, "192.0.2.2", 0));
	assert_true(try(&fixture, 9, "192.0.2.2", 0));
	assert_true(try(&fixture, 10, "192.0.2.3", 0));
	open_gate();
	wait_for(&fixture, 11);
	for (int i = 0; i < 11; i++)
		assert_int_equal(fixture.tries[i].fits, 1);
	assert_in_range(fixture.tries[8].place, 0, 1);
	assert_in_range(fixture.tries[10].place, 1, 2);
	/* The second of a source comes behind the first of another, and before who failed. */
	assert_true(fixture.tries[9].place > fixture.tries[10].place);
	assert_true(fixture.tries[7].place > fixture.tries[9].place);
	for (int i = 2; i < 8; i++)
		assert_true(fixture.tries[i].place > fixture.tries[i - 1].place);
	end(&fixture);
}

/* At the limit the greediest make room, and newcomers get in. */
static void test_limit(void **state)
{
	struct fixture fixture;
	int refused = 0, made_room = 0;
	char address[32];

	(void)state;
	begin(&fixture);
	for (int i = 0; i < TRIES - 1; i++) {
		(void)snprintf(address, sizeof address, "192.0.2.%d", i / 20);
		refused += !try(&fixture, i, address, 10);
	}
	assert_true(try(&fixture, TRIES - 1, "192.0.2.2", 0));
	open_gate();
	while (!fixture.tries[TRIES - 1].is_done)
		(void)event_base_loop(fixture.base, EVLOOP_ONCE);
	assert_int_equal(fixture.tries[TRIES - 1].fits, 1);
	for (int i = 0; i < TRIES - 1; i++)
		made_room += fixture.tries[i].is_done && fixture.tries[i].fits == -EBUSY;
	/* They were too many, but for the one that may have begun. */
	assert_in_range(refused + made_room, TRIES - PASSWORD_WORKER_QUEUE - 1,
			TRIES - PASSWORD_WORKER_QUEUE);
	end(&fixture);
}

static void test_limit_of_a_source(void **state)
{
	struct fixture fixture;
	int refused = 0;

	(void)state;
	begin(&fixture);
	for (int i = 0; i < PASSWORD_WORKER_EACH + 10; i++)
		refused += !try(&fixture, i, "192.0.2.1", 0);
	assert_in_range(refused, 9, 10);
	assert_true(try(&fixture, TRIES - 1, "192.0.2.2", 0));
	open_gate();
	end(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_turns),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_limit_of_a_source),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
