/* SPDX-License-Identifier: ISC */
/* The calls that register agents, hand out keys, and put agents into groups. */
#include "common/cleanup.h"
#include "common/escape.h"
#include "common/exported-key.h"
#include "common/log.h"
#include "registrar/agents/groups.h"
#include "registrar/api/incoming-call.h"
#include "registrar/enrollment/group-rules.h"

#include <string.h>
#include <strings.h>

#define SHOWN_SIZE 160

/* ------------------------------------------------------------------ keys */

static json_t *export_key(const struct agent_key *agent)
{
	char text[EXPORTED_KEY_SIZE];
	json_t *key;

	(void)exported_key_format(text, agent);
	key = json_string(text);
	explicit_bzero(text, sizeof text);
	return key;
}

/* ------------------------------------------------------------------ registering */

static struct authd_field field_of(const char *text)
{
	return text[0] ? (struct authd_field){ text, strlen(text) }
		       : (struct authd_field){ NULL, 0 };
}

/* A refusal with the code and text of Wazuh's API. */
static void explain(struct incoming_call *call, const struct enrollment *enrollment)
{
	const struct api_body *body = &call->input.body;
	struct api_problem *problem = &call->result.problem;
	char shown[SHOWN_SIZE];

	switch (enrollment->fault) {
	case ENROLLMENT_NAME:
		if (!agent_name_is_valid(body->name, strlen(body->name))) {
			(void)api_problem_set(problem, 400, "Bad Request",
					      "'%s' is not a 'names' - 'name'",
					      escape_string(shown, sizeof shown, body->name));
			break;
		}
		/* the manager's own */
		(void)api_problem_code(problem, API_NAME_TAKEN, "%s", body->name);
		break;
	case ENROLLMENT_NAME_TAKEN:
		(void)api_problem_code(problem, API_NAME_TAKEN, "%s", body->name);
		break;
	case ENROLLMENT_IP:
	case ENROLLMENT_IP_TAKEN:
		(void)api_problem_code(problem, API_ADDRESS_TAKEN, "%s",
				       escape_string(shown, sizeof shown, body->ip));
		break;
	case ENROLLMENT_ID_TAKEN:
		(void)api_problem_code(problem, API_ID_TAKEN, "%s", body->id);
		break;
	case ENROLLMENT_ID:
		(void)api_problem_set(problem, 400, "Bad Request", "'%s' is not a 'numbers' - 'id'",
				      body->id);
		break;
	case ENROLLMENT_KEY:
		(void)api_problem_set(problem, 400, "Bad Request",
				      "The value is not a 'wazuh_key' - 'key'");
		break;
	case ENROLLMENT_LIMIT:
		(void)api_problem_code(problem, API_AUTHD_LIMIT, NULL);
		break;
	default:
		(void)api_problem_code(problem, API_NOT_REGISTERED, NULL);
		break;
	}
}

static void register_agent(struct incoming_call *call, const struct enrollment_policy *policy)
{
	const struct api_body *body = &call->input.body;
	const struct enrollment_request request = {
		.fields = { .name = field_of(body->name), .ip = field_of(body->ip) },
		.id = field_of(body->id),
		.key = field_of(body->key),
		.allow_leading_dot = true,
	};
	struct enrollment *enrollment = calloc(1, sizeof *enrollment);

	if (!enrollment) {
		(void)api_problem_code(&call->result.problem, API_NOT_REGISTERED, NULL);
		return;
	}
	enrollment_decide(enrollment, call->settings->roster, policy, &request);
	call->changes.enrollment = enrollment;
	if (!enrollment->accepted) {
		explain(call, enrollment);
		return;
	}
	call->changes.on_failure = API_NOT_REGISTERED;
	call->result.answer = api_response_data(json_pack("{s:s, s:o}", "id", enrollment->agent.id,
							  "key", export_key(&enrollment->agent)),
						call->input.pretty);
}

/* POST /agents never replaces an agent, whatever the policy for agents that register themselves. */
static struct enrollment_policy policy_of(const struct incoming_call *call)
{
	struct enrollment_policy policy = *call->settings->policy;

	policy.on_duplicate = ON_DUPLICATE_REFUSE;
	policy.use_source_address = false; /* the client is not the agent */
	return policy;
}

/* "ANY" is "any". */
static void settle_ip(struct incoming_call *call)
{
	if (strcasecmp(call->input.body.ip, "any") == 0)
		strcpy(call->input.body.ip, "any");
}

