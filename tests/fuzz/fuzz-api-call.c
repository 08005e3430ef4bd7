/* SPDX-License-Identifier: ISC */
/*
 * What the registrar's API reads from strangers. The first byte says what the rest is: a path, a
 * query, an Authorization header, a body, or a user's hash.
 */
#include "fuzz.h"

#include "common/must-check.h"
#include "registrar/api/body.h"
#include "registrar/api/filter.h"
#include "registrar/api/parameters.h"
#include "registrar/api/request.h"
#include "registrar/keeper/password.h"
#include "registrar/keeper/token.h"

#define TEXT_MAX 20000

static void check_shown(const struct api_problem *problem, int status)
{
	json_t *detail = json_string(problem->detail);

	HOLDS(problem->status == status);
	HOLDS(detail && !strchr(problem->detail, '\n'));
	json_decref(detail);
}

static void read_path(const char *text)
{
	static const struct api_parameter_rule rules[] = {
		{ .name = "agent_id",
		  .kind = API_PARAMETER_NUMBERS,
		  .shortest = 3,
		  .schema = API_SCHEMA_AGENT },
		{ .name = "group_id", .kind = API_PARAMETER_GROUP, .schema = API_SCHEMA_GROUP },
		{ .name = NULL },
	};
	struct api_problem problem = { 0 };
	struct api_path path;

	if (api_path_parse(&path, text) < 0)
		return;
	HOLDS(path.count <= API_SEGMENTS_MAX);
	for (size_t i = 0; i < path.count; i++)
		HOLDS(path.segments[i] > path.text &&
		      path.segments[i] + strlen(path.segments[i]) <= path.text + strlen(text));
	HOLDS(api_path_matches(&path, "/agents/{}/key") ==
	      (path.count == 3 && strcmp(path.segments[0], "agents") == 0 &&
	       strcmp(path.segments[2], "key") == 0));
	if (!api_path_check(&path, "/agents/{}/group/{}", rules, &problem))
		check_shown(&problem, 400);
	api_path_clear(&path);
}

/* What passes can be applied to an agent. */
static void apply(const struct api_query *query)
{
	static const struct agent_row row = {
		.id = "007", .name = "web-01", .ip = "10.1.2.3", .groups = "web,db"
	};
	struct api_problem problem = { 0 };
	struct api_filter filter;
	struct api_agent agent;

	if (!api_filter_read(&filter, query, "7d", &problem)) {
		check_shown(&problem, 400);
		return;
	}
	agent = api_agent_of(agent_row_copy(&row), filter.now);
	ignore_result(api_filter_matches(&filter, &agent)); /* either is right */
	json_decref(api_agent_describe(&agent, api_query_get(query, "select"), true));
	free(agent.row);
}

static void read_query(const char *text)
{
	static const char *const words[] = { "one", "two", NULL };
	static const struct api_parameter_rule rules[] = {
		{ .name = "agents_list",
		  .kind = API_PARAMETER_NUMBERS_OR_ALL,
		  .is_list = true,
		  .schema = "{}" },
		{ .name = "ids",
		  .kind = API_PARAMETER_NUMBERS,
		  .shortest = 3,
		  .longest = 8,
		  .is_list = true,
		  .schema = "{}" },
		{ .name = "word", .kind = API_PARAMETER_WORD, .words = words, .schema = "{}" },
		{ .name = "group", .kind = API_PARAMETER_GROUP, .schema = "{}" },
		{ .name = "sort", .kind = API_PARAMETER_SORT, .schema = "{}" },
		{ .name = "pretty", .kind = API_PARAMETER_BOOLEAN, .schema = "{}" },
		{ .name = "limit", .kind = API_PARAMETER_NUMBER, .most = 9, .schema = "{}" },
		{ .name = "older_than", .kind = API_PARAMETER_TIMEFRAME, .schema = "{}" },
		{ .name = "purge", .kind = API_PARAMETER_BOOLEAN, .schema = "{}" },
		{ .name = "version", .kind = API_PARAMETER_ALPHANUMERIC, .schema = "{}" },
		{ .name = "q", .kind = API_PARAMETER_TEXT },
		{ .name = "status", .kind = API_PARAMETER_TEXT, .schema = "{}" },
		{ .name = "search", .kind = API_PARAMETER_SEARCH, .schema = "{}" },
		{ .name = "select", .kind = API_PARAMETER_NAMES, .is_list = true, .schema = "{}" },
		{ .name = NULL },
	};
	struct api_problem problem = { 0 };
	struct api_query query;

	if (api_query_parse(&query, text) < 0)
		return;
	HOLDS(query.count <= API_PARAMETERS_MAX);
	if (api_parameters_check(&query, rules, &problem))
		apply(&query);
	else
		check_shown(&problem, 400);
	api_query_clear(&query);
}

