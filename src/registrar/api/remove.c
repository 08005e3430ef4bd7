/* SPDX-License-Identifier: ISC */
/* DELETE /agents */
#include "common/cleanup.h"
#include "registrar/agents/groups.h"
#include "registrar/api/filter.h"
#include "registrar/api/incoming-call.h"
#include "registrar/api/repr.h"
#include "registrar/api/selection.h"
#include "registrar/enrollment/tombstone.h"

#include <string.h>

#define USUAL_AGE "7d" /* younger agents are removed only when older_than says so */
#define REQUIREMENTS_SIZE 2048

static const char *const statuses[] = { "all",          "active", "pending", "never_connected",
					"disconnected", NULL };

const struct api_parameter_rule api_remove_parameters[] = {
	API_COMMON_PARAMETERS,
	{ .name = "agents_list",
	  .kind = API_PARAMETER_NUMBERS_OR_ALL,
	  .is_list = true,
	  .required = true,
	  .shortest = 3,
	  .schema = "{'description': 'Agent ID|all', 'format': 'numbers_or_all', "
		    "'minLength': 3, 'type': 'string'}" },
	{ .name = "purge", .kind = API_PARAMETER_BOOLEAN, .schema = API_FALSE_BY_DEFAULT },
	{ .name = "status",
	  .kind = API_PARAMETER_WORD,
	  .words = statuses,
	  .is_list = true,
	  .required = true,
	  .schema = "{'enum': ['all', 'active', 'pending', "
		    "'never_connected', 'disconnected'], 'type': 'string'}" },
	{ .name = "older_than",
	  .kind = API_PARAMETER_TIMEFRAME,
	  .schema = "{'default': '7d', 'format': 'timeframe', 'type': 'string'}" },
	{ .name = "q", .kind = API_PARAMETER_TEXT },
	API_FILTER_PARAMETERS,
	{ .name = NULL },
};

/* "status: ['all'], older_than: 7d, name: web": all filters of the query, in Wazuh's order. */
static void describe_requirements(char *ret, const struct api_query *query)
{
	static const char *const names[] = { "manager", "version",     "group",      "node_name",
					     "name",    "ip",          "registerIP", "os.version",
					     "os.name", "os.platform", "q" };
	const char *status = api_query_get(query, "status");
	size_t used = 0;

	for (const char *at = status;; at++) {
		size_t length = strcspn(at, ",");

		used += (size_t)snprintf(ret + used, REQUIREMENTS_SIZE - used, "%s'%.*s'",
					 at == status ? "status: [" : ", ", (int)length, at);
		at += length;
		if (*at == '\0' || used >= REQUIREMENTS_SIZE / 2)
			break;
	}
	used += (size_t)snprintf(ret + used, REQUIREMENTS_SIZE - used, "], older_than: %s",
				 api_query_get(query, "older_than") ?: USUAL_AGE);
	for (size_t i = 0; i < sizeof names / sizeof names[0] && used < REQUIREMENTS_SIZE; i++) {
		const char *value = api_query_get(query, names[i]);

		if (value && value[0])
			used += (size_t)snprintf(ret + used, REQUIREMENTS_SIZE - used, ", %s: %s",
						 names[i], value);
	}
	api_utf8_trim(ret);
}

static enum roster_tombstone tombstone_of(const struct incoming_call *call)
{
	const char *purge = api_query_get(&call->input.query, "purge");

	if (purge && api_boolean_parse(purge) == 1)
		return ROSTER_TOMBSTONE_NOTHING;
	return dialect_tombstone(call->settings->policy->dialect);
}

static void remove_one(struct incoming_call *call, const struct roster_entry *entry)
{
	struct api_removed *removed = &call->changes.removed[call->changes.removed_count++];

	(void)snprintf(removed->id, sizeof removed->id, "%s", entry->id_text);
	(void)snprintf(removed->name, sizeof removed->name, "%s", entry->name);
	roster_remove(call->settings->roster, entry, tombstone_of(call));
	call->changes.on_failure = API_NOT_DELETED;
}

/* Remove those that match; of those that do not, tell the ones that were named. */
static void remove_matching(struct incoming_call *call, struct api_selection *selection,
			    const struct api_filter *filter, bool are_named,
			    struct api_result *result)
{
	char requirements[REQUIREMENTS_SIZE];
	struct api_problem not_eligible;
	unsigned int last = 0; /* the id that was answered: several agents can have one */

	describe_requirements(requirements, &call->input.query);
	(void)api_problem_code(&not_eligible, API_NOT_ELIGIBLE,
			       "some of the requirements are not met -> %s", requirements);
	for (size_t i = 0; i < selection->count; i++) {
		const struct roster_entry *entry = selection->agents[i].entry;

		if (!api_filter_matches(filter, &selection->agents[i])) {
			if (are_named)
				api_result_fail(result, entry->id_text, &not_eligible);
			continue;
		}
		if (entry->id != last)
			api_result_add(result, json_string(entry->id_text));
		last = entry->id;
		remove_one(call, entry);
	}
}

void api_remove_agents(struct incoming_call *call)
{
	cleanup(api_result_clear) struct api_result result = {
		.all = "All selected agents were deleted",
		.some = "Some agents were not deleted",
		.none = "No agents were deleted",
	};
	cleanup(api_selection_clear) struct api_selection selection = { .count = 0 };
	cleanup(api_filter_clear) struct api_filter filter = { .q = NULL };
	const char *list = api_query_get(&call->input.query, "agents_list");

	if (!api_filter_read(&filter, &call->input.query, USUAL_AGE,
			     &call->settings->policy->history, &call->result.problem))
		return;
	if (agent_groups_have(list, "all"))
		list = NULL;
	if (api_select_agents(&selection, call, list, &filter.knowledge, true, &result) < 0 ||
	    !(call->changes.removed = calloc(selection.count + 1, sizeof *call->changes.removed))) {
		(void)api_problem_code(&call->result.problem, API_NOT_DELETED, NULL);
		return;
	}
	remove_matching(call, &selection, &filter, list != NULL, &result);
	call->result.answer = api_result_print(&result, call->input.pretty);
}
