/* SPDX-License-Identifier: ISC */
/* GET /agents */
#include "registrar/api/collection.h"
#include "registrar/api/distinct.h"
#include "registrar/api/filter.h"
#include "registrar/api/incoming-call.h"
#include "registrar/api/sorting.h"

#include <stdlib.h>
#include <string.h>

#define LIMIT_USUAL 500
#define SORT_MAX 25 /* fields to sort by; more make no difference */

static const char *const statuses[] = { "active", "pending", "never_connected", "disconnected",
					NULL };
static const char *const synced[] = { "synced", "not synced", NULL };

const struct api_parameter_rule api_list_parameters[] = {
	API_COMMON_PARAMETERS,
	{ .name = "agents_list",
	  .kind = API_PARAMETER_NUMBERS,
	  .is_list = true,
	  .shortest = 3,
	  .schema = API_SCHEMA_AGENT },
	API_PAGE_PARAMETERS,
	{ .name = "select",
	  .kind = API_PARAMETER_NAMES,
	  .is_list = true,
	  .schema = "{'format': 'names', 'type': 'string'}" },
	API_ORDER_PARAMETERS,
	{ .name = "status",
	  .kind = API_PARAMETER_WORD,
	  .words = statuses,
	  .is_list = true,
	  .schema = "{'enum': ['active', 'pending', 'never_connected', "
		    "'disconnected'], 'type': 'string'}" },
	{ .name = "q", .kind = API_PARAMETER_TEXT },
	{ .name = "older_than",
	  .kind = API_PARAMETER_TIMEFRAME,
	  .schema = "{'format': 'timeframe', 'type': 'string'}" },
	API_FILTER_PARAMETERS,
	{ .name = "group_config_status",
	  .kind = API_PARAMETER_WORD,
	  .words = synced,
	  .schema = "{'enum': ['synced', 'not synced'], 'type': 'string'}" },
	{ .name = "distinct", .kind = API_PARAMETER_BOOLEAN, .schema = API_FALSE_BY_DEFAULT },
	{ .name = NULL },
};

/* ------------------------------------------------------------------ what to show */

/* What to show of the agents that match. */
struct view {
	long offset, limit;
	const char *select; /* null: all fields */
	enum api_field sort[SORT_MAX];
	size_t sorts;
	bool descending, distinct;
};

/* The names in the list that no field has, with ", " between them; empty: none. */
static void name_unknown(char *ret, size_t size, const char *list)
{
	ret[0] = '\0';
	for (;; list++) {
		size_t length = strcspn(list, ","), used = strlen(ret);
		enum api_field field;

		if (!api_field_find(&field, list, length))
			(void)snprintf(ret + used, size - used, "%s%.*s", used > 0 ? ", " : "",
				       (int)length, list);
		list += length;
		if (*list == '\0')
			return;
	}
}

static bool check_fields(const char *list, const char *what, enum api_code code,
			 struct api_problem *problem)
{
	char unknown[1024];
	enum api_field field;

	name_unknown(unknown, sizeof unknown, list);
	/* A single empty name is unknown, too. */
	return (!unknown[0] && (list[0] || api_field_find(&field, list, 0))) ||
	       api_problem_code(problem, code, "Allowed %s fields: %s. Fields: %s", what,
				api_field_names, unknown);
}

/* "+name", "-id,name": one order for all. */
static bool read_sort(struct view *view, const char *sort, struct api_problem *problem)
{
	view->descending = sort[0] == '-';
	sort += sort[0] == '-' || sort[0] == '+';
	if (!check_fields(sort, "sort", API_SORT_FIELD, problem))
		return false;
	for (;; sort++) {
		size_t length = strcspn(sort, ",");

		if (view->sorts < SORT_MAX)
			(void)api_field_find(&view->sort[view->sorts++], sort, length);
		sort += length;
		if (*sort == '\0')
			return true;
	}
}

static bool read_view(struct view *ret, const struct api_query *query, struct api_problem *problem)
{
	const char *offset = api_query_get(query, "offset"), *limit = api_query_get(query, "limit"),
		   *distinct = api_query_get(query, "distinct");
	struct view view = {
		.limit = LIMIT_USUAL,
		.select = api_query_get(query, "select"),
		.distinct = distinct && api_boolean_parse(distinct) == 1,
	};

	if (offset)
		(void)api_integer_parse(offset, &view.offset);
	if (limit)
		(void)api_integer_parse(limit, &view.limit);
	if (view.select && !check_fields(view.select, "select", API_SELECT_FIELD, problem))
		return false;
	*ret = view;
	return true;
}