static void add_agent(struct incoming_call *call)
{
	const struct enrollment_policy policy = policy_of(call);

	settle_ip(call);
	register_agent(call, &policy);
}

static unsigned int seconds_of(long long time)
{
	return time > UINT_MAX ? UINT_MAX : (unsigned int)time;
}

static void insert_agent(struct incoming_call *call)
{
	const struct api_force *force = &call->input.body.force;
	struct enrollment_policy policy = policy_of(call);

	if (force->enabled) {
		policy.on_duplicate = ON_DUPLICATE_FORCE;
		policy.force = (struct force_rules){
			.check_disconnected = force->check_disconnected,
			.disconnected_time = seconds_of(force->disconnected_time),
			.after_registration_time = seconds_of(force->after_registration_time),
		};
	}
	settle_ip(call);
	register_agent(call, &policy);
}

static void insert_quick(struct incoming_call *call)
{
	const struct enrollment_policy policy = policy_of(call);
	const char *name = api_query_get(&call->input.query, "agent_name");

	if (!api_name_is_acceptable(name, &call->result.problem))
		return;
	memcpy(call->input.body.name, name, strlen(name) + 1);
	register_agent(call, &policy);
}

/* ------------------------------------------------------------------ one agent */

/*
 * The agent that the path names. Null: `problem` says why not; with status 400 it is the call that
 * is wrong.
 */
static const struct roster_entry *find_agent(const struct incoming_call *call,
					     struct api_problem *problem)
{
	const char *text = call->input.path.segments[1];
	long id = api_number_parse(text, INT_MAX);
	const struct roster_entry *entry;

	if (id == 0) {
		(void)api_problem_code(problem, API_IS_MANAGER, NULL);
		return NULL;
	}
	entry = id <= (long)ROSTER_ID_MAX ? roster_find_id(call->settings->roster, (unsigned int)id)
					  : NULL;
	if (entry && entry->name && entry->ip)
		return entry;
	(void)api_problem_code(problem, API_NO_AGENT, NULL);
	return NULL;
}

static bool id_is_good(struct incoming_call *call)
{
	char shown[SHOWN_SIZE];

	return api_number_parse(call->input.path.segments[1], INT_MAX) >= 0 ||
	       api_problem_set(&call->result.problem, 400, "Bad Request",
			       "Error validating path parameter 'agent_id': '%s' is not a "
			       "'numbers'",
			       escape_string(shown, sizeof shown, call->input.path.segments[1]));
}

static void get_key(struct incoming_call *call)
{
	cleanup(api_result_clear) struct api_result result = {
		.all = "Obtained keys for all selected agents",
		.some = "Some agent keys were not obtained",
		.none = "No agent keys were obtained",
	};
	const struct roster_entry *entry;
	struct api_problem problem = { 0 };
	struct agent_key agent;

	if (!id_is_good(call))
		return;
	entry = find_agent(call, &problem);
	if (entry && roster_read(call->settings->roster, entry, &agent) < 0) {
		log_error("The key of agent %s cannot be read (asked for by %s)", entry->id_text,
			  api_exchange_peer(call->exchange));
		(void)api_problem_code(&problem, API_INTERNAL, NULL);
		entry = NULL;
	}
	if (entry) {
		api_result_add(&result, json_pack("{s:s, s:o}", "id", entry->id_text, "key",
						  export_key(&agent)));
		agent_key_wipe(&agent);
	} else {
		api_result_fail(&result, call->input.path.segments[1], &problem);
	}
	call->result.answer = api_result_print(&result, call->input.pretty);
}

/* ------------------------------------------------------------------ groups */

static bool group_is_good(struct incoming_call *call)
{
	const char *group = call->input.path.segments[3];
	char shown[SHOWN_SIZE];

	if (!agent_group_is_valid(group, strlen(group)))
		return api_problem_set(&call->result.problem, 400, "Bad Request",
				       "Error validating path parameter 'group_id': '%s' is not a "
				       "'group_names'",
				       escape_string(shown, sizeof shown, group));
	return group_exists(&call->settings->policy->groups, group, strlen(group)) ||
	       api_problem_code(&call->result.problem, API_NO_GROUP, NULL);
}

