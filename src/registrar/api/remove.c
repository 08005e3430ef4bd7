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

/* Its steps: collecting, naming those who go, having them removed, printing. */
struct removal {
	struct incoming_call *call;
	struct api_filter filter;
	struct api_collection collection;
	struct turn turn;
	struct event *waiting; /* the client waits for the registry, and is not late itself */
	struct removal_request *request; /* while they are named */
	struct removal_answer answer;
	size_t named, printed; /* agents */
	unsigned int last;     /* the id that was printed: several agents can have one */
	struct api_result result;
	struct api_items items;
};

static void free_removal(void *state)
{
	struct removal *removal = state;

	turn_cancel(&removal->turn);
	if (removal->waiting)
		event_free(removal->waiting);
	api_collection_clear(&removal->collection);
	api_result_clear(&removal->result);
	api_items_clear(&removal->items);
	free(removal->request);
	free(removal->answer.removed);
	free(removal);
}

/* Do this next, in a turn of its own. */
static void go_on_with(struct removal *removal, void (*step)(void *removal))
{
	removal->turn = (struct turn){ .run = step, .owner = removal };
	turn_wait(removal->call->api->turns, &removal->turn);
}

static void fail(struct removal *removal)
{
	(void)api_problem_code(&removal->call->result.problem, API_NOT_DELETED, NULL);
	incoming_call_answer(removal->call);
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

/* ------------------------------------------------------------------ the answer */

/* What was there a moment ago and is not any more is absent. False: out of memory. */
static bool print_one(struct removal *removal, size_t number)
{
	const struct api_agent *agent = &removal->collection.agents[number];
	struct api_problem absent;
	bool is_printed = true;

	if (removal_has(&removal->answer, number)) {
		if (agent->id != removal->last)
			is_printed = api_items_add(&removal->items, json_string(agent->row->id));
		removal->last = agent->id;
	} else if (removal->collection.ids) {
		api_agent_is_absent(&absent, agent->row->id);
		api_result_fail(&removal->result, agent->row->id, &absent);
	}
	return is_printed;
}

static void finish(struct removal *removal)
{
	struct incoming_call *call = removal->call;

	call->result.body = api_items_print(&removal->items, &removal->result);
	if (call->result.body)
		incoming_call_answer(call);
	else
		fail(removal);
}

static void print(void *state)
{
	struct removal *removal = state;
	struct api_collection *collection = &removal->collection;
	uint64_t end = turn_end();

	while (removal->printed < collection->count && monotonic_usec() < end) {
		struct api_agent *agent = &collection->agents[removal->printed];
		bool is_printed = print_one(removal, removal->printed++);

		free(agent->row); /* now, because freeing all at once takes long, too */
		agent->row = NULL;
		if (!is_printed) {
			fail(removal);
			return;
		}
	}
	if (removal->printed < collection->count)
		go_on_with(removal, print);
	else
		finish(removal);
}

/* ------------------------------------------------------------------ who goes */

static void removed(struct incoming_call *call, struct registry_answer *answer)
{
	struct removal *removal = call->work.state;

	if (answer->removal.fault != REMOVAL_OK) {
		fail(removal);
		return;
	}
	removal->answer = answer->removal;
	answer->removal.removed = NULL;
	if (removal->waiting)
		event_free(removal->waiting);
	removal->waiting = NULL;
	api_exchange_extend(call->exchange);
	go_on_with(removal, print);
}

static void on_waiting(evutil_socket_t fd, short what, void *argument)
{
	struct removal *removal = argument;

	(void)fd, (void)what;
	api_exchange_extend(removal->call->exchange);
}

static void ask(struct removal *removal)
{
	static const struct timeval interval = { .tv_usec = 500 * 1000 };
	struct incoming_call *call = removal->call;
	struct removal_request *request = removal->request;

	removal->request = NULL;
	removal->waiting = event_new(call->api->base, -1, EV_PERSIST, on_waiting, removal);
	if (removal->waiting)
		(void)event_add(removal->waiting, &interval);
	api_exchange_extend(call->exchange);
	api_ask(call, REGISTRY_REMOVE, request, removed);
}

static void name_agents(void *state)
{
	struct removal *removal = state;
	const struct api_collection *collection = &removal->collection;
	struct removal_request *request = removal->request;
	uint64_t end = turn_end();

	while (removal->named < collection->count && monotonic_usec() < end) {
		const struct agent_row *row = collection->agents[removal->named++].row;

		removal_add(request, row->id, row->name);
	}
	if (removal->named < collection->count)
		go_on_with(removal, name_agents);
	else
		ask(removal);
}

/* Room for as many agents with the longest ids and names; what is not used costs nothing. */
static void begin_naming(struct removal *removal)
{
	const struct api_collection *collection = &removal->collection;
	const char *purge = api_query_get(&removal->call->input.query, "purge");
	struct removal_request *request = NULL;

	if (collection->count <= REMOVAL_MAX)
		request = removal_new(collection->count * REMOVAL_AGENT_MOST);
	if (!request) {
		fail(removal);
		return;
	}
	api_name_user(removal->call, &request->user);
	request->purge = purge && api_boolean_parse(purge) == 1;
	removal->request = request;
	name_agents(removal);
}

static void collected(struct incoming_call *call)
{
	struct removal *removal = call->work.state;

	api_collection_fail_absent(&removal->collection, true, &removal->result);
	fail_filtered(removal, &call->input.query);
	if (removal->collection.count == 0)
		finish(removal);
	else
		begin_naming(removal);
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
	removal->call = call;
	removal->items.pretty = call->input.pretty;
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