/* In the order in which Wazuh builds its query, which decides what is refused first. */
static bool read_query(struct view *view, struct api_filter *filter, struct incoming_call *call)
{
	const struct api_query *query = &call->input.query;
	struct api_problem *problem = &call->result.problem;
	const char *sort = api_query_get(query, "sort");

	return read_view(view, query, problem) && api_filter_read(filter, query, "0s", problem) &&
	       (!sort || read_sort(view, sort, problem));
}

/* ------------------------------------------------------------------ a listing */

/* Its steps: collecting, sorting, looking up what is only shown, printing. */
struct listing {
	struct incoming_call *call;
	struct api_filter filter;
	struct view view;
	struct api_collection collection;
	struct turn turn;
	struct api_sorting sorting;
	size_t detailing,
		detailed; /* agents: from the one up to the other, which is not included */
	size_t matched;   /* the agent behind the last of which something was looked up */
	size_t printed;   /* agents, shown or not */
	struct api_distinct distinct;
	struct api_result result;
	struct api_items items;
};

static void free_listing(void *state)
{
	struct listing *listing = state;

	turn_cancel(&listing->turn);
	api_sorting_clear(&listing->sorting);
	api_collection_clear(&listing->collection);
	api_distinct_clear(&listing->distinct);
	api_items_clear(&listing->items);
	api_result_clear(&listing->result);
	free(listing);
}

/* Do this next, in a turn of its own. */
static void go_on_with(struct listing *listing, void (*step)(void *listing))
{
	listing->turn = (struct turn){ .run = step, .owner = listing };
	turn_wait(listing->call->api->turns, &listing->turn);
}

static void fail(struct listing *listing)
{
	(void)api_problem_code(&listing->call->result.problem, API_INTERNAL, NULL);
	incoming_call_answer(listing->call);
}

/* ------------------------------------------------------------------ printing */

static bool is_shown(const struct listing *listing)
{
	const struct view *view = &listing->view;
	long position = (long)listing->result.total;

	return position >= view->offset && position - view->offset < view->limit;
}

/* False: out of memory. */
static bool print_one(struct listing *listing, const struct api_agent *agent)
{
	const struct view *view = &listing->view;
	json_t *item = view->distinct || is_shown(listing)
			       ? api_agent_describe(agent, view->select, !view->distinct)
			       : NULL;
	int is_new = view->distinct ? api_distinct_add(&listing->distinct, item, view->select) : 1;
	bool is_added = true;

	if (is_new == 1 && is_shown(listing))
		is_added = api_items_add(&listing->items, json_incref(item));
	json_decref(item);
	listing->result.total += is_new == 1;
	return is_added && is_new >= 0;
}

static void finish(struct listing *listing)
{
	struct incoming_call *call = listing->call;

	call->result.body = api_items_print(&listing->items, &listing->result);
	if (call->result.body)
		incoming_call_answer(call);
	else
		fail(listing);
}

static void print(void *state)
{
	struct listing *listing = state;
	struct api_collection *collection = &listing->collection;
	uint64_t end = turn_end();

	while (listing->printed < collection->count && monotonic_usec() < end) {
		struct api_agent *agent = &collection->agents[listing->printed++];
		bool is_printed = print_one(listing, agent);

		free(agent->row); /* now, because freeing all at once takes long, too */
		agent->row = NULL;
		if (!is_printed) {
			fail(listing);
			return;
		}
	}
	if (listing->printed < collection->count)
		go_on_with(listing, print);
	else
		finish(listing);
}

/* ------------------------------------------------------------------ what is only shown */

static unsigned int wanted_to_show(const struct view *view)
{
	return view->select ? api_fields_want(view->select) : AGENTS_EVERYTHING;
}

static size_t end_of_shown(const struct listing *listing)
{
	const struct view *view = &listing->view;
	size_t rest = listing->collection.count;

	if ((unsigned long)view->offset >= rest)
		return 0;
	rest -= (size_t)view->offset;
	return (size_t)view->offset +
	       ((unsigned long)view->limit < rest ? (size_t)view->limit : rest);
}

/*
 * The agent of those that were asked about whose row this is. They come in the order in which they
 * were asked for; a file of somebody else's can have an agent twice. Null: none any more.
 */
static struct api_agent *find_asked(struct listing *listing, const struct agent_row *row)
{
	size_t count = listing->detailed - listing->detailing;

	for (size_t n = 0; n < count; n++) {
		size_t i = listing->detailing + (listing->matched - listing->detailing + n) % count;
		struct api_agent *agent = &listing->collection.agents[i];

		if (strcmp(agent->row->id, row->id) != 0 ||
		    strcmp(agent->row->name, row->name) != 0)
			continue;
		listing->matched = i + 1;
		return agent;
	}
	return NULL;
}

