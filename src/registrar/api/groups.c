/* SPDX-License-Identifier: ISC */
/* The calls that put agents into groups and list the groups. */
#include "common/cleanup.h"
#include "common/comma-list.h"
#include "registrar/api/collection.h"
#include "registrar/api/expression.h"
#include "registrar/api/incoming-call.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ------------------------------------------------------------------ PUT /agents/ID/group/GROUP */

/* What is wrong with the agent; of the group it has been said before. */
static void explain(struct api_problem *ret, enum join_fault fault, const char *id)
{
	switch (fault) {
	case JOIN_AGENT_ABSENT:
		api_agent_is_absent(ret, id);
		break;
	case JOIN_MEMBER:
		(void)api_problem_code(ret, API_HAS_GROUP, NULL);
		break;
	case JOIN_LIMIT:
		(void)api_problem_code(ret, API_TOO_MANY_GROUPS, NULL);
		break;
	default:
		(void)api_problem_code(ret, API_INTERNAL, NULL);
		break;
	}
}

static char *print_joined(const struct incoming_call *call, enum join_fault fault, bool alone)
{
	const char *id = call->input.path.segments[1], *group = call->input.path.segments[3];
	char all[512], some[512], none[512];
	cleanup(api_result_clear) struct api_result result = { .all = all,
							       .some = some,
							       .none = none };
	struct api_problem problem;

	(void)snprintf(all, sizeof all, "All selected agents were assigned to %s%s", group,
		       alone ? " and removed from the other groups" : "");
	(void)snprintf(some, sizeof some, "Some agents were not assigned to %s%s", group,
		       alone ? " and removed from the other groups" : "");
	(void)snprintf(none, sizeof none, "No agents were assigned to %s", group);
	if (fault == JOIN_OK) {
		api_result_add(&result, json_string(id));
	} else {
		explain(&problem, fault, id);
		api_result_fail(&result, id, &problem);
	}
	return api_result_print(&result, call->input.pretty);
}

static bool is_alone(const struct incoming_call *call)
{
	const char *force = api_query_get(&call->input.query, "force_single_group");

	return force && api_boolean_parse(force) == 1;
}

static void joined(struct incoming_call *call, struct registry_answer *answer)
{
	enum join_fault fault = answer->join.fault;

	if (fault == JOIN_NAME)
		(void)api_problem_code(&call->result.problem, API_GROUP_FORMAT, NULL);
	else if (fault == JOIN_GROUP_ABSENT)
		(void)api_problem_code(&call->result.problem, API_NO_GROUP, NULL);
	else
		call->result.answer = print_joined(call, fault, is_alone(call));
	incoming_call_answer(call);
}

static void put_group(struct incoming_call *call)
{
	const char *group = call->input.path.segments[3];
	struct join_request *request = calloc(1, sizeof *request);

	if (request) {
		api_name_user(call, &request->user);
		api_copy_id(request->id, call->input.path.segments[1]);
		request->alone = is_alone(call);
		/* One that is longer is no name of a group, and neither is an empty one. */
		if (strlen(group) <= GROUP_NAME_MAX)
			(void)snprintf(request->group, sizeof request->group, "%s", group);
	}
	api_ask(call, REGISTRY_JOIN, request, joined);
}

/* ------------------------------------------------------------------ GET /groups */

enum group_field { GROUP_NAME, GROUP_COUNT, GROUP_MERGED_SUM, GROUP_CONFIG_SUM, GROUP_FIELDS };

static const char *const field_names[GROUP_FIELDS] = {
	[GROUP_NAME] = "name",
	[GROUP_COUNT] = "count",
	[GROUP_MERGED_SUM] = "mergedSum",
	[GROUP_CONFIG_SUM] = "configSum",
};

static bool find_field(struct api_condition *condition, const char *name, size_t length)
{
	for (int i = 0; i < GROUP_FIELDS; i++) {
		if (strlen(field_names[i]) != length || memcmp(field_names[i], name, length) != 0)
			continue;
		condition->field = i;
		condition->comparison = i == GROUP_COUNT ? API_COMPARE_PLAIN : API_COMPARE_LITERAL;
		return true;
	}
	return false;
}

