/* SPDX-License-Identifier: ISC */
/* The calls about groups. */
#include "common/cleanup.h"
#include "registrar/api/collection.h"
#include "registrar/api/incoming-call.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

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

/* ------------------------------------------------------------------ the list of calls */

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
	  .ask = api_list_groups,
	  .parameters = api_list_groups_parameters },
	{ .pattern = NULL },
};
