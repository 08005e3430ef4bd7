/* SPDX-License-Identifier: ISC */
/* Who may connect: everybody while there is room, and the modest when it gets short. */
#include "tests/unit/support.h"

#include "common/deadline.h"
#include "registrar/net/admission.h"

#include <sys/socket.h>
#include <unistd.h>

#define LIMIT 16 /* so room is short from the 13th on, and two is an eighth */

static struct network_list exempt;
static struct source_member *gave_way[8];
static size_t gave_way_count;

static const struct source_member *unread;

static int ends[2]; /* what is written to the second can be read from the first */

static int descriptor_of(const struct source_member *member)
{
	return ends[member == unread ? 0 : 1];
}

static void on_give_way(struct source_member *member)
{
	gave_way[gave_way_count++] = member;
}

struct fixture {
	struct offences *offences;
	struct admission *admission;
	struct source_member members[LIMIT + 4];
	size_t count;
};

static void begin(struct fixture *fixture)
{
	const struct admission_settings settings = {
		.max_connections = LIMIT,
		.exempt = &exempt,
		.offences = offences_new(),
		.descriptor_of = descriptor_of,
		.give_way = on_give_way,
	};

	*fixture = (struct fixture){ .offences = settings.offences,
				     .admission = admission_new(&settings) };
	assert_non_null(fixture->admission);
	exempt.count = 0;
	assert_int_equal(network_list_add(&exempt, "198.51.100.0/24"), 0);
	gave_way_count = 0;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	assert_int_equal(write(ends[1], "", 1), 1);
}

static void end(struct fixture *fixture)
{
	for (size_t i = 0; i < fixture->count; i++)
		admission_leave(fixture->admission, &fixture->members[i]);
	admission_free(fixture->admission);
	offences_free(fixture->offences);
	close(ends[0]);
	close(ends[1]);
}

static bool enter(struct fixture *fixture, const char *address)
{
	struct source_member *member = &fixture->members[fixture->count++];

	return admission_may_enter(fixture->admission, address, fixture->count) &&
	       admission_enter(fixture->admission, member, address);
}

static void enter_many(struct fixture *fixture, const char *address, size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_true(enter(fixture, address));
}

static void test_plenty_of_room(void **state)
{
	struct fixture fixture;

	(void)state;
	begin(&fixture);
	for (int i = 0; i < 10; i++)
		admission_offence(fixture.admission, "192.0.2.1", OFFENCE_FLOOD);
	enter_many(&fixture, "192.0.2.1", 12);
	assert_int_equal(gave_way_count, 0);
	end(&fixture);
}

static void test_penalised_are_turned_away(void **state)
{
	struct fixture fixture;

	(void)state;
	begin(&fixture);
	enter_many(&fixture, "192.0.2.1", 12);
	admission_offence(fixture.admission, "192.0.2.2", OFFENCE_FLOOD);
	admission_offence(fixture.admission, "198.51.100.2", OFFENCE_FLOOD);
	assert_false(enter(&fixture, "192.0.2.2"));
	assert_true(enter(&fixture, "192.0.2.3"));
	assert_true(enter(&fixture, "198.51.100.2"));
	assert_int_equal(gave_way_count, 0);
	end(&fixture);
}

/* Who has held places for nothing does not get the next ones. */
static void test_idle_are_turned_away(void **state)
{
	struct fixture fixture;

	(void)state;
	begin(&fixture);
	enter_many(&fixture, "192.0.2.1", 12);
	admission_offence(fixture.admission, "192.0.2.2", OFFENCE_IDLE);
	assert_true(enter(&fixture, "192.0.2.2"));
	admission_offence(fixture.admission, "192.0.2.2", OFFENCE_WRONG_PASSWORD);
	admission_offence(fixture.admission, "192.0.2.2", OFFENCE_WRONG_PASSWORD);
	assert_false(enter(&fixture, "192.0.2.2"));
	/* Somebody there has registered: it is not all of them who are idle. */
	admission_forgive(fixture.admission, "192.0.2.2");
	assert_true(enter(&fixture, "192.0.2.2"));
	end(&fixture);
}

static void test_who_waits(void **state)
{
	struct fixture fixture;

	(void)state;
	begin(&fixture);
	enter_many(&fixture, "192.0.2.1", 8);
	assert_false(admission_should_wait(fixture.admission, "192.0.2.1"));
	enter_many(&fixture, "192.0.2.1", 1);
	assert_true(admission_should_wait(fixture.admission, "192.0.2.1"));
	assert_false(admission_should_wait(fixture.admission, "192.0.2.2"));
	admission_offence(fixture.admission, "192.0.2.2", OFFENCE_FLOOD);
	assert_true(admission_should_wait(fixture.admission, "192.0.2.2"));
	admission_offence(fixture.admission, "198.51.100.2", OFFENCE_FLOOD);
	assert_false(admission_should_wait(fixture.admission, "198.51.100.2"));
	end(&fixture);
}

/* A second is over for those who have come. */
static void wait_a_second(struct fixture *fixture)
{
	for (size_t i = 0; i < fixture->count; i++)
		if (fixture->members[i].idle_since != 0)
			fixture->members[i].idle_since -= USEC_PER_SEC;
}