/* Store it now: unlike an agent, a group is in a file of its own. False: `problem` says why not. */
static bool join_group(const struct incoming_call *call, const struct roster_entry *entry,
		       bool alone, struct api_problem *problem)
{
	cleanup_free char *groups = malloc(AGENT_GROUPS_SIZE);
	const char *group = call->input.path.segments[3],
		   *queue = call->settings->policy->history.queue;
	struct reason why;
	size_t length;
	int r = groups ? agent_groups_read(groups, queue, entry->id_text, &why) : -ENOMEM;

	if (r >= 0 && !alone && agent_groups_have(groups, group))
		return api_problem_code(problem, API_HAS_GROUP, NULL);
	if (r >= 0 && !alone && agent_groups_count(groups) >= AGENT_GROUPS_MAX)
		return api_problem_code(problem, API_TOO_MANY_GROUPS, NULL);
	if (r >= 0) {
		length = alone ? 0 : strlen(groups);
		(void)snprintf(groups + length, AGENT_GROUPS_SIZE - length, "%s%s",
			       length > 0 ? "," : "", group);
		r = agent_groups_write(queue, entry->id_text, groups, &why);
	}
	if (r >= 0) {
		log_info("Agent %s %s is in group %s now, for %s (user %s of the API)",
			 entry->id_text, entry->name, groups, api_exchange_peer(call->exchange),
			 call->input.user);
		return true;
	}
	log_error("%s (client %s, user %s of the API)",
		  r == -ENODATA || r == -ENOMEM ? "Groups cannot be kept" : why.text,
		  api_exchange_peer(call->exchange), call->input.user);
	return api_problem_code(problem, API_INTERNAL, NULL);
}

static void put_group(struct incoming_call *call)
{
	const char *group = call->input.path.segments[3];
	const char *force = api_query_get(&call->input.query, "force_single_group");
	bool alone = force && api_boolean_parse(force) == 1;
	char all[512], some[512], none[512];
	cleanup(api_result_clear) struct api_result result = { .all = all,
							       .some = some,
							       .none = none };
	const struct roster_entry *entry;
	struct api_problem problem = { 0 };

	if (!id_is_good(call) || !group_is_good(call))
		return;
	(void)snprintf(all, sizeof all, "All selected agents were assigned to %s%s", group,
		       alone ? " and removed from the other groups" : "");
	(void)snprintf(some, sizeof some, "Some agents were not assigned to %s%s", group,
		       alone ? " and removed from the other groups" : "");
	(void)snprintf(none, sizeof none, "No agents were assigned to %s", group);
	entry = find_agent(call, &problem);
	if (entry && join_group(call, entry, alone, &problem))
		api_result_add(&result, json_string(entry->id_text));
	else
		api_result_fail(&result, call->input.path.segments[1], &problem);
	call->result.answer = api_result_print(&result, call->input.pretty);
}

/* ------------------------------------------------------------------ the list of calls */

static const struct api_parameter_rule quick_parameters[] = {
	{ .name = "agent_name", .kind = API_PARAMETER_TEXT, .required = true },
	{ .name = NULL },
};

static const struct api_parameter_rule group_parameters[] = {
	{ .name = "force_single_group", .kind = API_PARAMETER_BOOLEAN },
	{ .name = NULL },
};

const struct api_route api_agent_routes[] = {
	{ .method = API_POST,
	  .pattern = "/agents",
	  .run = add_agent,
	  .parameters = api_no_parameters,
	  .has_body = true,
	  .body = API_BODY_ADD },
	{ .method = API_POST,
	  .pattern = "/agents/insert",
	  .run = insert_agent,
	  .parameters = api_no_parameters,
	  .has_body = true,
	  .body = API_BODY_INSERT },
	{ .method = API_POST,
	  .pattern = "/agents/insert/quick",
	  .run = insert_quick,
	  .parameters = quick_parameters },
	{ .method = API_GET,
	  .pattern = "/agents",
	  .run = api_list_agents,
	  .parameters = api_list_parameters },
	{ .method = API_DELETE,
	  .pattern = "/agents",
	  .run = api_remove_agents,
	  .parameters = api_remove_parameters },
	{ .method = API_GET,
	  .pattern = "/agents/{}/key",
	  .run = get_key,
	  .parameters = api_no_parameters },
	{ .method = API_PUT,
	  .pattern = "/agents/{}/group/{}",
	  .run = put_group,
	  .parameters = group_parameters },
	{ .pattern = NULL },
};
