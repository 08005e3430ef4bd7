/* SPDX-License-Identifier: ISC */
#include "registrar/api/selection.h"

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

static const struct roster_entry *find_agent(const struct incoming_call *call, const char *id)
{
	unsigned long number = strlen(id) <= AGENT_ID_MAX ? strtoul(id, NULL, 10) : 0;
	const struct roster_entry *entry = number > 0 && number <= ROSTER_ID_MAX
						   ? roster_find_id(call->settings->roster,
								    (unsigned int)number)
						   : NULL;

	return entry && entry->name && entry->ip && strcmp(entry->id_text, id) == 0 ? entry : NULL;
}

/* ------------------------------------------------------------------ a list of ids */

/* By number: of texts without a sign and without leading zeros, the longer one is larger. */
static int compare_ids(const void *a, const void *b)
{
	const char *const *left = a, *const *right = b;
	const char *x = *left + strspn(*left, "0"), *y = *right + strspn(*right, "0");

	if (strlen(x) != strlen(y))
		return strlen(x) < strlen(y) ? -1 : 1;
	return strcmp(x, y) ?: strcmp(*left, *right);
}

/* The ids of the list, which is cut into them, sorted, each once. Null: out of memory. */
static char **read_ids(char *list, size_t *ret_count)
{
	size_t room = 1, count = 0, kept = 0;
	char **ids;

	for (const char *p = list; *p; p++)
		room += *p == ',';
	ids = calloc(room, sizeof *ids);
	if (!ids)
		return NULL;
	while (list && count < room)
		ids[count++] = strsep(&list, ",");
	qsort(ids, count, sizeof *ids, compare_ids);
	for (size_t i = 0; i < count; i++)
		if (i == 0 || strcmp(ids[i], ids[kept - 1]) != 0)
			ids[kept++] = ids[i];
	*ret_count = kept;
	return ids;
}

static void fail_id(struct api_result *result, const char *id, enum api_code code)
{
	struct api_problem problem;

	(void)api_problem_code(&problem, code, NULL);
	api_result_fail(result, id, &problem);
}

/* All agents with the id, of which a file that somebody else wrote may have several. */
static bool select_id(struct api_selection *selection, const struct incoming_call *call,
		      const char *id, const struct api_knowledge *knowledge)
{
	const struct roster_entry *entry = find_agent(call, id);
	size_t before = selection->count;

	if (entry)
		entry = roster_first_with_id(call->settings->roster, entry->id);
	for (; entry; entry = roster_next_with_id(entry))
		if (roster_entry_is_agent(entry) && strcmp(entry->id_text, id) == 0)
			selection->agents[selection->count++] =
				(struct api_agent){ .knowledge = knowledge, .entry = entry };
	return selection->count > before;
}

static int select_listed(struct api_selection *ret, const struct incoming_call *call,
			 const char *list, const struct api_knowledge *knowledge,
			 bool manager_fails, struct api_result *result)
{
	cleanup_free char *copy = strdup(list);
	size_t count;
	cleanup_free char **ids = copy ? read_ids(copy, &count) : NULL;
	size_t most = roster_count(call->settings->roster) + 1;
	struct api_selection selection = { .agents = ids ? calloc(most, sizeof(struct api_agent))
							 : NULL };

	if (!selection.agents)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		if (select_id(&selection, call, ids[i], knowledge))
			continue;
		if (strcmp(ids[i], MANAGER) != 0)
			fail_id(result, ids[i], API_NO_AGENT);
		else if (manager_fails)
			fail_id(result, ids[i], API_IS_MANAGER);
	}
	*ret = selection;
	return 0;
}

/* ------------------------------------------------------------------ all of them */

static int by_id(const void *a, const void *b)
{
	const struct roster_entry *const *left = a, *const *right = b;

	return ((*left)->id > (*right)->id) - ((*left)->id < (*right)->id);
}

static int select_all(struct api_selection *ret, const struct incoming_call *call,
		      const struct api_knowledge *knowledge)
{
	cleanup_free const struct roster_entry **entries = NULL;
	struct api_selection selection;
	int r = roster_list(call->settings->roster, &entries, &selection.count);

	if (r < 0)
		return r;
	selection.agents = calloc(selection.count + 1, sizeof(struct api_agent));
	if (!selection.agents)
		return -ENOMEM;
	if (selection.count > 0)
		qsort(entries, selection.count, sizeof(struct roster_entry *), by_id);
	for (size_t i = 0; i < selection.count; i++)
		selection.agents[i] = (struct api_agent){ .knowledge = knowledge,
							  .entry = entries[i] };
	*ret = selection;
	return 0;
}

int api_select_agents(struct api_selection *ret, const struct incoming_call *call, const char *list,
		      const struct api_knowledge *knowledge, bool manager_fails,
		      struct api_result *result)
{
	return list ? select_listed(ret, call, list, knowledge, manager_fails, result)
		    : select_all(ret, call, knowledge);
}

void api_selection_clear(struct api_selection *selection)
{
	for (size_t i = 0; i < selection->count; i++)
		api_agent_clear(&selection->agents[i]);
	free(selection->agents);
	*selection = (struct api_selection){ .count = 0 };
}
