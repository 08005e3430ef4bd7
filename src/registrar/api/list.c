/* SPDX-License-Identifier: ISC */
/* The calls that go over several agents: GET /agents and DELETE /agents. */
#include "common/cleanup.h"
#include "common/escape.h"
#include "registrar/api/filter.h"
#include "registrar/api/incoming-call.h"

#include <string.h>

#define SHOWN_SIZE 160
#define LIMIT_USUAL 500
#define LIMIT_MAX 100000

/* What Wazuh filters by and a registrar does not know. */
#define UNKNOWN_PARAMETERS                                                        \
	{ .name = "os.platform", .kind = API_PARAMETER_UNKNOWN },                 \
		{ .name = "os.version", .kind = API_PARAMETER_UNKNOWN },          \
		{ .name = "os.name", .kind = API_PARAMETER_UNKNOWN },             \
		{ .name = "manager", .kind = API_PARAMETER_UNKNOWN },             \
		{ .name = "version", .kind = API_PARAMETER_UNKNOWN },             \
		{ .name = "node_name", .kind = API_PARAMETER_UNKNOWN },           \
		{ .name = "group_config_status", .kind = API_PARAMETER_UNKNOWN }, \
	{                                                                         \
		.name = "distinct", .kind = API_PARAMETER_UNKNOWN                 \
	}

#define FILTER_PARAMETERS                                             \
	{ .name = "name", .kind = API_PARAMETER_TEXT },               \
		{ .name = "ip", .kind = API_PARAMETER_TEXT },         \
		{ .name = "registerIP", .kind = API_PARAMETER_TEXT }, \
		{ .name = "group", .kind = API_PARAMETER_TEXT },      \
		{ .name = "q", .kind = API_PARAMETER_TEXT },          \
	{                                                             \
		.name = "older_than", .kind = API_PARAMETER_TIMEFRAME \
	}

const struct api_parameter_rule api_list_parameters[] = {
	{ .name = "agents_list", .kind = API_PARAMETER_IDS },
	{ .name = "offset", .kind = API_PARAMETER_NUMBER },
	{ .name = "limit", .kind = API_PARAMETER_NUMBER },
	{ .name = "select", .kind = API_PARAMETER_TEXT },
	{ .name = "sort", .kind = API_PARAMETER_TEXT },
	{ .name = "search", .kind = API_PARAMETER_TEXT },
	{ .name = "status", .kind = API_PARAMETER_TEXT },
	FILTER_PARAMETERS,
	UNKNOWN_PARAMETERS,
	{ .name = NULL },
};

const struct api_parameter_rule api_remove_parameters[] = {
	{ .name = "agents_list", .kind = API_PARAMETER_ALL_IDS, .required = true },
	{ .name = "status", .kind = API_PARAMETER_TEXT, .required = true },
	{ .name = "purge", .kind = API_PARAMETER_BOOLEAN },
	FILTER_PARAMETERS,
	UNKNOWN_PARAMETERS,
	{ .name = NULL },
};

/* ------------------------------------------------------------------ who is meant */

/* Agents, in the order of their ids. */
struct selection {
	const struct roster_entry **entries;
	size_t count;
};

static void release_selection(struct selection *selection)
{
	free(selection->entries);
}

static int by_number(const void *a, const void *b)
{
	unsigned long left = *(const unsigned long *)a, right = *(const unsigned long *)b;

	return (left > right) - (left < right);
}

static int by_id(const void *a, const void *b)
{
	const struct roster_entry *const *left = a, *const *right = b;

	return ((*left)->id > (*right)->id) - ((*left)->id < (*right)->id);
}

/* The ids of "001,002", sorted, each once. The caller frees them; null: out of memory. */
static unsigned long *read_ids(const char *text, size_t *ret_count)
{
	size_t room = 1, count = 0, kept = 0;
	unsigned long *ids;

	for (const char *p = text; *p; p++)
		room += *p == ',';
	ids = calloc(room, sizeof *ids);
	if (!ids)
		return NULL;
	for (const char *p = text; count < room; p += strcspn(p, ",") + 1)
		ids[count++] = strtoul(p, NULL, 10);
	qsort(ids, count, sizeof *ids, by_number);
	for (size_t i = 0; i < count; i++)
		if (i == 0 || ids[i] != ids[i - 1])
			ids[kept++] = ids[i];
	*ret_count = kept;
	return ids;
}

