/* SPDX-License-Identifier: ISC */
#include "registrar/api/response.h"

#include "common/cleanup.h"

#include <stdlib.h>
#include <string.h>

DEFINE_RELEASE(json, json_t *, json_decref)

#define INDENTATION 3

static char *print(const json_t *object, bool pretty)
{
	/*
	 * As Python prints it: ASCII only, blanks behind commas and colons; pretty is an
	 * indentation of three.
	 */
	return object ? json_dumps(object, JSON_ENSURE_ASCII | JSON_ENCODE_ANY |
						   (pretty ? JSON_INDENT(INDENTATION) : 0))
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

/* ------------------------------------------------------------------ item by item */

#define DEPTH_OF_ITEMS 3 /* of braces and brackets around them */

static bool add_line_end(struct evbuffer *text, unsigned int depth)
{
	return evbuffer_add_printf(text, "\n%*s", (int)(INDENTATION * depth), "") >= 0;
}

/* Strings have no line feeds in JSON: each is the end of a line of a pretty print. */
static bool add_indented(struct evbuffer *text, const char *item)
{
	for (;; item++) {
		size_t length = strcspn(item, "\n");

		if (evbuffer_add(text, item, length) < 0)
			return false;
		item += length;
		if (*item == '\0')
			return true;
		if (!add_line_end(text, DEPTH_OF_ITEMS))
			return false;
	}
}

static bool add_printed(struct api_items *items, const char *item)
{
	const char *separator = items->count == 0 ? "" : items->pretty ? "," : ", ";

	if (!items->text)
		items->text = evbuffer_new();
	if (!items->text || evbuffer_add(items->text, separator, strlen(separator)) < 0 ||
	    (items->pretty && !add_line_end(items->text, DEPTH_OF_ITEMS)) ||
	    !add_indented(items->text, item))
		return false;
	items->count++;
	return true;
}

bool api_items_add(struct api_items *items, json_t *item)
{
	cleanup_free char *text = print(item, items->pretty);
	bool is_added = text && add_printed(items, text);

	json_decref(item);
	return is_added;
}

/* Put the items between the brackets of the whole, which has none. */
static bool put_around(struct api_items *items, struct evbuffer *ret, const char *whole)
{
	static const char place[] = "\"affected_items\": [";
	const char *found = strstr(whole, place), *rest = found ? found + strlen(place) : NULL;

	return found && evbuffer_add(ret, whole, (size_t)(rest - whole)) == 0 &&
	       (!items->text || evbuffer_add_buffer(ret, items->text) == 0) &&
	       (!items->pretty || items->count == 0 || add_line_end(ret, DEPTH_OF_ITEMS - 1)) &&
	       evbuffer_add(ret, rest, strlen(rest)) == 0;
}

struct evbuffer *api_items_print(struct api_items *items, struct api_result *result)
{
	cleanup_free char *whole = NULL;
	struct evbuffer *body = evbuffer_new();

	result->total = result->total ?: items->count;
	whole = api_result_print(result, items->pretty);
	if (body && whole && put_around(items, body, whole)) {
		api_items_clear(items);
		return body;
	}
	if (body)
		evbuffer_free(body);
	return NULL;
}

void api_items_clear(struct api_items *items)
{
	if (items->text)
		evbuffer_free(items->text);
	*items = (struct api_items){ .pretty = items->pretty };
}
