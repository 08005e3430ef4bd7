/* SPDX-License-Identifier: ISC */
/* GET /groups, in turns (turns.h), however many there are. */
#include "common/cleanup.h"
#include "common/comma-list.h"
#include "registrar/api/distinct.h"
#include "registrar/api/expression.h"
#include "registrar/api/incoming-call.h"
#include "registrar/api/sorting.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const hashes[] = { "md5",      "sha1",     "sha224",  "sha256",   "sha384",
				      "sha512",   "blake2b",  "blake2s", "sha3_224", "sha3_256",
				      "sha3_384", "sha3_512", NULL };

const struct api_parameter_rule api_list_groups_parameters[] = {
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

/* ------------------------------------------------------------------ fields */

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

/* ------------------------------------------------------------------ what to show */

/* What to show of the groups. */
struct group_view {
	const char *list, *q, *search, *select; /* null: not asked for */
	bool search_is_negative, descending, distinct;
	long offset, limit;
	int sort[GROUP_FIELDS];
	size_t sorts;
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

/* For api_sorting. */
static int compare_groups(const void *a, const void *b, const void *argument)
{
	const struct group_row *const *left = a, *const *right = b;
	const struct group_view *view = argument;
	int order = 0;

	for (size_t i = 0; order == 0 && i < view->sorts; i++) {
		const struct api_value x = value_of((void *)*left, view->sort[i]),
				       y = value_of((void *)*right, view->sort[i]);

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

/* ------------------------------------------------------------------ a listing */

/* Its steps: collecting, sorting, printing. */
struct group_listing {
	struct incoming_call *call;
	struct group_view view;
	struct group_row **groups; /* each owned, in the order of their names at first */
	size_t count, room;
	struct turn turn;
	struct api_sorting sorting;
	size_t printed; /* groups, shown or not */
	struct api_distinct distinct;
	struct api_result result;
	struct api_items items;
};

static void free_listing(void *state)
{
	struct group_listing *listing = state;

	turn_cancel(&listing->turn);
	api_sorting_clear(&listing->sorting);
	for (size_t i = 0; i < listing->count; i++)
		free(listing->groups[i]);
	free(listing->groups);
	api_distinct_clear(&listing->distinct);
	api_items_clear(&listing->items);
	api_result_clear(&listing->result);
	free(listing);
}

/* Do this next, in a turn of its own. */
static void go_on_with(struct group_listing *listing, void (*step)(void *listing))
{
	listing->turn = (struct turn){ .run = step, .owner = listing };
	turn_wait(listing->call->api->turns, &listing->turn);
}

static void fail(struct group_listing *listing)
{
	(void)api_problem_code(&listing->call->result.problem, API_INTERNAL, NULL);
	incoming_call_answer(listing->call);
}

/* ------------------------------------------------------------------ printing */

/* Where the group belongs among those that are shown. */
static bool is_in_window(const struct group_listing *listing)
{
	const struct group_view *view = &listing->view;
	long position = (long)listing->result.total;

	return position >= view->offset && position - view->offset < view->limit;
}

/* False: out of memory. */
static bool print_one(struct group_listing *listing, struct group_row *group)
{
	const struct group_view *view = &listing->view;
	json_t *item;
	int is_new = 1;
	bool is_added = true;

	if (!is_shown(view, group))
		return true;
	item = describe_group(group, view);
	if (view->distinct)
		is_new = api_distinct_note(&listing->distinct, item);
	if (is_new == 1 && is_in_window(listing))
		is_added = api_items_add(&listing->items, json_incref(item));
	json_decref(item);
	listing->result.total += is_new == 1;
	return is_added && is_new >= 0;
}

static void finish(struct group_listing *listing)
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
	struct group_listing *listing = state;
	uint64_t end = turn_end();

	while (listing->printed < listing->count && monotonic_usec() < end)
		if (!print_one(listing, listing->groups[listing->printed++])) {
			fail(listing);
			return;
		}
	if (listing->printed < listing->count)
		go_on_with(listing, print);
	else
		finish(listing);
}

static void sort(void *state)
{
	struct group_listing *listing = state;

	go_on_with(listing, api_sorting_go_on(&listing->sorting, turn_end()) ? print : sort);
}

/* ------------------------------------------------------------------ collecting */

static int compare_name(const void *name, const void *element)
{
	const struct group_row *const *group = element;

	return group_compare(name, (*group)->name);
}

static bool has_group(const struct group_listing *listing, const char *name)
{
	return listing->count > 0 && bsearch(name, listing->groups, listing->count,
					     sizeof(struct group_row *), compare_name);
}

static void fail_unknown(struct group_listing *listing, const char *list)
{
	struct api_problem problem;

	(void)api_problem_code(&problem, API_NO_GROUP, NULL);
	for (;; list++) {
		cleanup_free char *name = strndup(list, strcspn(list, ","));

		if (name && !has_group(listing, name))
			api_result_fail(&listing->result, name, &problem);
		list += strcspn(list, ",");
		if (*list == '\0')
			return;
	}
}

static void collected(struct group_listing *listing)
{
	if (listing->view.list)
		fail_unknown(listing, listing->view.list);
	if (api_sorting_begin(&listing->sorting, listing->groups, listing->count,
			      sizeof(struct group_row *), compare_groups, &listing->view) < 0)
		fail(listing);
	else
		go_on_with(listing, sort);
}

static bool keep(struct group_listing *listing, const struct group_row *row)
{
	struct group_row *copy = malloc(sizeof *copy);

	if (copy && listing->count == listing->room) {
		size_t room = listing->room ? 2 * listing->room : GROUPS_PAGE_MAX;
		struct group_row **grown = reallocarray(listing->groups, room,
							sizeof(struct group_row *));

		if (!grown) {
			free(copy);
			return false;
		}
		listing->groups = grown;
		listing->room = room;
	}
	if (!copy)
		return false;
	*copy = *row;
	listing->groups[listing->count++] = copy;
	return true;
}

static void ask_for_page(struct group_listing *listing);

static void got_page(struct incoming_call *call, struct registry_answer *answer)
{
	struct group_listing *listing = call->work.state;
	const struct groups_page *page = &answer->groups;
	bool is_kept = page->fault == LISTING_OK;

	for (const struct group_row *row = page->rows; is_kept && row; row = row->next)
		is_kept = keep(listing, row);
	if (!is_kept)
		fail(listing);
	else if (page->has_more && page->rows)
		ask_for_page(listing);
	else
		collected(listing);
}

static void ask_for_page(struct group_listing *listing)
{
	struct incoming_call *call = listing->call;
	struct groups_request *request = calloc(1, sizeof *request);

	if (request) {
		api_name_user(call, &request->user);
		(void)snprintf(request->hash, sizeof request->hash, "%s",
			       api_query_get(&call->input.query, "hash") ?: "md5");
		if (listing->count > 0)
			memcpy(request->after, listing->groups[listing->count - 1]->name,
			       sizeof request->after);
	}
	api_exchange_extend(call->exchange);
	api_ask(call, REGISTRY_GROUPS, request, got_page);
}

/* ------------------------------------------------------------------ the call */

void api_list_groups(struct incoming_call *call)
{
	struct group_listing *listing = calloc(1, sizeof *listing);

	if (!listing) {
		(void)api_problem_code(&call->result.problem, API_INTERNAL, NULL);
		incoming_call_answer(call);
		return;
	}
	call->work = (struct call_work){ .state = listing, .free = free_listing };
	listing->call = call;
	listing->items.pretty = call->input.pretty;
	listing->result = (struct api_result){
		.all = "All selected groups information was returned",
		.some = "Some groups information was not returned",
		.none = "No group information was returned",
	};
	if (read_group_view(&listing->view, &call->input.query, &call->result.problem))
		ask_for_page(listing);
	else
		incoming_call_answer(call);
}
