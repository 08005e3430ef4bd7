/* SPDX-License-Identifier: ISC */
#include "registrar/api/body.h"

#include "common/cleanup.h"
#include "common/escape.h"
#include "registrar/api/request.h"

#include <jansson.h>
#include <string.h>

#define SHOWN_SIZE 160
#define USUAL_TIME 3600 /* Wazuh's default for both times */
#define ID_MIN 3

DEFINE_RELEASE(json, json_t *, json_decref)

static const char *const members_of[][6] = {
	[API_BODY_ADD] = { "name", "ip" },
	[API_BODY_INSERT] = { "name", "ip", "id", "key", "force" },
};

static const char *const force_members[] = { "enabled", "disconnected_time",
					     "after_registration_time", NULL };
static const char *const disconnected_members[] = { "enabled", "value", NULL };

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

	json_object_foreach(
		(json_t *)object, name,
		value) if (!is_among(names,
				     name)) return api_problem_set(problem, 400, "Bad Request",
								   "Invalid field found {'%s'}",
								   escape_string(shown,
										 sizeof shown,
										 name));
	return true;
}

static bool has_type(const json_t *value, json_type type, const char *path,
		     struct api_problem *problem)
{
	static const char *const names[] = {
		[JSON_OBJECT] = "object",
		[JSON_STRING] = "string",
		[JSON_TRUE] = "boolean",
	};

	if (type == JSON_TRUE ? json_is_boolean(value) : json_typeof(value) == type)
		return true;
	return api_problem_set(problem, 400, "Bad Request", "The value is not of type '%s' - '%s'",
			       names[type], path);
}

static bool is_none_of(const char *value, const char *format, const char *path,
		       struct api_problem *problem)
{
	char shown[SHOWN_SIZE];

	return api_problem_set(problem, 400, "Bad Request", "'%s' is not a '%s' - '%s'",
			       escape_string(shown, sizeof shown, value), format, path);
}

/* Copy a member into `target`; missing: leave it empty. */
static bool take_text(const json_t *object, const char *name, char *target, size_t size,
		      const char *format, struct api_problem *problem)
{
	const json_t *value = json_object_get(object, name);
	const char *text;

	if (!value)
		return true;
	if (!has_type(value, JSON_STRING, name, problem))
		return false;
	text = json_string_value(value);
	if (text[0] == '\0' || strlen(text) >= size || strlen(text) != json_string_length(value))
		return is_none_of(text, format, name, problem);
	memcpy(target, text, strlen(text) + 1);
	return true;
}

bool api_name_is_acceptable(const char *name, struct api_problem *problem)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz01234567"
				      "89_-.%";

	if (name[0] == '\0' || name[strspn(name, allowed)] != '\0')
		return is_none_of(name, "names", "name", problem);
	return strlen(name) <= AGENT_NAME_MAX || api_problem_code(problem, API_NAME_LONG, NULL);
}

static bool take_name(const json_t *object, struct api_body *body, struct api_problem *problem)
{
	const json_t *value = json_object_get(object, "name");

	if (!value)
		return api_problem_set(problem, 400, "Bad Request",
				       "'name' is a required property");
	if (!has_type(value, JSON_STRING, "name", problem) ||
	    !api_name_is_acceptable(json_string_value(value), problem))
		return false;
	return take_text(object, "name", body->name, sizeof body->name, "names", problem);
}

static bool take_id(const json_t *object, struct api_body *body, struct api_problem *problem)
{
	if (!take_text(object, "id", body->id, sizeof body->id, "numbers", problem))
		return false;
	if (body->id[strspn(body->id, "0123456789")] != '\0')
		return is_none_of(body->id, "numbers", "id", problem);
	if (body->id[0] != '\0' && strlen(body->id) < ID_MIN)
		return api_problem_set(problem, 400, "Bad Request", "'%s' is too short - 'id'",
				       body->id);
	return true;
}

