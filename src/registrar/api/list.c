/* SPDX-License-Identifier: ISC */
/* GET /agents */
#include "common/cleanup.h"
#include "registrar/api/filter.h"
#include "registrar/api/incoming-call.h"
#include "registrar/api/selection.h"

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

	return read_view(view, query, problem) &&
	       api_filter_read(filter, query, "0s", &call->settings->policy->history, problem) &&
	       (!sort || read_sort(view, sort, problem));
}

/* ------------------------------------------------------------------ the order */

/* Equal agents stay in the order of their ids. */
static int compare(const void *a, const void *b, void *argument)
{
	struct api_agent *left = (struct api_agent *)a, *right = (struct api_agent *)b;
	const struct view *view = argument;
	int order = 0;

	for (size_t i = 0; order == 0 && i < view->sorts; i++) {
		const struct api_value x = api_agent_value(left, view->sort[i]),
				       y = api_agent_value(right, view->sort[i]);

		order = api_value_compare(&x, &y);
	}
	if (order == 0)
		return (left->entry->id > right->entry->id) - (left->entry->id < right->entry->id);
	return view->descending ? -order : order;
}

static void keep_matching(struct api_selection *selection, const struct api_filter *filter)
{
	size_t kept = 0;

	for (size_t i = 0; i < selection->count; i++) {
		if (api_filter_matches(filter, &selection->agents[i]))
			selection->agents[kept++] = selection->agents[i];
		else
			api_agent_clear(&selection->agents[i]);
	}
	selection->count = kept;
}

/* ------------------------------------------------------------------ the answer */

/* Has nobody before had all of these values? An agent without one of them is passed over. */
static bool is_new(json_t *seen, const json_t *item, const struct view *view)
{
	char *text;
	bool is_new;

	if (!view->select)
		return false; /* nobody has all fields */
	for (const char *at = view->select;; at++) {
		cleanup_free char *name = strndup(at, strcspn(at, ","));

		if (!name || !json_object_get(item, name))
			return false;
		at += strlen(name);
		if (*at == '\0')
			break;
	}
	text = json_dumps(item, JSON_COMPACT | JSON_SORT_KEYS);
	is_new = text && !json_object_get(seen, text);
	if (is_new)
		(void)json_object_set_new(seen, text, json_true());
	free(text);
	return is_new;
}

static void add_agents(struct api_result *result, struct api_selection *selection,
		       const struct view *view)
{
	json_t *seen = view->distinct ? json_object() : NULL;

	for (size_t i = 0; i < selection->count; i++) {
		bool is_shown = (long)result->total >= view->offset &&
				(long)result->total - view->offset < view->limit;
		json_t *item = is_shown || seen ? api_agent_describe(&selection->agents[i],
								     view->select, !seen)
						: NULL;

		if (seen && !is_new(seen, item, view)) {
			json_decref(item);
			continue;
		}
		if (is_shown)
			api_result_add(result, item);
		else
			json_decref(item);
		result->total++;
	}
	json_decref(seen);
}

void api_list_agents(struct incoming_call *call)
{
	cleanup(api_result_clear) struct api_result result = {
		.all = "All selected agents information was returned",
		.some = "Some agents information was not returned",
		.none = "No agent information was returned",
	};
	cleanup(api_selection_clear) struct api_selection selection = { .count = 0 };
	cleanup(api_filter_clear) struct api_filter filter = { .q = NULL };
	struct view view;

	if (!read_query(&view, &filter, call))
		return;
	if (api_select_agents(&selection, call, api_query_get(&call->input.query, "agents_list"),
			      &filter.knowledge, false, &result) < 0) {
		(void)api_problem_code(&call->result.problem, API_INTERNAL, NULL);
		return;
	}
	keep_matching(&selection, &filter);
	if (selection.count > 0)
		qsort_r(selection.agents, selection.count, sizeof *selection.agents, compare,
			&view);
	add_agents(&result, &selection, &view);
	call->result.answer = api_result_print(&result, call->input.pretty);
}