static struct api_value value_of(void *owner, int field)
{
	const struct group_row *group = owner;
	const char *text = field == GROUP_NAME         ? group->name
			   : field == GROUP_MERGED_SUM ? group->merged_sum
						       : group->config_sum;

	if (field == GROUP_COUNT)
		return (struct api_value){ .kind = API_VALUE_NUMBER,
					   .number = (long long)group->count };
	return (struct api_value){ .kind = text[0] ? API_VALUE_TEXT : API_VALUE_NULL,
				   .text = text };
}

static const struct api_field_set group_fields = {
	.names = "configSum, count, mergedSum, name",
	.find = find_field,
	.value = value_of,
};

/* Those that the registry has listed. */
struct group_list {
	struct group_row *groups;
	size_t count, room;
};

static bool has_group(const struct group_list *groups, const char *name)
{
	for (size_t i = 0; i < groups->count; i++)
		if (strcmp(groups->groups[i].name, name) == 0)
			return true;
	return false;
}

/* What to show of the groups. */
struct group_view {
	const char *list, *q, *search, *select; /* null: not asked for */
	bool search_is_negative, descending, distinct;
	long offset, limit;
	int sort[GROUP_FIELDS];
	size_t sorts;
};

/* A call on its way. */
struct group_listing {
	struct group_view view;
	struct group_list groups;
};

/* Are all names of the list those of fields? */
static bool check_group_fields(const char *list, enum api_code code, struct group_view *sorted,
			       struct api_problem *problem)
{
	struct api_condition condition;

	for (const char *at = list;; at++) {
		size_t length = strcspn(at, ",");

		if (!find_field(&condition, at, length))
			return api_problem_code(problem, code, "%.*s", (int)length, at);
		if (sorted && sorted->sorts < GROUP_FIELDS)
			sorted->sort[sorted->sorts++] = condition.field;
		at += length;
		if (*at == '\0')
			return true;
	}
}

static bool read_group_view(struct group_view *ret, const struct api_query *query,
			    struct api_problem *problem)
{
	const char *sort = api_query_get(query, "sort") ?: "name",
		   *offset = api_query_get(query, "offset"), *limit = api_query_get(query, "limit"),
		   *distinct = api_query_get(query, "distinct");
	struct group_view view = {
		.list = api_query_get(query, "groups_list"),
		.q = api_query_get(query, "q"),
		.search = api_query_get(query, "search"),
		.select = api_query_get(query, "select"),
		.descending = sort[0] == '-',
		.distinct = distinct && api_boolean_parse(distinct) == 1,
		.limit = 500,
	};

	if (offset)
		(void)api_integer_parse(offset, &view.offset);
	if (limit)
		(void)api_integer_parse(limit, &view.limit);
	if (view.search && view.search[0] == '-') {
		view.search_is_negative = true;
		view.search++;
	}
	sort += sort[0] == '-' || sort[0] == '+';
	if (!check_group_fields(sort, API_SORT_FIELD, &view, problem) ||
	    (view.select && !check_group_fields(view.select, API_SELECT_FIELD, NULL, problem)) ||
	    (view.q && !api_expression_check(view.q, &group_fields, problem)))
		return false;
	*ret = view;
	return true;
}

static bool is_found(const struct group_view *view, const struct group_row *group)
{
	char count[24];

	(void)snprintf(count, sizeof count, "%u", group->count);
	return strcasestr(group->name, view->search) || strcasestr(count, view->search) ||
	       strcasestr(group->merged_sum, view->search) ||
	       strcasestr(group->config_sum, view->search);
}

static bool is_shown(const struct group_view *view, struct group_row *group)
{
	return (!view->list || comma_list_has(view->list, group->name)) &&
	       (!view->search || is_found(view, group) != view->search_is_negative) &&
	       (!view->q || api_expression_holds(view->q, &group_fields, group, 0));
}

