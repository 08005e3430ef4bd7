/* SPDX-License-Identifier: ISC */
#include "registrar/api/collection.h"

#include "common/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MANAGER "000"

void api_agent_is_absent(struct api_problem *ret, const char *id)
{
	(void)api_problem_code(ret, strcmp(id, MANAGER) == 0 ? API_IS_MANAGER : API_NO_AGENT, NULL);
}

void api_copy_id(char ret[static AGENT_ID_MAX + 1], const char *id)
{
	(void)snprintf(ret, AGENT_ID_MAX + 1, "%s", strlen(id) <= AGENT_ID_MAX ? id : "");
}

/* ------------------------------------------------------------------ a list of ids */

/* By number: of texts without a sign and without leading zeros, the longer one is larger. */
static int compare_ids(const void *a, const void *b)
{
	const struct api_wanted_id *left = a, *right = b;
	const char *x = left->text + strspn(left->text, "0"),
		   *y = right->text + strspn(right->text, "0");

	if (strlen(x) != strlen(y))
		return strlen(x) < strlen(y) ? -1 : 1;
	return strcmp(x, y) ?: strcmp(left->text, right->text);
}

/* The ids of the list, sorted, each once. False: out of memory. */
static bool read_ids(struct api_collection *collection, const char *list)
{
	char *rest = collection->list = strdup(list);
	size_t room = 1, count = 0, kept = 0;
	struct api_wanted_id *ids;

	for (const char *p = list; *p; p++)
		room += *p == ',';
	ids = collection->ids = calloc(room, sizeof *ids);
	if (!rest || !ids)
		return false;
	while (rest && count < room)
		ids[count++].text = strsep(&rest, ",");
	qsort(ids, count, sizeof *ids, compare_ids);
	for (size_t i = 0; i < count; i++)
		if (i == 0 || strcmp(ids[i].text, ids[kept - 1].text) != 0)
			ids[kept++] = ids[i];
	collection->id_count = kept;
	return true;
}

static struct api_wanted_id *find_id(const struct api_collection *collection, const char *id)
{
	const struct api_wanted_id wanted = { .text = id };

	if (!collection->ids)
		return NULL;
	return bsearch(&wanted, collection->ids, collection->id_count, sizeof wanted, compare_ids);
}

void api_collection_fail_absent(const struct api_collection *collection, bool manager_fails,
				struct api_result *result)
{
	for (size_t i = 0; i < collection->id_count; i++) {
		const struct api_wanted_id *id = &collection->ids[i];
		struct api_problem problem;

		if (id->exists || (!manager_fails && strcmp(id->text, MANAGER) == 0))
			continue;
		api_agent_is_absent(&problem, id->text);
		api_result_fail(result, id->text, &problem);
	}
}

/* ------------------------------------------------------------------ a page */

static bool keep(struct api_collection *collection, const struct api_agent *agent)
{
	if (collection->count == collection->room) {
		size_t room = collection->room ? 2 * collection->room : 64;
		struct api_agent *grown = reallocarray(collection->agents, room, sizeof *grown);

		if (!grown)
			return false;
		collection->agents = grown;
		collection->room = room;
	}
	collection->agents[collection->count++] = *agent;
	return true;
}

/* Takes the row. False: out of memory. */
static bool look_at(struct api_collection *collection, struct agent_row *row)
{
	struct api_wanted_id *id = find_id(collection, row->id);
	struct api_agent agent = api_agent_of(row, collection->filter->now);
	bool passes = api_filter_matches(collection->filter, &agent);

	if (id) {
		id->exists = true;
		id->is_filtered |= !passes;
	}
	if (passes && keep(collection, &agent))
		return true;
	free(row);
	return !passes;
}

static void ask_next(struct api_collection *collection);

static void fail(struct incoming_call *call)
{
	(void)api_problem_code(&call->result.problem, API_INTERNAL, NULL);
	incoming_call_answer(call);
}

/* Look at rows for the time of a turn. */
static void look(void *owner)
{
	struct api_collection *collection = owner;
	struct incoming_call *call = collection->call;
	uint64_t end = turn_end();

	while (collection->rows && monotonic_usec() < end) {
		struct agent_row *row = collection->rows;

		collection->rows = row->next;
		if (!look_at(collection, row)) {
			fail(call);
			return;
		}
	}
	if (collection->rows)
		turn_wait(call->api->turns, &collection->turn);
	else if (collection->next != 0 || collection->asked < collection->id_count)
		ask_next(collection);
	else
		collection->collected(call);
}

static void got_page(struct incoming_call *call, struct registry_answer *answer)
{
	struct agents_page *page = &answer->agents;
	struct api_collection *collection = call->collection;

	if (page->fault != LISTING_OK) {
		fail(call);
		return;
	}
	collection->rows = page->rows;
	collection->next = page->next;
	page->rows = NULL;
	turn_wait(call->api->turns, &collection->turn);
}

void api_ask_agents(struct incoming_call *call, struct agents_request *request,
		    api_decided_callback *decided)
{
	if (request)
		api_name_user(call, &request->user);
	api_exchange_extend(call->exchange);
	api_ask(call, REGISTRY_AGENTS, request, decided);
}

/* For the next page, of the same ids or of those behind them. */
static void ask_page(void *owner)
{
	struct api_collection *collection = owner;
	struct agents_request *request = calloc(1, sizeof *request);
	size_t n = 0;

	if (collection->next == 0)
		collection->asking = collection->asked;
	if (request) {
		request->wanted = collection->wanted;
		request->from = collection->next;
		for (; n < AGENTS_IDS_MAX && collection->asking + n < collection->id_count; n++)
			api_copy_id(request->ids[n], collection->ids[collection->asking + n].text);
		request->count = n;
		collection->asked = collection->asking + n;
	}
	api_ask_agents(collection->call, request, got_page);
}

/* More than one page: the answer may be a long one. */
static void ask_next(struct api_collection *collection)
{
	struct incoming_call *call = collection->call;

	if (long_answer_begin(&call->api->long_answers, &call->long_answer, ask_page, collection))
		ask_page(collection);
}

void api_collect(struct incoming_call *call, struct api_collection *collection, const char *list,
		 const struct api_filter *filter, unsigned int wanted,
		 void (*collected)(struct incoming_call *call))
{
	*collection = (struct api_collection){
		.filter = filter,
		.wanted = wanted,
		.call = call,
		.collected = collected,
		.turn = { .run = look, .owner = collection },
	};
	call->collection = collection;
	if (list && !read_ids(collection, list))
		fail(call);
	else
		ask_page(collection);
}

void api_collection_clear(struct api_collection *collection)
{
	struct agents_page rest = { .rows = collection->rows };

	turn_cancel(&collection->turn);
	agents_page_clear(&rest);
	for (size_t i = 0; i < collection->count; i++)
		free(collection->agents[i].row);
	free(collection->agents);
	free(collection->ids);
	free(collection->list);
	*collection = (struct api_collection){ .count = 0 };
}
