/* SPDX-License-Identifier: ISC */
/* Long answers in pieces: sorted as at once, and printed as at once. */
#include "tests/unit/support.h"

#include "registrar/api/distinct.h"
#include "registrar/api/fields.h"
#include "registrar/api/response.h"
#include "registrar/api/sorting.h"

/* ------------------------------------------------------------------ sorting */

/* By the tens of the id, so that there are many that are equal. */
static int compare_tens(const void *left, const void *right, const void *order)
{
	const struct api_agent *a = left, *b = right;
	const int *sign = order;

	return *sign * ((int)(a->id / 10) - (int)(b->id / 10));
}

static void check_sorted(const struct api_agent *agents, size_t count, int sign)
{
	for (size_t i = 1; i < count; i++) {
		int difference = compare_tens(&agents[i - 1], &agents[i], &sign);

		/* `now` says where it was before. */
		assert_true(difference < 0 ||
			    (difference == 0 && agents[i - 1].now < agents[i].now));
	}
}

static void test_sorting(void **state)
{
	static struct api_agent agents[1000];
	struct api_sorting sorting;
	unsigned int value = 1;

	(void)state;
	for (size_t count = 0; count <= COUNT(agents); count = count < 70 ? count + 1 : 2 * count) {
		int sign = count % 2 ? 1 : -1, parts = 0;

		for (size_t i = 0; i < count; i++) {
			value = value * 1103515245 + 12345;
			agents[i] = (struct api_agent){ .id = value / 65536 % 1000,
							.now = (time_t)i };
		}
		assert_int_equal(api_sorting_begin(&sorting, agents, count, sizeof *agents,
						   compare_tens, &sign),
				 0);
		while (!api_sorting_go_on(&sorting, 0)) /* without time it goes on, too */
			parts++;
		assert_true(count < 100 || parts > 5);
		check_sorted(agents, count, sign);
		api_sorting_clear(&sorting);
	}
}

/* ------------------------------------------------------------------ printing */

static json_t *item(int n)
{
	return json_pack("{s:i, s:s, s:[s, s]}", "id", n, "name", "w\nb\u00e9", "group", "a", "b");
}

static void check_print(int count, int failures, bool pretty)
{
	struct api_result whole = { .all = "all",
				    .some = "\"affected_items\": []",
				    .none = "none" };
	struct api_result pieces = whole;
	struct api_items items = { .pretty = pretty };
	struct api_problem problem;
	struct evbuffer *body;
	char *expected;

	for (int i = 0; i < count; i++) {
		api_result_add(&whole, item(i));
		assert_true(api_items_add(&items, item(i)));
	}
	for (int i = 0; i < failures; i++) {
		(void)api_problem_code(&problem, API_NO_AGENT, NULL);
		api_result_fail(&whole, "\"affected_items\": [", &problem);
		api_result_fail(&pieces, "\"affected_items\": [", &problem);
	}
	expected = api_result_print(&whole, pretty);
	body = api_items_print(&items, &pieces);
	assert_non_null(body);
	assert_int_equal(evbuffer_get_length(body), strlen(expected));
	assert_memory_equal(evbuffer_pullup(body, -1), expected, strlen(expected));
	free(expected);
	evbuffer_free(body);
	api_result_clear(&whole);
	api_result_clear(&pieces);
}

static void test_printing(void **state)
{
	(void)state;
	for (int count = 0; count < 4; count++)
		for (int failures = 0; failures < 3; failures++) {
			check_print(count, failures, false);
			check_print(count, failures, true);
		}
}

/* ------------------------------------------------------------------ distinct */

static void test_distinct(void **state)
{
	struct api_distinct distinct = { .count = 0 };
	json_t *first = json_pack("{s:s, s:s}", "name", "a", "ip", "b");
	json_t *second = json_pack("{s:s, s:s}", "ip", "b", "name", "a");
	json_t *third = json_pack("{s:s}", "name", "a");

	(void)state;
	assert_int_equal(api_distinct_add(&distinct, first, NULL), 0);
	assert_int_equal(api_distinct_add(&distinct, first, "name,ip"), 1);
	assert_int_equal(api_distinct_add(&distinct, second, "ip,name"), 0);
	assert_int_equal(api_distinct_add(&distinct, third, "name,ip"), 0); /* it lacks one */
	assert_int_equal(api_distinct_add(&distinct, third, "name"), 1);
	assert_int_equal(api_distinct_note(&distinct, first), 0);
	json_object_clear(third);
	assert_int_equal(api_distinct_note(&distinct, third), 1);
	assert_int_equal(api_distinct_note(&distinct, third), 0);
	json_decref(first);
	json_decref(second);
	json_decref(third);
	api_distinct_clear(&distinct);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sorting),
		cmocka_unit_test(test_printing),
		cmocka_unit_test(test_distinct),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