static int compare_groups(const void *a, const void *b, void *argument)
{
	const struct group_view *view = argument;
	int order = 0;

	for (size_t i = 0; order == 0 && i < view->sorts; i++) {
		const struct api_value x = value_of((void *)a, view->sort[i]),
				       y = value_of((void *)b, view->sort[i]);

		order = x.kind == API_VALUE_TEXT && y.kind == API_VALUE_TEXT
				? strcasecmp(x.text, y.text)
				: api_value_compare(&x, &y);
	}
	return view->descending ? -order : order;
}

static json_t *describe_group(struct group_row *group, const struct group_view *view)
{
	json_t *object = json_object();

	for (int i = 0; i < GROUP_FIELDS; i++) {
		struct api_value value = value_of(group, i);
		bool is_wanted = !view->select || comma_list_has(view->select, field_names[i]) ||
				 (i == GROUP_NAME && !view->distinct);

		if (!is_wanted || value.kind == API_VALUE_NULL)
			continue;
		(void)json_object_set_new(object, field_names[i],
					  value.kind == API_VALUE_NUMBER
						  ? json_integer(value.number)
						  : json_string(value.text));
	}
	return object;
}

static void fail_unknown(struct api_result *result, const char *list,
			 const struct group_list *groups)
{
	struct api_problem problem;

	(void)api_problem_code(&problem, API_NO_GROUP, NULL);
	for (;; list++) {
		cleanup_free char *name = strndup(list, strcspn(list, ","));

		if (name && !has_group(groups, name))
			api_result_fail(result, name, &problem);
		list += strcspn(list, ",");
		if (*list == '\0')
			return;
	}
}

static bool is_among(const json_t *items, const json_t *wanted)
{
	const json_t *item;
	size_t i;

	json_array_foreach(items, i, item)
		if (json_equal(item, wanted))
			return true;
	return false;
}

static void add_groups(struct api_result *result, const struct group_list *groups,
		       const struct group_view *view)
{
	json_t *all = json_array();
	const json_t *item;
	size_t i;

	for (i = 0; i < groups->count; i++) {
		json_t *described;

		if (!is_shown(view, &groups->groups[i]))
			continue;
		described = describe_group(&groups->groups[i], view);
		if (view->distinct && is_among(all, described))
			json_decref(described);
		else
			(void)json_array_append_new(all, described);
	}
	json_array_foreach(all, i, item) {
		if ((long)i >= view->offset && (long)i - view->offset < view->limit)
			api_result_add(result, json_incref((json_t *)item));
	}
	result->total = json_array_size(all);
	json_decref(all);
}

static void print(struct incoming_call *call)
{
	cleanup(api_result_clear) struct api_result result = {
		.all = "All selected groups information was returned",
		.some = "Some groups information was not returned",
		.none = "No group information was returned",
	};
	struct group_listing *listing = call->work.state;
	struct group_list *groups = &listing->groups;
	const struct group_view *view = &listing->view;

	if (view->list)
		fail_unknown(&result, view->list, groups);
	if (groups->count > 0)
		qsort_r(groups->groups, groups->count, sizeof *groups->groups, compare_groups,
			(void *)view);
	add_groups(&result, groups, view);
	call->result.answer = api_result_print(&result, call->input.pretty);
	incoming_call_answer(call);
}

static bool keep(struct group_list *groups, const struct group_row *row)
{
	if (groups->count == groups->room) {
		size_t room = groups->room ? 2 * groups->room : GROUPS_PAGE_MAX;
		struct group_row *grown = reallocarray(groups->groups, room, sizeof *grown);

		if (!grown)
			return false;
		groups->groups = grown;
		groups->room = room;
	}
	groups->groups[groups->count++] = *row;
	return true;
}

static void ask_for_page(struct incoming_call *call);

