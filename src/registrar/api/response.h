/* SPDX-License-Identifier: ISC */
/*
 * The bodies that the API answers with, in the form of Wazuh 4.14.5
 * (framework/wazuh/core/results.py, api/api/error_handler.py). All texts come from malloc(), null
 * when out of memory, and may hold keys: wipe them.
 */
#pragma once

#include "common/must-check.h"
#include "registrar/api/problem.h"

#include <event2/buffer.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * {"title", "detail", "remediation", "dapi_errors": {NODE: ...}, "error"}, as far as the problem
 * has them.
 */
char *api_response_problem(const struct api_problem *problem, const char *node,
			   bool pretty) must_check;

/* {"data": ..., "error": 0}; `data` is taken over. */
char *api_response_data(json_t *data, bool pretty) must_check;

/* {"message": ..., "error": 0} */
char *api_response_message(const char *message, bool pretty) must_check;

/*
 * What became of several agents. Begin with zero but for the messages; release with
 * api_result_clear().
 */
struct api_result {
	const char *all, *some, *none; /* the message when all, some or none were dealt with */
	json_t *affected;              /* an array; null: empty */
	json_t *failed;                /* an array of errors with their ids; null: empty */
	size_t failures;
	/* how many were dealt with, when that is more than `affected` shows; 0: what it shows */
	size_t total;
};

/* Add an item that was dealt with; taken over. */
void api_result_add(struct api_result *result, json_t *item);

/* Add the id of one that was not, and why. */
void api_result_fail(struct api_result *result, const char *id, const struct api_problem *problem);

/*
 * {"data": {"affected_items", "total_affected_items", "total_failed_items", "failed_items"},
 * "message", "error"}
 */
char *api_result_print(const struct api_result *result, bool pretty) must_check;

/* Fit for cleanup(). */
void api_result_clear(struct api_result *result);

/*
 * The items of a result that has so many of them that they are printed one by one. Zero but for
 * `pretty` at first; release with api_items_clear().
 */
struct api_items {
	bool pretty;
	struct evbuffer *text; /* null: there are none */
	size_t count;
};

/* Print an item, which is taken over. False: out of memory. */
bool api_items_add(struct api_items *items, json_t *item) must_check;

/*
 * The body with these items as those that were dealt with, as api_result_print() would print it;
 * `result` has none itself. Null: out of memory. The items are empty then.
 */
struct evbuffer *api_items_print(struct api_items *items, struct api_result *result) must_check;

/* Fit for cleanup(). */
void api_items_clear(struct api_items *items);