static void take_details(struct listing *listing, struct agent_row *row)
{
	struct api_agent *agent = find_asked(listing, row);

	if (!agent) {
		free(row);
		return;
	}
	free(agent->row);
	*agent = api_agent_of(row, listing->filter.now);
}

static void ask_details(struct listing *listing, uint64_t from);

static void got_details(struct incoming_call *call, struct registry_answer *answer)
{
	struct listing *listing = call->work.state;
	struct agents_page *page = &answer->agents;
	struct agent_row *row;

	if (page->fault != LISTING_OK) {
		fail(listing);
		return;
	}
	while ((row = page->rows)) {
		page->rows = row->next;
		take_details(listing, row);
	}
	ask_details(listing, page->next);
}

/* For the next page about the same agents, or about those behind them. */
static void ask_details(struct listing *listing, uint64_t from)
{
	const struct api_agent *agents = listing->collection.agents;
	size_t end = end_of_shown(listing);
	struct agents_request *request;

	if (from == 0)
		listing->matched = listing->detailing = listing->detailed;
	if (from == 0 && listing->detailing >= end) {
		go_on_with(listing, print);
		return;
	}
	request = calloc(1, sizeof *request);
	if (request) {
		request->wanted = wanted_to_show(&listing->view) | listing->collection.wanted;
		request->from = from;
		for (size_t i = listing->detailing; i < end && request->count < AGENTS_IDS_MAX; i++)
			api_copy_id(request->ids[request->count++], agents[i].row->id);
		listing->detailed = listing->detailing + request->count;
	}
	api_ask_agents(listing->call, request, got_details);
}

static void look_up_details(struct listing *listing)
{
	if (listing->view.distinct ||
	    !(wanted_to_show(&listing->view) & ~listing->collection.wanted)) {
		go_on_with(listing, print);
		return;
	}
	listing->detailed = (size_t)listing->view.offset;
	ask_details(listing, 0);
}

/* ------------------------------------------------------------------ the order */

/* Equal agents stay in the order of their ids. */
static int compare(const void *a, const void *b, const void *order)
{
	const struct api_agent *left = a, *right = b;
	const struct view *view = order;
	int difference = 0;

	for (size_t i = 0; difference == 0 && i < view->sorts; i++) {
		const struct api_value x = api_agent_value(left, view->sort[i]),
				       y = api_agent_value(right, view->sort[i]);

		difference = api_value_compare(&x, &y);
	}
	return view->descending ? -difference : difference;
}

static void sort(void *state)
{
	struct listing *listing = state;

	if (api_sorting_go_on(&listing->sorting, turn_end()))
		look_up_details(listing);
	else
		go_on_with(listing, sort);
}

static void collected(struct incoming_call *call)
{
	struct listing *listing = call->work.state;
	struct api_collection *collection = &listing->collection;

	api_collection_fail_absent(collection, false, &listing->result);
	if (listing->view.sorts == 0)
		look_up_details(listing);
	else if (api_sorting_begin(&listing->sorting, collection->agents, collection->count,
				   sizeof *collection->agents, compare, &listing->view) < 0)
		fail(listing);
	else
		go_on_with(listing, sort);
}

/* ------------------------------------------------------------------ the call */

static unsigned int wanted_to_choose(const struct listing *listing)
{
	const struct view *view = &listing->view;
	unsigned int wanted = listing->filter.wanted;

	for (size_t i = 0; i < view->sorts; i++)
		wanted |= api_field_wants(view->sort[i]);
	if (view->distinct && view->select)
		wanted |= api_fields_want(view->select);
	return wanted;
}

void api_list_agents(struct incoming_call *call)
{
	struct listing *listing = calloc(1, sizeof *listing);

	if (!listing) {
		(void)api_problem_code(&call->result.problem, API_INTERNAL, NULL);
		incoming_call_answer(call);
		return;
	}
	call->work = (struct call_work){ .state = listing, .free = free_listing };
	listing->call = call;
	listing->items.pretty = call->input.pretty;
	listing->result = (struct api_result){
		.all = "All selected agents information was returned",
		.some = "Some agents information was not returned",
		.none = "No agent information was returned",
	};
	if (read_query(&listing->view, &listing->filter, call))
		api_collect(call, &listing->collection,
			    api_query_get(&call->input.query, "agents_list"), &listing->filter,
			    wanted_to_choose(listing), collected);
	else
		incoming_call_answer(call);
}
