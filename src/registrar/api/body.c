/* SPDX-License-Identifier: ISC */
#include "registrar/api/body.h"

#include "common/cleanup.h"
#include "common/json-read.h"
#include "registrar/api/json-fault.h"
#include "registrar/api/parameters.h"
#include "registrar/api/repr.h"
#include "registrar/api/request.h"

#include <ctype.h>
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define SHOWN_SIZE 1024
#define USUAL_TIME 3600 /* Wazuh's default for both times */
#define ID_MIN 3

DEFINE_RELEASE(json, json_t *, json_decref)

/* What the models of the calls know; every other member is refused. */
static const char *const members_of[][9] = {
	[API_BODY_ADD] = { "name", "ip", "force" },
	[API_BODY_INSERT] = { "name", "ip", "id", "key", "force" },
	[API_BODY_TOKEN] = { "address", "port", "prefix", "ttl", "max_uses", "description",
			     "embed_ca", "no_credential" },
};
static const char *const force_members[] = { "enabled", "disconnected_time",
					     "after_registration_time", NULL };
static const char *const disconnected_members[] = { "enabled", "value", NULL };

/* ------------------------------------------------------------------ refusals */

/* "VALUE WHAT - 'PATH'"; without a path, of the body as a whole. Returns false. */
static bool refuse(struct api_problem *problem, const json_t *value, const char *what,
		   const char *path)
{
	char shown[SHOWN_SIZE];

	return api_problem_set(problem, 400, "Bad Request", "%s %s%s%s%s",
			       api_repr_json(shown, sizeof shown, value), what, path ? " - '" : "",
			       path ?: "", path ? "'" : "");
}

static bool check_type(const json_t *value, json_type type, const char *path,
		       struct api_problem *problem)
{
	static const char *const names[] = {
		[JSON_OBJECT] = "is not of type 'object'",
		[JSON_STRING] = "is not of type 'string'",
		[JSON_INTEGER] = "is not of type 'integer'",
		[JSON_TRUE] = "is not of type 'boolean'",
	};

	return (type == JSON_TRUE ? json_is_boolean(value) : json_typeof(value) == type) ||
	       refuse(problem, value, names[type], path);
}

static bool has_only(const char *text, const char *others)
{
	for (; *text; text++)
		if (!isalnum((unsigned char)*text) && (unsigned char)*text < 0x80 &&
		    !strchr(others, *text))
			return false;
	return true;
}

/* Is the text without a NUL, and does it fit? */
static bool fits(const json_t *value, size_t size)
{
	size_t length = json_string_length(value);

	return length < size && length == strlen(json_string_value(value));
}

/* ------------------------------------------------------------------ the schema */

static bool check_name(const json_t *value, struct api_problem *problem)
{
	return check_type(value, JSON_STRING, "name", problem) &&
	       ((fits(value, SIZE_MAX) && api_is_names(json_string_value(value))) ||
		refuse(problem, value, "is not a 'names'", "name"));
}

/* Whether it is an address, the registration says. */
static bool check_ip(const json_t *value, struct api_problem *problem)
{
	const char *text = json_string_value(value);

	return check_type(value, JSON_STRING, "ip", problem) &&
	       ((fits(value, SIZE_MAX) && text[0] &&
		 has_only(text, "_,*<>!-.+ \t\n\r\v\f:/()[]'\"|=~#")) ||
		refuse(problem, value, "is not a 'alphanumeric_symbols'", "ip"));
}

static bool check_id(const json_t *value, struct api_problem *problem)
{
	const char *text = json_string_value(value);

	if (!check_type(value, JSON_STRING, "id", problem))
		return false;
	if (json_string_length(value) < ID_MIN)
		return refuse(problem, value, "is too short", "id");
	return (fits(value, AGENT_ID_MAX + 1) && text[strspn(text, "0123456789")] == '\0') ||
	       refuse(problem, value, "is not a 'numbers'", "id");
}

/* Not even a wrong key belongs in an answer, which may be logged. */
static bool refuse_key(struct api_problem *problem, const char *what)
{
	return api_problem_set(problem, 400, "Bad Request", "The value %s - 'key'", what);
}

static bool check_key(const json_t *value, struct api_problem *problem)
{
	const char *text = json_string_value(value);

	if (!check_type(value, JSON_STRING, "key", problem))
		return false;
	if (json_string_length(value) > AGENT_KEY_USUAL)
		return refuse_key(problem, "is too long");
	if (json_string_length(value) < AGENT_KEY_USUAL)
		return refuse_key(problem, "is too short");
	for (size_t i = 0; i < AGENT_KEY_USUAL; i++)
		if (!isalnum((unsigned char)text[i]))
			return refuse_key(problem, "is not a 'wazuh_key'");
	return true;
}

static bool check_time(const json_t *value, const char *path, struct api_problem *problem)
{
	return check_type(value, JSON_STRING, path, problem) &&
	       ((fits(value, SIZE_MAX) && api_timeframe_parse(json_string_value(value)) >= 0) ||
		refuse(problem, value, "is not a 'timeframe'", path));
}

