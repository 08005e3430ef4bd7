/* SPDX-License-Identifier: ISC */
/*
 * Parsing replies of Wazuh's API. Pure.
 *
 *	4.x  {"data":{...},"error":0}, and of a refusal
 *	     {"title","detail","remediation","error":CODE}
 *	     several agents:
 *	     {"data":{"affected_items":[...],
 *	      "failed_items":[{"error":{"code","message"}}]},"error":1}
 *	3.x  {"error":0,"data":...}, and of a refusal {"error":CODE,"message"} with HTTP status
 *	     200, 400 or 500
 *
 * Origin: Wazuh 4.14.5 api/api/spec/spec.yaml and framework/wazuh/core/exception.py, wazuh-api
 * 3.13.6 helpers/errors.js and helpers/response_handler.js.
 */
#pragma once

#include "common/agent-key.h"
#include "common/must-check.h"
#include "common/outcome.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define API_NO_SUCH_AGENT 1701
#define API_NO_PERMISSION 4000

/* Initialize with api_reply_parse(), free with api_reply_clear(). */
struct api_reply {
	int status; /* of HTTP */
	/* the object; null: the body is not an object, or has a duplicate member */
	json_t *root;
	long long code;   /* of the error; 0: none */
	const char *text; /* of the error, in `root`; null: none */
	size_t length;
};

void api_reply_parse(struct api_reply *ret, int status, const char *body, size_t length);

/* Did the call succeed? */
bool api_reply_is_success(const struct api_reply *reply) must_check;

/* Is it the response of version 3 to an unknown path? */
bool api_reply_is_of_version_3(const struct api_reply *reply) must_check;

/* A string in "data"; null: it is missing, or not a string. Valid until api_reply_clear(). */
const char *api_reply_text(const struct api_reply *reply, const char *member);

/*
 * The only element of "affected_items"; null: there is none, or there are several. Valid until
 * api_reply_clear().
 */
const json_t *api_reply_item(const struct api_reply *reply);

/*
 * The outcome of a reply that is not a success; never OUTCOME_OK. `ret_hint` is set to the remedy,
 * static, or to null; to null for OUTCOME_DUPLICATE, whose remedy depends on more.
 */
enum outcome api_reply_outcome(const struct api_reply *reply, const char **ret_hint) must_check;

/* What such a reply is about. */
enum refusal_subject api_reply_subject(const struct api_reply *reply) must_check;

/*
 * Does a reply that is not a success mean for certain that nothing was done? A server error of a
 * gateway or a cluster node that timed out may follow a request that was carried out.
 */
bool api_reply_is_final(const struct api_reply *reply) must_check;

void api_reply_clear(struct api_reply *reply);

/*
 * Parse a key of the API: a whole line "ID NAME IP KEY" in base64. Returns null with `ret` set, or
 * a static text with the problem.
 */
const char *api_key_parse(struct agent_key *ret, const char *base64) must_check;