static bool take_key(const json_t *object, struct api_body *body, struct api_problem *problem)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz01234567"
				      "89";

	if (!take_text(object, "key", body->key, sizeof body->key, "wazuh_key", problem)) {
		/* Not even a wrong key belongs in an answer, which may be logged. */
		return api_problem_set(problem, 400, "Bad Request",
				       "The value is not a 'wazuh_key' - 'key'");
	}
	if (body->key[strspn(body->key, allowed)] != '\0')
		return api_problem_set(problem, 400, "Bad Request",
				       "The value is not a 'wazuh_key' - 'key'");
	return body->key[0] == '\0' || strlen(body->key) >= AGENT_KEY_USUAL ||
	       api_problem_code(problem, API_KEY_SHORT, NULL);
}

/* ------------------------------------------------------------------ force */

static bool take_boolean(const json_t *object, const char *name, const char *path, bool *target,
			 struct api_problem *problem)
{
	const json_t *value = json_object_get(object, name);

	if (!value)
		return true;
	if (!has_type(value, JSON_TRUE, path, problem))
		return false;
	*target = json_is_true(value);
	return true;
}

static bool take_time(const json_t *object, const char *name, const char *path, long long *target,
		      struct api_problem *problem)
{
	const json_t *value = json_object_get(object, name);

	if (!value)
		return true;
	if (!has_type(value, JSON_STRING, path, problem))
		return false;
	if (api_timeframe_parse(json_string_value(value)) < 0)
		return is_none_of(json_string_value(value), "timeframe", path, problem);
	*target = api_timeframe_parse(json_string_value(value));
	return true;
}

static bool take_force(const json_t *object, struct api_force *force, struct api_problem *problem)
{
	const json_t *value = json_object_get(object, "force"), *disconnected;

	if (!value)
		return true;
	*force = (struct api_force){
		.enabled = true,
		.check_disconnected = true,
		.disconnected_time = USUAL_TIME,
		.after_registration_time = USUAL_TIME,
	};
	if (!has_type(value, JSON_OBJECT, "force", problem) ||
	    !has_no_others(value, force_members, problem) ||
	    !take_boolean(value, "enabled", "force.enabled", &force->enabled, problem) ||
	    !take_time(value, "after_registration_time", "force.after_registration_time",
		       &force->after_registration_time, problem))
		return false;
	disconnected = json_object_get(value, "disconnected_time");
	return !disconnected ||
	       (has_type(disconnected, JSON_OBJECT, "force.disconnected_time", problem) &&
		has_no_others(disconnected, disconnected_members, problem) &&
		take_boolean(disconnected, "enabled", "force.disconnected_time.enabled",
			     &force->check_disconnected, problem) &&
		take_time(disconnected, "value", "force.disconnected_time.value",
			  &force->disconnected_time, problem));
}

/* ------------------------------------------------------------------ the whole body */

bool api_body_parse(struct api_body *ret, enum api_body_kind kind, const char *text, size_t length,
		    struct api_problem *problem)
{
	cleanup(release_json) json_t *object = NULL;
	struct api_body body = { .name = "" };
	bool good;

	if (length == 0)
		return api_problem_set(problem, 400, "Bad Request", "RequestBody is required");
	object = json_loadb(text, length, JSON_DECODE_ANY, NULL);
	if (!object)
		return api_problem_code(problem, API_NO_JSON, NULL);
	if (!json_is_object(object))
		return api_problem_set(problem, 400, "Bad Request",
				       "The body is not of type 'object'");
	good = has_no_others(object, members_of[kind], problem) &&
	       take_name(object, &body, problem) &&
	       take_text(object, "ip", body.ip, sizeof body.ip, "alphanumeric", problem) &&
	       take_id(object, &body, problem) && take_key(object, &body, problem) &&
	       take_force(object, &body.force, problem);
	if (good)
		*ret = body;
	explicit_bzero(&body, sizeof body);
	return good;
}