static bool check_force(const json_t *force, struct api_problem *problem)
{
	const json_t *enabled = json_object_get(force, "enabled"),
		     *disconnected = json_object_get(force, "disconnected_time"),
		     *after = json_object_get(force, "after_registration_time"),
		     *asked = json_object_get(disconnected, "enabled"),
		     *value = json_object_get(disconnected, "value");

	return check_type(force, JSON_OBJECT, "force", problem) &&
	       (!enabled || check_type(enabled, JSON_TRUE, "force.enabled", problem)) &&
	       (!disconnected ||
		check_type(disconnected, JSON_OBJECT, "force.disconnected_time", problem)) &&
	       (!asked ||
		check_type(asked, JSON_TRUE, "force.disconnected_time.enabled", problem)) &&
	       (!value || check_time(value, "force.disconnected_time.value", problem)) &&
	       (!after || check_time(after, "force.after_registration_time", problem));
}

/* Each member that is there, in the order of Wazuh's schema, and then whether one is missing. */
static bool check_schema(const json_t *body, enum api_body_kind kind, struct api_problem *problem)
{
	const json_t *name = json_object_get(body, "name"), *ip = json_object_get(body, "ip"),
		     *force = json_object_get(body, "force"), *id = NULL, *key = NULL;

	if (!check_type(body, JSON_OBJECT, NULL, problem))
		return false;
	if (kind == API_BODY_INSERT) {
		id = json_object_get(body, "id");
		key = json_object_get(body, "key");
	}
	return (!id || check_id(id, problem)) && (!key || check_key(key, problem)) &&
	       (!name || check_name(name, problem)) && (!ip || check_ip(ip, problem)) &&
	       (!force || check_force(force, problem)) &&
	       (name ||
		api_problem_set(problem, 400, "Bad Request", "'name' is a required property"));
}

/* ------------------------------------------------------------------ ... of a token */

/* What the texts are, the one says who makes the token. */
static bool check_token_text(const json_t *body, const char *name, struct api_problem *problem)
{
	const json_t *value = json_object_get(body, name);

	return !value ||
	       (check_type(value, JSON_STRING, name, problem) &&
		(fits(value, SIZE_MAX) || refuse(problem, value, "has a NUL in it", name)) &&
		(fits(value, TOKEN_TEXT_SIZE) || refuse(problem, value, "is too long", name)));
}

static bool check_token_number(const json_t *body, const char *name, json_int_t least,
			       json_int_t most, struct api_problem *problem)
{
	const json_t *value = json_object_get(body, name);
	json_int_t number = json_integer_value(value);
	char what[64];

	(void)snprintf(what, sizeof what,
		       "is not between %" JSON_INTEGER_FORMAT " and %" JSON_INTEGER_FORMAT, least,
		       most);
	return !value ||
	       (check_type(value, JSON_INTEGER, name, problem) &&
		((number >= least && number <= most) || refuse(problem, value, what, name)));
}

static bool check_token_flag(const json_t *body, const char *name, struct api_problem *problem)
{
	const json_t *value = json_object_get(body, name);

	return !value || check_type(value, JSON_TRUE, name, problem);
}

static bool check_ttl(const json_t *value, struct api_problem *problem)
{
	return !value || (check_time(value, "ttl", problem) &&
			  (api_timeframe_parse(json_string_value(value)) > 0 ||
			   api_problem_code(problem, API_TIMEFRAME, "it is 0 - 'ttl'")));
}

static bool check_token(const json_t *body, struct api_problem *problem)
{
	return check_type(body, JSON_OBJECT, NULL, problem) &&
	       check_token_text(body, "address", problem) &&
	       check_token_number(body, "port", 1, UINT16_MAX, problem) &&
	       check_token_text(body, "prefix", problem) &&
	       check_ttl(json_object_get(body, "ttl"), problem) &&
	       check_token_number(body, "max_uses", 0, UINT32_MAX, problem) &&
	       check_token_text(body, "description", problem) &&
	       check_token_flag(body, "embed_ca", problem) &&
	       check_token_flag(body, "no_credential", problem) &&
	       (json_object_get(body, "address") ||
		api_problem_set(problem, 400, "Bad Request", "'address' is a required property"));
}

/* ------------------------------------------------------------------ members */

static bool is_among(const char *const *names, const char *name)
{
	for (; *names; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

static bool has_no_others(const json_t *object, const char *const *names,
			  struct api_problem *problem)
{
	char shown[SHOWN_SIZE];
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)object, name, value) {
		if (!is_among(names, name))
			return api_problem_set(
				problem, 400, "Bad Request", "Invalid field found {%s}",
				api_repr_text(shown, sizeof shown, name, strlen(name)));
	}
	return true;
}

static bool has_no_unknown_members(const json_t *body, enum api_body_kind kind,
				   struct api_problem *problem)
{
	const json_t *force = kind == API_BODY_TOKEN ? NULL : json_object_get(body, "force");
	const json_t *disconnected = json_object_get(force, "disconnected_time");

