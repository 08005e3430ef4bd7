/* SPDX-License-Identifier: ISC */
/* DELETE /agents */
#include "common/comma-list.h"
#include "registrar/api/collection.h"
#include "registrar/api/filter.h"
#include "registrar/api/incoming-call.h"
#include "registrar/api/repr.h"

#include <stdlib.h>
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

/* ------------------------------------------------------------------ the call */

struct removal {
	struct api_filter filter;
	struct api_collection collection;
	struct api_result result;
};

static void free_removal(void *state)
{
	struct removal *removal = state;

	api_collection_clear(&removal->collection);
	api_result_clear(&removal->result);
	free(removal);
}

/* Of those that do not pass the filters, name the ones that were asked for. */
static void fail_filtered(struct removal *removal, const struct api_query *query)
{
	char requirements[REQUIREMENTS_SIZE];
	struct api_problem not_eligible;

	describe_requirements(requirements, query);
	(void)api_problem_code(&not_eligible, API_NOT_ELIGIBLE,
			       "some of the requirements are not met -> %s", requirements);
	for (size_t i = 0; i < removal->collection.id_count; i++)
		if (removal->collection.ids[i].is_filtered)
			api_result_fail(&removal->result, removal->collection.ids[i].text,
					&not_eligible);
}

/* What was there a moment ago and is not any more is absent. */
static void add_removed(struct removal *removal, const struct removal_answer *answer)
{
	const struct api_collection *collection = &removal->collection;
	unsigned int last = 0; /* the id that was answered: several agents can have one */
	struct api_problem absent;

	for (size_t i = 0; i < collection->count; i++) {
		const struct api_agent *agent = &collection->agents[i];

		if (removal_has(answer, i)) {
			if (agent->id != last)
				api_result_add(&removal->result, json_string(agent->row->id));
			last = agent->id;
		} else if (collection->ids) {
			api_agent_is_absent(&absent, agent->row->id);
			api_result_fail(&removal->result, agent->row->id, &absent);
		}
	}
}

static void print(struct incoming_call *call, const struct removal_answer *answer)
{
	struct removal *removal = call->work.state;

	if (answer->fault == REMOVAL_OK) {
		add_removed(removal, answer);
		call->result.answer = api_result_print(&removal->result, call->input.pretty);
	} else {
		(void)api_problem_code(&call->result.problem, API_NOT_DELETED, NULL);
	}
	incoming_call_answer(call);
}

static void removed(struct incoming_call *call, struct registry_answer *answer)
{
	print(call, &answer->removal);
}

static struct removal_request *describe(const struct incoming_call *call,
					const struct api_collection *collection)
{
	const char *purge = api_query_get(&call->input.query, "purge");
	struct removal_request *request;
	size_t room = 0;

	for (size_t i = 0; i < collection->count; i++)
		room += removal_size(collection->agents[i].row->id,
				     collection->agents[i].row->name);
	request = collection->count <= REMOVAL_MAX ? removal_new(room) : NULL;
	if (!request)
		return NULL;
	api_name_user(call, &request->user);
	request->purge = purge && api_boolean_parse(purge) == 1;
	for (size_t i = 0; i < collection->count; i++)
		removal_add(request, collection->agents[i].row->id,
			    collection->agents[i].row->name);
	return request;
}

static void collected(struct incoming_call *call)
{
	static const struct removal_answer nothing = { .fault = REMOVAL_OK };
	struct removal *removal = call->work.state;
	struct api_collection *collection = &removal->collection;

	api_collection_fail_absent(collection, true, &removal->result);
	fail_filtered(removal, &call->input.query);
	if (collection->count == 0)
		print(call, &nothing);
	else
		api_ask(call, REGISTRY_REMOVE, describe(call, collection), removed);
}

void api_remove_agents(struct incoming_call *call)
{
	const char *list = api_query_get(&call->input.query, "agents_list");
	struct removal *removal = calloc(1, sizeof *removal);

	if (!removal) {
		(void)api_problem_code(&call->result.problem, API_NOT_DELETED, NULL);
		incoming_call_answer(call);
		return;
	}
	call->work = (struct call_work){ .state = removal, .free = free_removal };
	removal->result = (struct api_result){
		.all = "All selected agents were deleted",
		.some = "Some agents were not deleted",
		.none = "No agents were deleted",
	};
	if (!api_filter_read(&removal->filter, &call->input.query, USUAL_AGE,
			     &call->result.problem))
		incoming_call_answer(call);
	else
		api_collect(call, &removal->collection, comma_list_has(list, "all") ? NULL : list,
			    &removal->filter, removal->filter.wanted, collected);
}