static void fail_id(struct api_result *result, unsigned long id, enum api_code code)
{
	struct api_problem problem;
	char text[24];

	(void)api_problem_code(&problem, code, NULL);
	(void)snprintf(text, sizeof text, "%03lu", id);
	api_result_fail(result, text, &problem);
}

/* All agents with the id, of which a file that somebody else wrote may have several. */
static bool select_id(struct selection *selection, const struct roster *roster, unsigned long id)
{
	size_t before = selection->count;
	const struct roster_entry *entry = id > 0 && id <= ROSTER_ID_MAX
						   ? roster_first_with_id(roster, (unsigned int)id)
						   : NULL;

	for (; entry; entry = roster_next_with_id(entry))
		if (roster_entry_is_agent(entry))
			selection->entries[selection->count++] = entry;
	return selection->count > before;
}

/* Those of the list that there are; the others go into the result. */
static int select_listed(struct selection *ret, const struct incoming_call *call, const char *list,
			 struct api_result *result, bool manager_counts)
{
	size_t count;
	cleanup_free unsigned long *ids = read_ids(list, &count);
	const struct roster *roster = call->settings->roster;
	size_t most = roster_count(roster) + 1;
	struct selection selection = { .entries = ids ? calloc(most, sizeof(struct roster_entry *))
						      : NULL };

	if (!selection.entries)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		if (ids[i] == 0 && manager_counts)
			fail_id(result, 0, API_IS_MANAGER);
		else if (!select_id(&selection, roster, ids[i]))
			fail_id(result, ids[i], API_NO_AGENT);
	*ret = selection;
	return 0;
}

static int select_all(struct selection *ret, const struct incoming_call *call)
{
	struct selection selection;
	int r = roster_list(call->settings->roster, &selection.entries, &selection.count);

	if (r < 0)
		return r;
	qsort(selection.entries, selection.count, sizeof(struct roster_entry *), by_id);
	*ret = selection;
	return 0;
}

static int select_agents(struct selection *ret, const struct incoming_call *call,
			 struct api_result *result, bool manager_counts)
{
	const char *list = api_query_get(&call->input.query, "agents_list");

	if (!list || strcmp(list, "all") == 0)
		return select_all(ret, call);
	return select_listed(ret, call, list, result, manager_counts);
}

/* ------------------------------------------------------------------ GET /agents */

/* What to show of the agents that match. */
struct view {
	long offset, limit;
	const char *select;
	const char *sort; /* a field; null: id */
	bool descending;
};

static bool select_is_good(const char *select, struct api_problem *problem)
{
	char shown[SHOWN_SIZE];

	for (;; select++) {
		size_t length = strcspn(select, ",");

		if (!api_field_exists(select, length))
			return api_problem_code(problem, API_SELECT_FIELD, "%s",
						escape_bytes(shown, sizeof shown, select, length));
		select += length;
		if (*select == '\0')
			return true;
	}
}

/* "+name", "-id": one field. */
static bool read_sort(struct view *view, const char *sort, struct api_problem *problem)
{
	static const char *const fields[] = { "id", "name", "ip", "registerIP" };
	char shown[SHOWN_SIZE];

	/* A plus comes as a blank from clients that do not escape it. */
	view->descending = sort[0] == '-';
	view->sort = sort + (sort[0] == '-' || sort[0] == '+' || sort[0] == ' ');
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
		if (strcmp(fields[i], view->sort) == 0)
			return true;
	return api_problem_code(problem, API_SORT_FIELD, "%s",
				escape_string(shown, sizeof shown, view->sort));
}

static bool read_view(struct view *ret, const struct api_query *query, struct api_problem *problem)
{
	const char *offset = api_query_get(query, "offset"), *limit = api_query_get(query, "limit");
	const char *sort = api_query_get(query, "sort");
	struct view view = {
		.offset = offset ? api_number_parse(offset, INT_MAX) : 0,
		.limit = limit ? api_number_parse(limit, INT_MAX) : LIMIT_USUAL,
		.select = api_query_get(query, "select"),
	};

	if (view.limit == 0)
		return api_problem_code(problem, API_LIMIT_ZERO, NULL);
	if (view.limit > LIMIT_MAX)
		return api_problem_code(problem, API_LIMIT_TOO_LARGE, NULL);
	if ((view.select && !select_is_good(view.select, problem)) ||
	    (sort && !read_sort(&view, sort, problem)))
		return false;
	*ret = view;
	return true;
}