static void got_page(struct incoming_call *call, struct registry_answer *answer)
{
	struct group_listing *listing = call->work.state;
	const struct groups_page *page = &answer->groups;
	bool is_kept = page->fault == LISTING_OK;

	for (const struct group_row *row = page->rows; is_kept && row; row = row->next)
		is_kept = keep(&listing->groups, row);
	if (!is_kept) {
		(void)api_problem_code(&call->result.problem, API_INTERNAL, NULL);
		incoming_call_answer(call);
	} else if (page->has_more && page->rows) {
		ask_for_page(call);
	} else {
		print(call);
	}
}

static void ask_for_page(struct incoming_call *call)
{
	const struct group_listing *listing = call->work.state;
	const struct group_list *groups = &listing->groups;
	struct groups_request *request = calloc(1, sizeof *request);

	if (request) {
		api_name_user(call, &request->user);
		(void)snprintf(request->hash, sizeof request->hash, "%s",
			       api_query_get(&call->input.query, "hash") ?: "md5");
		if (groups->count > 0)
			memcpy(request->after, groups->groups[groups->count - 1].name,
			       sizeof request->after);
	}
	api_exchange_extend(call->exchange);
	api_ask(call, REGISTRY_GROUPS, request, got_page);
}

static void free_listing(void *state)
{
	struct group_listing *listing = state;

	free(listing->groups.groups);
	free(listing);
}

static void list_groups(struct incoming_call *call)
{
	struct group_listing *listing = calloc(1, sizeof *listing);

	if (!listing) {
		(void)api_problem_code(&call->result.problem, API_INTERNAL, NULL);
		incoming_call_answer(call);
		return;
	}
	call->work = (struct call_work){ .state = listing, .free = free_listing };
	if (read_group_view(&listing->view, &call->input.query, &call->result.problem))
		ask_for_page(call);
	else
		incoming_call_answer(call);
}

/* ------------------------------------------------------------------ the list of calls */

static const char *const hashes[] = { "md5",      "sha1",     "sha224",  "sha256",   "sha384",
				      "sha512",   "blake2b",  "blake2s", "sha3_224", "sha3_256",
				      "sha3_384", "sha3_512", NULL };

static const struct api_parameter_rule list_parameters[] = {
	API_COMMON_PARAMETERS,
	{ .name = "groups_list",
	  .kind = API_PARAMETER_GROUP,
	  .is_list = true,
	  .schema = API_SCHEMA_GROUP },
	API_PAGE_PARAMETERS,
	API_ORDER_PARAMETERS,
	{ .name = "hash",
	  .kind = API_PARAMETER_WORD,
	  .words = hashes,
	  .schema =
		  "{'enum': ['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512', 'blake2b', "
		  "'blake2s', 'sha3_224', 'sha3_256', 'sha3_384', 'sha3_512'], 'type': 'string'}" },
	{ .name = "q", .kind = API_PARAMETER_TEXT },
	{ .name = "select",
	  .kind = API_PARAMETER_NAMES,
	  .is_list = true,
	  .schema = "{'format': 'names', 'type': 'string'}" },
	{ .name = "distinct", .kind = API_PARAMETER_BOOLEAN, .schema = API_FALSE_BY_DEFAULT },
	{ .name = NULL },
};

static const struct api_parameter_rule put_parameters[] = {
	API_COMMON_PARAMETERS,
	{ .name = "force_single_group",
	  .kind = API_PARAMETER_BOOLEAN,
	  .schema = "{'type': 'boolean'}" },
	{ .name = NULL },
};

static const struct api_parameter_rule put_path[] = {
	{ .name = "agent_id",
	  .kind = API_PARAMETER_NUMBERS,
	  .shortest = 3,
	  .schema = API_SCHEMA_AGENT },
	{ .name = "group_id", .kind = API_PARAMETER_GROUP, .schema = API_SCHEMA_GROUP },
	{ .name = NULL },
};

const struct api_route api_group_routes[] = {
	{ .method = API_PUT,
	  .pattern = "/agents/{}/group/{}",
	  .ask = put_group,
	  .parameters = put_parameters,
	  .path_parameters = put_path },
	{ .method = API_GET,
	  .pattern = "/groups",
	  .ask = list_groups,
	  .parameters = list_parameters },
	{ .pattern = NULL },
};
