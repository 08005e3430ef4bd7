/* SPDX-License-Identifier: ISC */
#include "registrar/api/filter.h"

#include "common/cleanup.h"
#include "common/comma-list.h"
#include "registrar/api/condition.h"
#include "registrar/api/expression.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Wazuh's own way to say that the age does not matter; "0" and "0m" are ages. */
#define ANY_AGE "0s"

static void read_equal(struct api_filter *filter, const struct api_query *query)
{
	static const char *const names[API_FILTERED_FIELDS_MAX] = { "manager",
								    "version",
								    "group",
								    "node_name",
								    "name",
								    "ip",
								    "registerIP",
								    "os.name",
								    "os.platform",
								    "os.version",
								    "group_config_status" };

	for (size_t i = 0; i < API_FILTERED_FIELDS_MAX; i++) {
		const char *value = api_query_get(query, names[i]);

		struct api_condition *condition = &filter->equal[filter->count];

		if (!value || !api_agent_fields.find(condition, names[i], strlen(names[i])))
			continue;
		condition->operator= '=';
		condition->value = value;
		condition->length = strlen(value);
		filter->count++;
	}
}

static unsigned int wanted_for(const struct api_filter *filter)
{
	unsigned int wanted = filter->search ? AGENTS_EVERYTHING : 0;
	unsigned int mentioned = filter->q ? api_expression_fields(filter->q, &api_agent_fields)
					   : 0;

	for (size_t i = 0; i < filter->count; i++)
		mentioned |= 1u << filter->equal[i].field;
	for (int field = 0; field <= API_FIELD_UNKNOWN; field++)
		if (mentioned & 1u << field)
			wanted |= api_field_wants((enum api_field)field);
	if (filter->statuses)
		wanted |= AGENTS_SEEN;
	if (filter->older_than >= 0)
		wanted |= AGENTS_SEEN | AGENTS_ADDED;
	return wanted;
}

bool api_filter_read(struct api_filter *ret, const struct api_query *query, const char *default_age,
		     struct api_problem *problem)
{
	const char *age = api_query_get(query, "older_than") ?: default_age;
	struct api_filter filter = {
		.statuses = api_query_get(query, "status"),
		.search = api_query_get(query, "search"),
		.older_than = strcmp(age, ANY_AGE) == 0 ? -1 : api_timeframe_parse(age),
		.q = api_query_get(query, "q"),
		.now = time(NULL),
	};

	if (filter.q && !api_expression_check(filter.q, &api_agent_fields, problem))
		return false;
	if (filter.search && filter.search[0] == '-') {
		filter.search_is_negative = true;
		filter.search++;
	}
	read_equal(&filter, query);
	filter.wanted = wanted_for(&filter);
	*ret = filter;
	return true;
}

/* ------------------------------------------------------------------ matching */

static bool fields_match(const struct api_filter *filter, const struct api_agent *agent)
{
	for (size_t i = 0; i < filter->count; i++) {
		const struct api_condition *condition = &filter->equal[i];
		const struct api_value value = api_agent_value(agent,
							       (enum api_field)condition->field);

		if (!api_condition_holds(condition, &value, filter->now))
			return false;
	}
	return true;
}

/* Is there a status besides "all", and is it the agent's? */
static bool status_matches(const struct api_filter *filter, const struct api_agent *agent)
{
	static const char *const names[] = { "active", "pending", "never_connected",
					     "disconnected" };
	const struct api_value status = api_agent_value(agent, API_FIELD_STATUS);
	bool any = false;

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (!comma_list_has(filter->statuses, names[i]))
			continue;
		if (status.kind == API_VALUE_TEXT && strcmp(status.text, names[i]) == 0)
			return true;
		any = true;
	}
	return !any;
}

/* An age that is not known is none. */
static bool is_older(const struct api_filter *filter, const struct api_agent *agent)
{
	const struct api_value status = api_agent_value(agent, API_FIELD_STATUS),
			       seen = api_agent_value(agent, API_FIELD_LAST_KEEP_ALIVE),
			       added = api_agent_value(agent, API_FIELD_DATE_ADD);
	const struct api_value *since = seen.kind == API_VALUE_NUMBER ? &seen : &added;

	return status.kind == API_VALUE_TEXT && since->kind == API_VALUE_NUMBER &&
	       since->number < filter->now - filter->older_than;
}

/*
 * A part of any field but the id, which has to be the number that is searched; a time is searched
 * as the number that it is in the database.
 */
static bool is_found(const struct api_filter *filter, const struct api_agent *agent)
{
	static const enum api_field searched[] = { API_FIELD_NAME,       API_FIELD_IP,
						   API_FIELD_STATUS,     API_FIELD_DATE_ADD,
						   API_FIELD_GROUP,      API_FIELD_LAST_KEEP_ALIVE,
						   API_FIELD_REGISTER_IP };
	char number[24];

	(void)snprintf(number, sizeof number, "%u", agent->id);
	if (api_text_is_like(number, filter->search + strspn(filter->search, "0")))
		return true;
	for (size_t i = 0; i < sizeof searched / sizeof searched[0]; i++) {
		struct api_value value = api_agent_value(agent, searched[i]);

		if (value.kind == API_VALUE_NUMBER) {
			(void)snprintf(number, sizeof number, "%lld", value.number);
			value = (struct api_value){ .kind = API_VALUE_TEXT, .text = number };
		}
		if (value.kind == API_VALUE_TEXT && api_text_has(value.text, filter->search))
			return true;
	}
	return false;
}

bool api_filter_matches(const struct api_filter *filter, const struct api_agent *agent)
{
	return fields_match(filter, agent) &&
	       (!filter->statuses || status_matches(filter, agent)) &&
	       (!filter->q ||
		api_expression_holds(filter->q, &api_agent_fields, (void *)agent, filter->now)) &&
	       (!filter->search || is_found(filter, agent) != filter->search_is_negative) &&
	       (filter->older_than < 0 || is_older(filter, agent));
}