/* Nobody's token is a token. */
static void read_header(const char *text)
{
	static const struct api_token_key key = { .bytes = { 1 } };
	struct api_user user = { .name = "admin" };
	const struct api_users users = { .users = &user, .count = 1 };
	struct api_credentials credentials;

	api_credentials_parse(&credentials, text);
	if (credentials.scheme == API_SCHEME_BASIC)
		HOLDS(!strchr(credentials.name, ':') &&
		      strlen(credentials.name) + strlen(credentials.password) < strlen(text));
	if (credentials.scheme == API_SCHEME_BEARER)
		HOLDS(!api_token_check(&key, &users, credentials.token, 1700000000));
	api_credentials_wipe(&credentials);
}

/* Whether it makes sense, the keeper says. */
static void check_token(const struct token_make_request *token)
{
	HOLDS(memchr(token->address, '\0', sizeof token->address));
	HOLDS(memchr(token->prefix, '\0', sizeof token->prefix));
	HOLDS(memchr(token->description, '\0', sizeof token->description));
	HOLDS(token->has_prefix || token->prefix[0] == '\0');
}

static void read_body(const char *text, size_t length, enum api_body_kind kind, bool is_json)
{
	struct api_problem problem = { 0 };
	struct api_body body;

	if (!api_body_parse(&body, kind, is_json, text, length, &problem)) {
		/* What is right, but not said to be JSON, is refused for that alone. */
		HOLDS(problem.code != API_CONTENT_TYPE || !is_json);
		check_shown(&problem, problem.code == API_CONTENT_TYPE ? 406 : 400);
		return;
	}
	HOLDS(is_json);
	if (kind == API_BODY_TOKEN) {
		check_token(&body.token);
		return;
	}
	HOLDS(body.name[0] != '\0' && strlen(body.name) <= AGENT_NAME_MAX);
	HOLDS(body.key[0] == '\0' || strlen(body.key) >= AGENT_KEY_USUAL);
	HOLDS(body.id[0] == '\0' || agent_id_is_valid(body.id, strlen(body.id)));
	HOLDS(kind == API_BODY_INSERT || (body.id[0] == '\0' && body.key[0] == '\0'));
	HOLDS(body.force.disconnected_time >= 0 && body.force.after_registration_time >= 0);
}

/* One that is made is of its text, and of no other. Slow by design: once for each process. */
static void make_hash(const char *text, size_t length)
{
	static bool is_made;
	struct api_password made;

	if (is_made)
		return;
	is_made = true;
	HOLDS(api_password_make(&made, text, length) == 0);
	HOLDS(api_password_check(&made, text, length) == 1);
	HOLDS(strcmp(text, "another") == 0 || api_password_check(&made, "another", 7) == 0);
}

static void read_hash(const char *text, size_t length)
{
	struct api_password password, again;
	char formatted[API_HASH_TEXT_SIZE];

	make_hash(text, length);
	if (api_password_parse(&password, text, length) < 0)
		return;
	api_password_format(formatted, &password);
	HOLDS(api_password_parse(&again, formatted, strlen(formatted)) == 0);
	HOLDS(api_password_is_same(&password, &again));
	/* trying one is slow by design */
	if (password.log2_n == 10 && password.r == 1 && password.p == 1)
		HOLDS(api_password_check(&password, text, length) == 0);
	api_password_decoy(&again, &password);
	HOLDS(!api_password_is_same(&password, &again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum api_body_kind kinds[] = { API_BODY_ADD, API_BODY_INSERT, API_BODY_TOKEN };
	static char text[TEXT_MAX + 1];

	if (size < 1 || size > TEXT_MAX)
		return 0;
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	switch (data[0] % 7) {
	case 0:
		read_path(text);
		break;
	case 1:
		read_query(text);
		break;
	case 2:
		read_header(text);
		break;
	case 3:
		read_hash(text, size - 1);
		break;
	default:
		read_body(text, size - 1, kinds[data[0] % 7 - 4], data[0] < 7);
		break;
	}
	return 0;
}
