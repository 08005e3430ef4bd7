/* SPDX-License-Identifier: ISC */
/* Long work in pieces: one piece in a round of the loop, and sockets are looked at in between. */
#include "tests/unit/support.h"

#include "registrar/net/priority.h"
#include "registrar/net/turns.h"

#include <unistd.h>

static struct event_base *base;
static struct turns *turns;
static char done[64]; /* who has had a turn, in their order */

struct worker {
	struct turn turn;
	char name;
	int pieces; /* that are left */
};

static void note(char name)
{
	size_t length = strlen(done);

	assert_true(length + 1 < sizeof done);
	done[length] = name;
	done[length + 1] = '\0';
}

static void work(void *owner)
{
	struct worker *worker = owner;

	note(worker->name);
	assert_null(worker->turn.turns);
	if (--worker->pieces > 0)
		turn_wait(turns, &worker->turn);
}

static struct worker worker_of(char name, int pieces)
{
	return (struct worker){ .turn = { .run = work }, .name = name, .pieces = pieces };
}

static void wait_for_turn(struct worker *worker)
{
	worker->turn.owner = worker;
	turn_wait(turns, &worker->turn);
	turn_wait(turns, &worker->turn); /* it waits already */
}

static int begin(void **state)
{
	(void)state;
	base = event_base_new();
	turns = turns_new(base, PRIORITY_LATER);
	assert_non_null(turns);
	done[0] = '\0';
	return 0;
}

static int end(void **state)
{
	(void)state;
	turns_free(turns);
	event_base_free(base);
	return 0;
}

static void test_in_turn(void **state)
{
	struct worker a = worker_of('a', 3), b = worker_of('b', 1), c = worker_of('c', 2);

	(void)state;
	wait_for_turn(&a);
	wait_for_turn(&b);
	wait_for_turn(&c);
	assert_string_equal(done, "");
	(void)event_base_dispatch(base);
	assert_string_equal(done, "abcaca");
}

static void on_byte(evutil_socket_t fd, short what, void *argument)
{
	char byte;

	(void)what, (void)argument;
	assert_int_equal(read(fd, &byte, 1), 1);
	note('.');
}

/* However much work there is, what arrives is looked at after each piece. */
static void test_sockets_in_between(void **state)
{
	struct worker a = worker_of('a', 3);
	struct event *event;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	event = event_new(base, ends[0], EV_READ | EV_PERSIST, on_byte, NULL);
	assert_int_equal(event_add(event, NULL), 0);
	wait_for_turn(&a);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(write(ends[1], "x", 1), 1);
		(void)event_base_loop(base, EVLOOP_ONCE);
	}
	assert_string_equal(done, ".a.a.a");
	event_free(event);
	close(ends[0]);
	close(ends[1]);
}

static void test_cancelled(void **state)
{
	static struct worker a;
	struct worker b = worker_of('b', 1), c = worker_of('c', 1);

	(void)state;
	a = worker_of('a', 1);
	turn_cancel(&a.turn); /* it does not wait */
	wait_for_turn(&a);
	wait_for_turn(&b);
	turn_cancel(&a.turn);
	wait_for_turn(&c);
	turn_cancel(&c.turn);
	(void)event_base_dispatch(base);
	assert_string_equal(done, "b");
	wait_for_turn(&a); /* when the turns are freed */
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(test_in_turn),
		TEST(test_sockets_in_between),
		TEST(test_cancelled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
