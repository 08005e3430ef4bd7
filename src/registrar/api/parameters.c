/* SPDX-License-Identifier: ISC */
#include "registrar/api/parameters.h"

#include "common/escape.h"

#include <limits.h>
#include <string.h>

#define SHOWN_SIZE 128

static const struct api_parameter_rule common_rules[] = {
	{ .name = "pretty", .kind = API_PARAMETER_BOOLEAN },
	{ .name = "wait_for_complete", .kind = API_PARAMETER_BOOLEAN },
	{ .name = NULL },
};

const struct api_parameter_rule api_no_parameters[] = {
	{ .name = NULL },
};

static const struct api_parameter_rule *find_rule(const struct api_parameter_rule *rules,
						  const char *name)
{
	for (; rules->name; rules++)
		if (strcmp(rules->name, name) == 0)
			return rules;
	return NULL;
}

static bool is_list_of_ids(const char *text, bool or_all)
{
	size_t digits;

	if (or_all && strcmp(text, "all") == 0)
		return true;
	do {
		digits = strspn(text, "0123456789");
		if (digits == 0 || digits > 10)
			return false;
		text += digits;
	} while (*text++ == ',');
	return text[-1] == '\0';
}

static bool has_wrong_type(const char *type, const struct api_parameter *parameter,
			   struct api_problem *problem)
{
	return api_problem_set(problem, 400, "Bad Request",
			       "Wrong type, expected '%s' for query parameter '%s'", type,
			       parameter->name);
}

static bool is_no(const char *format, const struct api_parameter *parameter,
		  struct api_problem *problem)
{
	char shown[SHOWN_SIZE];

	return api_problem_set(problem, 400, "Bad Request",
			       "Error validating query parameter '%s': '%s' is not a '%s'",
			       parameter->name,
			       escape_string(shown, sizeof shown, parameter->value), format);
}

static bool is_good(const struct api_parameter *parameter, enum api_parameter_kind kind,
		    struct api_problem *problem)
{
	const char *value = parameter->value;

	/* "?pretty" is what people type. */
	if (strcmp(parameter->name, "pretty") == 0 && value[0] == '\0')
		return true;
	switch (kind) {
	case API_PARAMETER_BOOLEAN:
		return api_boolean_parse(value) >= 0 ||
		       has_wrong_type("boolean", parameter, problem);
	case API_PARAMETER_NUMBER:
		return api_number_parse(value, INT_MAX) >= 0 ||
		       has_wrong_type("integer", parameter, problem);
	case API_PARAMETER_TIMEFRAME:
		return api_timeframe_parse(value) >= 0 || is_no("timeframe", parameter, problem);
	case API_PARAMETER_IDS:
		return is_list_of_ids(value, false) || is_no("numbers", parameter, problem);
	case API_PARAMETER_ALL_IDS:
		return is_list_of_ids(value, true) || is_no("numbers_or_all", parameter, problem);
	case API_PARAMETER_UNKNOWN:
		return api_problem_set(problem, 400, "Bad Request",
				       "Query parameter '%s' is not served by agent-registrar, "
				       "which does not know what it asks for",
				       parameter->name);
	case API_PARAMETER_TEXT:
		break;
	}
	return value[0] != '\0' || is_no("text", parameter, problem);
}

bool api_parameters_are_good(const struct api_query *query, const struct api_parameter_rule *rules,
			     struct api_problem *problem)
{
	char shown[SHOWN_SIZE];

	for (size_t i = 0; i < query->count; i++) {
		const struct api_parameter *parameter = &query->parameters[i];
		const struct api_parameter_rule *rule = find_rule(rules, parameter->name);

		rule = rule ?: find_rule(common_rules, parameter->name);
		if (!rule)
			return api_problem_set(problem, 400, "Bad Request",
					       "Extra query parameter(s) %s not in spec",
					       escape_string(shown, sizeof shown, parameter->name));
		if (!is_good(parameter, rule->kind, problem))
			return false;
	}
	for (; rules->name; rules++)
		if (rules->required && !api_query_get(query, rules->name))
			return api_problem_set(problem, 400, "Bad Request",
					       "Missing query parameter '%s'", rules->name);
	return true;
}