static int compare(const void *a, const void *b, void *argument)
{
	const struct roster_entry *const *left = a, *const *right = b;
	const struct view *view = argument;
	int order = by_id(a, b);

	if (view->sort && strcmp(view->sort, "name") == 0)
		order = strcmp((*left)->name, (*right)->name);
	else if (view->sort && strcmp(view->sort, "id") != 0)
		order = strcmp((*left)->ip, (*right)->ip);
	return view->descending ? -order : order;
}

void api_list_agents(struct incoming_call *call)
{
	cleanup(api_result_clear) struct api_result result = {
		.all = "All selected agents information was returned",
		.some = "Some agents information was not returned",
		.none = "No agent information was returned",
	};
	cleanup(release_selection) struct selection selection = { .count = 0 };
	cleanup(api_filter_clear) struct api_filter filter = { .name = NULL };
	struct view view;

	if (!read_view(&view, &call->input.query, &call->result.problem) ||
	    !api_filter_read(&filter, &call->input.query, "0s", &call->settings->policy->history,
			     &call->result.problem))
		return;
	if (select_agents(&selection, call, &result, false) < 0) {
		(void)api_problem_code(&call->result.problem, API_INTERNAL, NULL);
		return;
	}
	qsort_r(selection.entries, selection.count, sizeof(struct roster_entry *), compare, &view);
	for (size_t i = 0; i < selection.count; i++) {
		if (!api_filter_matches(&filter, selection.entries[i]))
			continue;
		if ((long)result.total >= view.offset &&
		    (long)result.total - view.offset < view.limit)
			api_result_add(&result, api_describe_agent(&filter, selection.entries[i],
								   view.select));
		result.total++;
	}
	call->result.answer = api_result_print(&result, call->input.pretty);
}

/* ------------------------------------------------------------------ DELETE /agents */

static void describe_requirements(char *buffer, size_t size, const struct api_query *query)
{
	const char *older_than = api_query_get(query, "older_than") ?: API_REMOVE_AGE;
	char age[64], status[96];

	(void)snprintf(buffer, size,
		       "some of the requirements are not met -> older_than: %s, status: %s",
		       escape_string(age, sizeof age, older_than),
		       escape_string(status, sizeof status, api_query_get(query, "status")));
}

static void remove_one(struct incoming_call *call, const struct roster_entry *entry,
		       enum roster_tombstone tombstone)
{
	struct api_removed *removed = &call->changes.removed[call->changes.removed_count++];

	(void)snprintf(removed->id, sizeof removed->id, "%s", entry->id_text);
	(void)snprintf(removed->name, sizeof removed->name, "%s", entry->name);
	roster_remove(call->settings->roster, entry, tombstone);
	call->changes.on_failure = API_NOT_DELETED;
}

static enum roster_tombstone tombstone_of(const struct incoming_call *call)
{
	const char *purge = api_query_get(&call->input.query, "purge");

	if (purge && api_boolean_parse(purge) == 1)
		return ROSTER_TOMBSTONE_NOTHING;
	return dialect_tombstone(call->settings->policy->dialect);
}

void api_remove_agents(struct incoming_call *call)
{
	cleanup(api_result_clear) struct api_result result = {
		.all = "All selected agents were deleted",
		.some = "Some agents were not deleted",
		.none = "No agents were deleted",
	};
	cleanup(release_selection) struct selection selection = { .count = 0 };
	struct api_problem not_eligible;
	cleanup(api_filter_clear) struct api_filter filter = { .name = NULL };
	char requirements[256];

	if (!api_filter_read(&filter, &call->input.query, API_REMOVE_AGE,
			     &call->settings->policy->history, &call->result.problem))
		return;
	if (select_agents(&selection, call, &result, true) < 0 ||
	    !(call->changes.removed = calloc(selection.count + 1, sizeof *call->changes.removed))) {
		(void)api_problem_code(&call->result.problem, API_NOT_DELETED, NULL);
		return;
	}
	describe_requirements(requirements, sizeof requirements, &call->input.query);
	(void)api_problem_code(&not_eligible, API_NOT_ELIGIBLE, "%s", requirements);
	for (size_t i = 0; i < selection.count; i++) {
		const struct roster_entry *entry = selection.entries[i];

		if (!api_filter_matches(&filter, entry)) {
			api_result_fail(&result, entry->id_text, &not_eligible);
			continue;
		}
		api_result_add(&result, json_string(entry->id_text));
		remove_one(call, entry, tombstone_of(call));
	}
	call->result.answer = api_result_print(&result, call->input.pretty);
}
