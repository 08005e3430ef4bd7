/* SPDX-License-Identifier: ISC */
/* The calls that register agents and hand out keys. */
#include "common/agent-address.h"
#include "common/cleanup.h"
#include "common/exported-key.h"
#include "registrar/api/collection.h"
#include "registrar/api/incoming-call.h"
#include "registrar/api/repr.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

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
static void explain(struct incoming_call *call, enum registration_fault fault)
{
	const struct api_body *body = &call->input.body;
	struct api_problem *problem = &call->result.problem;
	char shown[SHOWN_SIZE];

	switch (fault) {
	case REGISTRATION_NAME:
		if (!agent_name_is_valid(body->name, strlen(body->name))) {
			(void)api_problem_set(
				problem, 400, "Bad Request", "%s is not a 'names' - 'name'",
				api_repr_text(shown, sizeof shown, body->name, strlen(body->name)));
			break;
		}
		/* the manager's own */
		(void)api_problem_code(problem, API_NAME_TAKEN, "%s", body->name);
		break;
	case REGISTRATION_NAME_TAKEN:
		(void)api_problem_code(problem, API_NAME_TAKEN, "%s", body->name);
		break;
	case REGISTRATION_IP:
	case REGISTRATION_IP_TAKEN:
		(void)api_problem_code(problem, API_ADDRESS_TAKEN, "%s", body->ip);
		break;
	case REGISTRATION_ID_TAKEN:
		(void)api_problem_code(problem, API_ID_TAKEN, "%s", body->id);
		break;
	case REGISTRATION_ID:
		(void)api_problem_set(problem, 400, "Bad Request", "'%s' is not a 'numbers' - 'id'",
				      body->id);
		break;
	case REGISTRATION_LIMIT:
		(void)api_problem_code(problem, API_AUTHD_LIMIT, NULL);
		break;
	default:
		(void)api_problem_code(problem, API_NOT_REGISTERED, NULL);
		break;
	}
}

/*
 * As Python's ipaddress reads it, which Wazuh's API asks before it asks authd: without "!", and a
 * network begins with its first address.
 */
static bool ip_is_strict(const char *ip)
{
	struct agent_address address;

	if (ip[0] == '!' || agent_address_parse(&address, ip, strlen(ip)) < 0 || address.prefix < 0)
		return false;
	for (int bit = address.prefix; bit < agent_address_bits(&address); bit++)
		if (address.bytes[bit / 8] & 0x80 >> bit % 8)
			return false;
	return true;
}

static bool take_ip(struct incoming_call *call)
{
	char *ip = call->input.body.ip;

	for (char *at = ip; *at; at++)
		*at = (char)tolower((unsigned char)*at);
	return ip[0] == '\0' || ip_is_strict(ip) ||
	       api_problem_code(&call->result.problem, API_ADDRESS_TAKEN, "%s", ip);
}

/* The key as it is handed out: with the address as it was asked for, like Wazuh's API. */
static json_t *export_new_key(const struct agent_key *registered, const char *asked_ip)
{
	struct agent_key agent = *registered;
	json_t *key;

	if (asked_ip[0])
		(void)snprintf(agent.ip, sizeof agent.ip, "%s", asked_ip);
	key = export_key(&agent);
	agent_key_wipe(&agent);
	return key;
}

static void decided(struct incoming_call *call, const struct registration_decision *decision)
{
	const struct agent_key *agent = &decision->agent;

	if (decision->fault != REGISTRATION_OK) {
		explain(call, decision->fault);
		return;
	}
	call->result.answer =
		api_response_data(json_pack("{s:s, s:o}", "id", agent->id, "key",
					    export_new_key(agent, call->input.body.ip)),
				  call->input.pretty);
}

static unsigned int seconds_of(long long time)
{
	return time > UINT_MAX ? UINT_MAX : (unsigned int)time;
}

