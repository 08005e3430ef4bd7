/* SPDX-License-Identifier: ISC */
/*
 * What a reply of Wazuh's API says. Pure: bytes in, a judgement out.
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
#include "common/outcome.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define API_NO_SUCH_AGENT 1701

/* Start with api_reply_parse(), end with api_reply_done(). */
struct api_reply {
	int status;       /* of HTTP */
	json_t *root;     /* the object; null: the body is none, or has a member twice */
	long long code;   /* of the error; 0: none, or without a number */
	const char *text; /* of the error, in `root`; null: none */
	size_t length;
};

void api_reply_parse(struct api_reply *ret, int status, const char *body, size_t length);

/* Did the manager do what it was asked for? */
bool api_reply_is_success(const struct api_reply *reply);

/* Is it how version 3 answers to a path that it does not have? */
bool api_reply_is_of_version_3(const struct api_reply *reply);

/* A text within "data"; null: it is not there, or no text. */
const char *api_reply_text(const struct api_reply *reply, const char *member);

/* The only one of "affected_items"; null: there is none, or there are several. */
const json_t *api_reply_item(const struct api_reply *reply);

/* What a reply that is no success means; never OUTCOME_OK. `ret_hint` gets the remedy, or null. */
enum outcome api_reply_outcome(const struct api_reply *reply, const char **ret_hint);

/*
 * Does a reply that is no success say for sure that nothing was done? A server error may come when
 * all was done already, from a gateway or a node of the cluster that had not the patience to hear
 * of it.
 */
bool api_reply_is_final(const struct api_reply *reply);

void api_reply_done(struct api_reply *reply);

/*
 * The record in a key of the API: the base64 of a whole line "ID NAME IP KEY". Returns null with
 * `ret` set, or what is wrong with it in words.
 */
const char *api_key_parse(struct agent_key *ret, const char *base64);
