/* SPDX-License-Identifier: ISC */
/* So many long answers at a time, in their order. */
#include "tests/unit/support.h"

#include "registrar/api/long-answers.h"
#include "registrar/net/priority.h"

#define COUNT_OF_ANSWERS (LONG_ANSWERS_MAX + 3)

static struct long_answers answers;
static struct long_answer all[COUNT_OF_ANSWERS];
static char ran[COUNT_OF_ANSWERS + 1]; /* which have got a place later, as letters */

static void on_place(void *owner)
{
	size_t n = (size_t)((struct long_answer *)owner - all);

	assert_true(all[n].has_place);
	ran[strlen(ran)] = (char)('a' + n);
}

static void test_places(void **state)
{
	struct event_base *base = event_base_new();
	struct turns *turns = turns_new(base, PRIORITY_LATER);

	(void)state;
	long_answers_begin(&answers, turns);
	for (size_t i = 0; i < COUNT_OF_ANSWERS; i++)
		assert_int_equal(long_answer_begin(&answers, &all[i], on_place, &all[i]),
				 i < LONG_ANSWERS_MAX);
	assert_true(long_answer_begin(&answers, &all[0], on_place, &all[0])); /* has it */
	/* The second that waits goes; a place gets free, and one more that was handed over. */
	long_answer_leave(&answers, &all[LONG_ANSWERS_MAX + 1]);
	long_answer_leave(&answers, &all[0]);
	assert_true(long_answer_hand_over(&all[1]));
	assert_false(long_answer_hand_over(&all[1]));
	long_answer_leave(&answers, &all[1]);
	assert_string_equal(ran, ""); /* not from within */
	(void)event_base_loop(base, EVLOOP_ONCE);
	assert_string_equal(ran, "e");
	long_answers_take_back(&answers);
	(void)event_base_loop(base, EVLOOP_ONCE);
	assert_string_equal(ran, "eg");
	for (size_t i = 0; i < COUNT_OF_ANSWERS; i++)
		long_answer_leave(&answers, &all[i]);
	assert_int_equal(answers.count, 0);
	turns_free(turns);
	event_base_free(base);
}

/* It has got a place, and goes before it hears of it: the next one has it then. */
static void test_gone_before_its_turn(void **state)
{
	struct event_base *base = event_base_new();
	struct turns *turns = turns_new(base, PRIORITY_LATER);

	(void)state;
	memset(ran, 0, sizeof ran);
	memset(all, 0, sizeof all);
	long_answers_begin(&answers, turns);
	for (size_t i = 0; i < LONG_ANSWERS_MAX; i++)
		assert_true(long_answer_begin(&answers, &all[i], on_place, &all[i]));
	for (size_t i = LONG_ANSWERS_MAX; i < COUNT_OF_ANSWERS; i++)
		assert_false(long_answer_begin(&answers, &all[i], on_place, &all[i]));
	long_answer_leave(&answers, &all[2]);
	long_answer_leave(&answers, &all[LONG_ANSWERS_MAX]);
	(void)event_base_loop(base, EVLOOP_ONCE);
	assert_string_equal(ran, "f");
	for (size_t i = 0; i < COUNT_OF_ANSWERS; i++)
		long_answer_leave(&answers, &all[i]);
	turns_free(turns);
	event_base_free(base);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_gone_before_its_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