static bool describe_body(struct incoming_call *call, struct agent_registration *ret)
{
	const struct api_body *body = &call->input.body;
	const struct api_force *force = &body->force;

	ret->way = REGISTRATION_BY_API;
	ret->fields.name = field_of(body->name);
	ret->fields.ip = field_of(body->ip);
	ret->id = field_of(body->id);
	ret->key = field_of(body->key);
	ret->force = (struct registration_force){
		.enabled = force->enabled,
		.check_disconnected = force->check_disconnected,
		.disconnected_time = seconds_of(force->disconnected_time),
		.after_registration_time = seconds_of(force->after_registration_time),
	};
	return true;
}

static bool describe_agent(struct incoming_call *call, struct agent_registration *ret)
{
	return take_ip(call) && describe_body(call, ret);
}

static bool describe_quick(struct incoming_call *call, struct agent_registration *ret)
{
	const char *name = api_query_get(&call->input.query, "agent_name");

	memcpy(call->input.body.name, name, strlen(name) + 1);
	return describe_body(call, ret);
}

static const struct api_registering adding = { .describe = describe_agent, .decided = decided };
static const struct api_registering adding_quick = { .describe = describe_quick,
						     .decided = decided };

/* ------------------------------------------------------------------ one agent */

static void key_decided(struct incoming_call *call, struct registry_answer *answer)
{
	cleanup(api_result_clear) struct api_result result = {
		.all = "Obtained keys for all selected agents",
		.some = "Some agent keys were not obtained",
		.none = "No agent keys were obtained",
	};
	const char *id = call->input.path.segments[1];
	const struct agent_key *agent = &answer->key.agent;
	struct api_problem problem;

	switch (answer->key.fault) {
	case KEY_OK:
		api_result_add(&result,
			       json_pack("{s:s, s:o}", "id", agent->id, "key", export_key(agent)));
		break;
	case KEY_ABSENT:
		api_agent_is_absent(&problem, id);
		api_result_fail(&result, id, &problem);
		break;
	case KEY_INTERNAL:
		(void)api_problem_code(&problem, API_INTERNAL, NULL);
		api_result_fail(&result, id, &problem);
		break;
	}
	call->result.answer = api_result_print(&result, call->input.pretty);
	incoming_call_answer(call);
}

static void get_key(struct incoming_call *call)
{
	struct key_request *request = calloc(1, sizeof *request);

	if (request) {
		api_name_user(call, &request->user);
		api_copy_id(request->id, call->input.path.segments[1]);
	}
	api_ask(call, REGISTRY_KEY, request, key_decided);
}

/* ------------------------------------------------------------------ the list of calls */

static const struct api_parameter_rule quick_parameters[] = {
	API_COMMON_PARAMETERS,
	{ .name = "agent_name",
	  .kind = API_PARAMETER_NAMES,
	  .required = true,
	  .longest = AGENT_NAME_MAX,
	  .schema = "{'format': 'names', 'maxLength': 128, 'type': 'string'}" },
	{ .name = NULL },
};

static const struct api_parameter_rule key_path[] = {
	{ .name = "agent_id",
	  .kind = API_PARAMETER_NUMBERS,
	  .shortest = 3,
	  .schema = API_SCHEMA_AGENT },
	{ .name = NULL },
};

const struct api_route api_agent_routes[] = {
	{ .method = API_POST,
	  .pattern = "/agents",
	  .registering = &adding,
	  .parameters = api_common_parameters,
	  .has_body = true,
	  .body = API_BODY_ADD },
	{ .method = API_POST,
	  .pattern = "/agents/insert",
	  .registering = &adding,
	  .parameters = api_common_parameters,
	  .has_body = true,
	  .body = API_BODY_INSERT },
	{ .method = API_POST,
	  .pattern = "/agents/insert/quick",
	  .registering = &adding_quick,
	  .parameters = quick_parameters },
	{ .method = API_GET,
	  .pattern = "/agents",
	  .ask = api_list_agents,
	  .parameters = api_list_parameters },
	{ .method = API_DELETE,
	  .pattern = "/agents",
	  .ask = api_remove_agents,
	  .parameters = api_remove_parameters },
	{ .method = API_GET,
	  .pattern = "/agents/{}/key",
	  .ask = get_key,
	  .parameters = api_common_parameters,
	  .path_parameters = key_path },
	{ .pattern = NULL },
};