static void test_own_connections_give_way(void **state)
{
	struct fixture fixture;

	(void)state;
	begin(&fixture);
	enter_many(&fixture, "192.0.2.1", 2);
	wait_a_second(&fixture);
	enter_many(&fixture, "198.51.100.1", 10);
	assert_true(enter(&fixture, "192.0.2.1"));
	assert_int_equal(gave_way_count, 1);
	assert_ptr_equal(gave_way[0], &fixture.members[0]);
	assert_true(enter(&fixture, "198.51.100.1")); /* exempt */
	assert_int_equal(gave_way_count, 1);
	/* The rest is at work, or young: none of them can be closed. */
	admission_set_idle(fixture.admission, &fixture.members[1], false);
	assert_true(enter(&fixture, "192.0.2.1"));
	assert_true(enter(&fixture, "192.0.2.4"));
	assert_int_equal(gave_way_count, 1);
	end(&fixture);
}

static void test_making_room(void **state)
{
	struct fixture fixture;

	(void)state;
	begin(&fixture);
	assert_false(admission_make_room(fixture.admission));
	enter_many(&fixture, "192.0.2.1", 1);
	enter_many(&fixture, "198.51.100.1", 3);
	enter_many(&fixture, "192.0.2.2", 2);
	assert_false(admission_make_room(fixture.admission)); /* they have only just come */
	wait_a_second(&fixture);
	/* Each is chosen once, although it has not left yet. */
	assert_true(admission_make_room(fixture.admission));
	assert_ptr_equal(gave_way[0], &fixture.members[4]);
	assert_true(admission_make_room(fixture.admission));
	assert_ptr_equal(gave_way[1], &fixture.members[0]);
	/* Neither what got somewhere, nor what has sent something that waits for us. */
	admission_set_idle(fixture.admission, &fixture.members[1], true);
	unread = &fixture.members[2];
	assert_true(admission_make_room(fixture.admission));
	assert_ptr_equal(gave_way[2], &fixture.members[3]);
	assert_true(admission_make_room(fixture.admission));
	assert_ptr_equal(gave_way[3], &fixture.members[5]);
	assert_false(admission_make_room(fixture.admission));
	end(&fixture);
}

/* Whoever misbehaves gains nothing by sending what makes us work. */
static void test_making_room_for_penalised(void **state)
{
	struct fixture fixture;

	(void)state;
	begin(&fixture);
	enter_many(&fixture, "192.0.2.1", 1);
	wait_a_second(&fixture);
	unread = &fixture.members[0];
	assert_false(admission_make_room(fixture.admission));
	admission_offence(fixture.admission, "192.0.2.1", OFFENCE_FLOOD);
	assert_true(admission_make_room(fixture.admission));
	assert_ptr_equal(gave_way[0], &fixture.members[0]);
	enter_many(&fixture, "198.51.100.1", 1); /* exempt */
	wait_a_second(&fixture);
	unread = &fixture.members[1];
	admission_offence(fixture.admission, "198.51.100.1", OFFENCE_FLOOD);
	assert_false(admission_make_room(fixture.admission));
	end(&fixture);
}

/* Whoever has its answer loses nothing, whenever that was. */
static void test_making_room_at_once(void **state)
{
	struct fixture fixture;

	(void)state;
	begin(&fixture);
	unread = NULL;
	enter_many(&fixture, "192.0.2.1", 3);
	admission_set_at_rest(fixture.admission, &fixture.members[1]);
	admission_set_at_rest(fixture.admission, &fixture.members[2]);
	admission_set_idle(fixture.admission, &fixture.members[2], false);
	admission_set_idle(fixture.admission, &fixture.members[2], true);
	assert_true(admission_make_room(fixture.admission));
	assert_ptr_equal(gave_way[0], &fixture.members[1]);
	assert_false(admission_make_room(fixture.admission));
	end(&fixture);
}

/* Whoever comes and goes takes the places of others when they are few. */
static void test_wasting_places(void **state)
{
	struct fixture fixture;

	(void)state;
	begin(&fixture);
	for (int i = 0; i < 20; i++) {
		admission_wasted(fixture.admission, "192.0.2.1", 12);
		admission_wasted(fixture.admission, "192.0.2.2", 13);
		admission_wasted(fixture.admission, "198.51.100.1", 13); /* exempt */
	}
	enter_many(&fixture, "192.0.2.3", 12);
	assert_true(admission_may_enter(fixture.admission, "192.0.2.1", 13));
	assert_false(admission_may_enter(fixture.admission, "192.0.2.2", 13));
	assert_true(admission_may_enter(fixture.admission, "198.51.100.1", 13));
	end(&fixture);
}

static void test_refusals_wait(void **state)
{
	struct fixture fixture;

	(void)state;
	begin(&fixture);
	for (int i = 0; i < 5; i++)
		assert_int_equal(admission_delay_refusal(fixture.admission, "192.0.2.1"), 0);
	assert_true(admission_delay_refusal(fixture.admission, "192.0.2.1") > 0);
	for (int i = 0; i < 20; i++)
		assert_int_equal(admission_delay_refusal(fixture.admission, "198.51.100.1"), 0);
	end(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plenty_of_room),
		cmocka_unit_test(test_penalised_are_turned_away),
		cmocka_unit_test(test_idle_are_turned_away),
		cmocka_unit_test(test_who_waits),
		cmocka_unit_test(test_own_connections_give_way),
		cmocka_unit_test(test_making_room),
		cmocka_unit_test(test_making_room_for_penalised),
		cmocka_unit_test(test_making_room_at_once),
		cmocka_unit_test(test_wasting_places),
		cmocka_unit_test(test_refusals_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
