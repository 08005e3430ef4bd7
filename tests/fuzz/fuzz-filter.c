/* SPDX-License-Identifier: ISC */
/*
 * The filters of the API's listings: whatever the text, it is refused or can be decided about any
 * agent, and means for an agent what its parts mean. The first byte says how long the first of two
 * parts is; the second follows.
 */
#include "fuzz.h"

#include "registrar/api/expression.h"
#include "registrar/api/fields.h"
#include "registrar/api/filter.h"

#include <stdio.h>

#define TEXT_MAX 1000
#define NOW 1700000000

static const struct agent_row rows[] = {
	{ .id = "000", .name = "manager", .ip = "" },
	{ .id = "007", .name = "web-01", .ip = "10.1.2.3", .groups = "web,db" },
	{ .id = "99999999",
	  .name = "DB_2'x",
	  .ip = "2001:db8::/32",
	  .groups = "",
	  .seen = AGENT_SEEN_AT,
	  .seen_at = NOW - 60,
	  .is_added_known = true,
	  .added_at = NOW - 86400 },
	{ .id = "1024",
	  .name = "a",
	  .ip = "any",
	  .seen = AGENT_SEEN_NEVER,
	  .is_added_known = true,
	  .added_at = -1 },
};

static void check_shown(const struct api_problem *problem)
{
	HOLDS(problem->status == 400 && !strchr(problem->detail, '\n'));
}

static bool holds(const char *q, const struct api_agent *agent)
{
	return api_expression_holds(q, &api_agent_fields, (void *)(uintptr_t)agent, NOW);
}

/* A condition with "all" says nothing, so that what it is joined with decides alone. */
static void check_joined(const char *a, const char *b, const struct api_agent *agent)
{
	char both[2 * TEXT_MAX + 8];
	struct api_problem problem;
	bool neither_is_all = !strstr(a, "all") && !strstr(b, "all");

	(void)snprintf(both, sizeof both, "(%s);(%s)", a, b);
	if (!api_expression_check(both, &api_agent_fields, &problem))
		return; /* too deep */
	if (neither_is_all)
		HOLDS(holds(both, agent) == (holds(a, agent) && holds(b, agent)));
	(void)snprintf(both, sizeof both, "(%s),(%s)", a, b);
	HOLDS(api_expression_check(both, &api_agent_fields, &problem));
	if (neither_is_all)
		HOLDS(holds(both, agent) == (holds(a, agent) || holds(b, agent)));
	HOLDS(api_expression_fields(both, &api_agent_fields) ==
	      (api_expression_fields(a, &api_agent_fields) |
	       api_expression_fields(b, &api_agent_fields)));
}

static bool is_expression(const char *q)
{
	struct api_problem problem = { 0 };
	bool is_one = api_expression_check(q, &api_agent_fields, &problem);

	if (!is_one)
		check_shown(&problem);
	return is_one && q[0];
}

static void check_parameters(char *a, char *b, const struct api_agent *agent)
{
	static const char *const names[] = { "q",    "search",  "status",     "older_than",
					     "name", "version", "registerIP", "group" };
	struct api_query query = { .count = 2 };
	struct api_problem problem = { 0 };
	struct api_filter filter;

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		query.parameters[0] = (struct api_parameter){ names[i], a, NULL };
		query.parameters[1] = (struct api_parameter){ names[(i + 1) % 8], b, NULL };
		if (api_filter_read(&filter, &query, "7d", &problem))
			(void)!api_filter_matches(&filter, agent); /* either is right */
		else
			check_shown(&problem);
	}
}

/* A value of any kind, with a condition of any kind. */
static void check_conditions(const char *a, const char *b)
{
	static const char operators[] = "=!<>~";
	const struct api_value values[] = { { .kind = API_VALUE_NULL },
					    { .kind = API_VALUE_NUMBER, .number = 7 },
					    { .kind = API_VALUE_TEXT, .text = b } };

	for (size_t i = 0; i < 5 * 4 * 3; i++) {
		const struct api_condition condition = {
			.comparison = (enum api_comparison)(i / 5 % 4),
			.operator= operators[i % 5],
			.value = a,
			.length = strlen(a),
		};
		const struct api_value *value = &values[i / 20];
		struct api_problem problem = { 0 };

		if (!api_condition_check(&condition, &problem))
			check_shown(&problem);
		else if (condition.comparison != API_COMPARE_TIME ||
			 value->kind == API_VALUE_NUMBER)
			HOLDS(!api_condition_holds(&condition, value, NOW) ||
			      value->kind != API_VALUE_NULL || strcmp(a, "null") == 0);
		HOLDS((api_value_compare(value, &values[i % 3]) == 0) == (i / 20 == i % 3));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char a[TEXT_MAX + 1], b[TEXT_MAX + 1];
	bool are_expressions;
	size_t first;

	if (size < 1 || size > TEXT_MAX)
		return 0;
	first = data[0] < size - 1 ? data[0] : size - 1;
	memcpy(a, data + 1, first);
	a[first] = '\0';
	memcpy(b, data + 1 + first, size - 1 - first);
	b[size - 1 - first] = '\0';
	check_conditions(a, b);
	HOLDS(api_fields_want(a) <= AGENTS_EVERYTHING);
	are_expressions = is_expression(a);
	are_expressions = is_expression(b) && are_expressions;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct api_agent agent = api_agent_of(agent_row_copy(&rows[i]), NOW);

		check_parameters(a, b, &agent);
		if (are_expressions)
			check_joined(a, b, &agent);
		HOLDS(!api_text_has(rows[i].name, a) || api_text_has(rows[i].name, ""));
		json_decref(api_agent_describe(&agent, i % 2 ? a : NULL, true));
		free(agent.row);
	}
	return 0;
}