	return has_no_others(body, members_of[kind], problem) &&
	       (!force || has_no_others(force, force_members, problem)) &&
	       (!disconnected || has_no_others(disconnected, disconnected_members, problem));
}

static void take_text(char *target, const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	if (text)
		memcpy(target, text, strlen(text) + 1);
}

/* What is longer than any address is none; the beginning of it shows that as well. */
static void take_ip(struct api_body *body, const json_t *object)
{
	const char *text = json_string_value(json_object_get(object, "ip"));

	(void)snprintf(body->ip, sizeof body->ip, "%s", text ?: "");
	api_utf8_trim(body->ip);
}

static void take_time(long long *target, const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	if (text)
		*target = api_timeframe_parse(text);
}

static void take_force(struct api_force *force, const json_t *object, enum api_body_kind kind)
{
	const json_t *value = json_object_get(object, "force"),
		     *disconnected = json_object_get(value, "disconnected_time"),
		     *enabled = json_object_get(value, "enabled"),
		     *asked = json_object_get(disconnected, "enabled");

	*force = (struct api_force){
		.enabled = value || kind == API_BODY_INSERT,
		.check_disconnected = true,
		.disconnected_time = USUAL_TIME,
		.after_registration_time = USUAL_TIME,
	};
	if (enabled)
		force->enabled = json_is_true(enabled);
	if (asked)
		force->check_disconnected = json_is_true(asked);
	take_time(&force->disconnected_time, disconnected, "value");
	take_time(&force->after_registration_time, value, "after_registration_time");
}

static void take_token(struct token_make_request *token, const json_t *object)
{
	const char *ttl = json_string_value(json_object_get(object, "ttl"));
	long long seconds = ttl ? api_timeframe_parse(ttl) : 0;

	take_text(token->address, object, "address");
	token->port = (uint16_t)json_integer_value(json_object_get(object, "port"));
	take_text(token->prefix, object, "prefix");
	token->has_prefix = json_object_get(object, "prefix");
	token->ttl = seconds > UINT32_MAX ? UINT32_MAX : (uint32_t)seconds;
	token->most = (uint32_t)json_integer_value(json_object_get(object, "max_uses"));
	take_text(token->description, object, "description");
	token->embeds_ca = json_is_true(json_object_get(object, "embed_ca"));
	token->has_no_credential = json_is_true(json_object_get(object, "no_credential"));
}

static void take_agent(struct api_body *body, const json_t *object, enum api_body_kind kind)
{
	take_text(body->name, object, "name");
	take_ip(body, object);
	if (kind == API_BODY_INSERT) {
		take_text(body->id, object, "id");
		take_text(body->key, object, "key");
	}
	take_force(&body->force, object, kind);
}

bool api_name_is_short_enough(const char *name, struct api_problem *problem)
{
	return strlen(name) <= AGENT_NAME_MAX || api_problem_code(problem, API_NAME_LONG, NULL);
}

/* ------------------------------------------------------------------ the whole body */

static json_t *read_json(const char *text, size_t length, struct api_problem *problem)
{
	char why[128];
	json_t *value = NULL;

	switch (length == 0 ? API_JSON_OK : api_json_fault_find(why, sizeof why, text, length)) {
	case API_JSON_BROKEN:
		(void)api_problem_set(problem, 400, "Bad Request", "%s", why);
		return NULL;
	case API_JSON_TOO_DEEP:
		(void)api_problem_set(problem, 400, "Maximum recursion depth exceeded.",
				      "The JSON structure of the request "
				      "exceeds the maximum nesting depth allowed by the API.");
		return NULL;
	case API_JSON_OK:
		break;
	}
	if (length > 0)
		value = json_read(text, length, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	if (length == 0 || json_is_null(value)) {
		json_decref(value);
		(void)api_problem_set(problem, 400, "Bad Request",
				      "Request body must not be empty");
		return NULL;
	}
	if (!value)
		(void)api_problem_code(problem, API_NO_JSON, NULL);
	return value;
}

bool api_body_parse(struct api_body *ret, enum api_body_kind kind, bool is_typed, const char *text,
		    size_t length, struct api_problem *problem)
{
	cleanup(release_json) json_t *object = read_json(text, length, problem);
	struct api_body body = { .name = "" };

	if (!object || !(kind == API_BODY_TOKEN ? check_token(object, problem)
						: check_schema(object, kind, problem)))
		return false;
	if (!is_typed)
		return api_problem_code(problem, API_CONTENT_TYPE, NULL);
	if (!has_no_unknown_members(object, kind, problem))
		return false;
	if (kind == API_BODY_TOKEN)
		take_token(&body.token, object);
	else if (api_name_is_short_enough(json_string_value(json_object_get(object, "name")),
					  problem))
		take_agent(&body, object, kind);
	else
		return false;
	*ret = body;
	explicit_bzero(&body, sizeof body);
	return true;
}
