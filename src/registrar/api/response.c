/* SPDX-License-Identifier: ISC */
#include "registrar/api/response.h"

#include "common/cleanup.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

DEFINE_RELEASE(json, json_t *, json_decref)

static void wipe_and_free(void *memory)
{
	if (memory)
		explicit_bzero(memory, malloc_usable_size(memory));
	free(memory);
}

void api_response_set_up(void)
{
	json_set_alloc_funcs(malloc, wipe_and_free);
}

static char *print(const json_t *object, bool pretty)
{
	/*
	 * As Python prints it: ASCII only, blanks behind commas and colons; pretty is an
	 * indentation of three.
	 */
	return object ? json_dumps(object, JSON_ENSURE_ASCII | (pretty ? JSON_INDENT(3) : 0))
		      : NULL;
}

/* Limits and the form of the body are looked at before there is a node to ask. */
static bool is_from_a_node(enum api_code code)
{
	return code != API_TOO_MANY_REQUESTS && code != API_BLOCKED && code != API_CONTENT_TYPE &&
	       code != API_NO_JSON;
}

char *api_response_problem(const struct api_problem *problem, const char *node, bool pretty)
{
	cleanup(release_json) json_t *object = json_pack("{s:s}", "title", problem->title);

	if (object && problem->detail[0])
		json_object_set_new(object, "detail", json_string(problem->detail));
	if (object && problem->code != API_CODE_NONE) {
		if (problem->remediation)
			json_object_set_new(object, "remediation",
					    json_string(problem->remediation));
		if (is_from_a_node(problem->code))
			json_object_set_new(object, "dapi_errors",
					    json_pack("{s:{s:s}}", node, "error", problem->detail));
		json_object_set_new(object, "error", json_integer(problem->code));
	}
	return print(object, pretty);
}

char *api_response_data(json_t *data, bool pretty)
{
	cleanup(release_json) json_t *object = json_pack("{s:o, s:i}", "data", data, "error", 0);

	return print(object, pretty);
}

char *api_response_message(const char *message, bool pretty)
{
	cleanup(release_json)
		json_t *object = json_pack("{s:s, s:i}", "message", message, "error", 0);

	return print(object, pretty);
}

void api_result_add(struct api_result *result, json_t *item)
{
	if (!result->affected)
		result->affected = json_array();
	(void)json_array_append_new(result->affected, item);
}

/* The entry of this error, if there is one: Wazuh names each error once, with all its ids. */
static json_t *find_failure(const struct api_result *result, const struct api_problem *problem)
{
	json_t *failure;
	size_t i;

	json_array_foreach(result->failed, i, failure) {
		const json_t *error = json_object_get(failure, "error");

		if (json_integer_value(json_object_get(error, "code")) == (json_int_t)problem->code)
			return failure;
	}
	return NULL;
}

/* Where to insert, so that the errors stay in the order of their codes. */
static size_t place_of(const struct api_result *result, const struct api_problem *problem)
{
	const json_t *failure;
	size_t i;

	json_array_foreach(result->failed, i, failure)
		if (json_integer_value(json_object_get(json_object_get(failure, "error"), "code")) >
		    (json_int_t)problem->code)
			return i;
	return json_array_size(result->failed);
}

void api_result_fail(struct api_result *result, const char *id, const struct api_problem *problem)
{
	json_t *failure;

	if (!result->failed)
		result->failed = json_array();
	failure = find_failure(result, problem);
	if (!failure) {
		failure = json_pack("{s:{s:i, s:s, s:s*}, s:[]}", "error", "code",
				    (int)problem->code, "message", problem->detail, "remediation",
				    problem->remediation, "id");
		(void)json_array_insert_new(result->failed, place_of(result, problem), failure);
	}
	(void)json_array_append_new(json_object_get(failure, "id"), json_string(id));
	result->failures++;
}

char *api_result_print(const struct api_result *result, bool pretty)
{
	size_t shown = json_array_size(result->affected), total = result->total ?: shown;
	const char *message = total == 0              ? result->none
			      : result->failures == 0 ? result->all
						      : result->some;
	int error = result->failures == 0 ? 0 : total == 0 ? 1 : 2;
	json_t *affected = result->affected ? json_incref(result->affected) : json_array();
	json_t *failed = result->failed ? json_incref(result->failed) : json_array();
	cleanup(release_json) json_t *object =
		json_pack("{s:{s:o, s:I, s:I, s:o}, s:s, s:i}", "data", "affected_items", affected,
			  "total_affected_items", (json_int_t)total, "total_failed_items",
			  (json_int_t)result->failures, "failed_items", failed, "message", message,
			  "error", error);

	return print(object, pretty);
}

void api_result_clear(struct api_result *result)
{
	json_decref(result->affected);
	json_decref(result->failed);
	result->affected = result->failed = NULL;
}
