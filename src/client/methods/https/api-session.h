/* SPDX-License-Identifier: ISC */
/* A session with Wazuh's API: logging in, calling, and the meaning of refusals. */
#pragma once

#include "client/methods/https/api-reply.h"
#include "client/methods/https/https.h"
#include "common/must-check.h"

struct api_session {
	const struct attempt *attempt;
	struct attempt_report *report;
	char manager[ENDPOINT_TEXT_SIZE];
	struct https *https;
	char *authorization; /* owned, a secret */
	bool is_version_3;
	time_t date;       /* the manager's clock in its last reply; -1: unknown */
	const char *right; /* for the last call; not owned; null: none */
	bool lacks_right;  /* the user has not got it */
};

/* Terminated strings, not owned. */
struct api_call {
	const char *method;
	const char *path;
	const char *body; /* JSON; null: none */
	bool changes;     /* see struct https_request */
	/* what the API's user must be allowed to do, for messages */
	const char *right;
};

/*
 * Log in. `session` must be zeros; free it with api_session_close(), also after a failure. Returns
 * OUTCOME_OK, or an outcome or a negative errno with the report's `why` set.
 */
int api_session_begin(struct api_session *session, const struct attempt *attempt,
		      struct attempt_report *report) must_check;

/*
 * Make a call. Returns OUTCOME_OK with any reply in `ret`, to be freed with api_reply_clear(), or
 * as https_send().
 */
int api_session_call(struct api_session *session, const struct api_call *call,
		     struct api_reply *ret) must_check;

/* The outcome of a reply that is not a success, with the report's `why` set. */
int api_session_refused(struct api_session *session, const struct api_reply *reply) must_check;

void api_session_close(struct api_session *session);

/*
 * Request the key of an agent. Returns OUTCOME_OK with `ret` set or, when the manager has no agent
 * with that ID, with *ret_exists false; otherwise an outcome or a negative errno, with the report's
 * `why` set.
 */
int api_session_key(struct api_session *session, const char *id, struct agent_key *ret,
		    bool *ret_exists) must_check;

/*
 * After a refusal as a duplicate, when an earlier response was lost: find the agent that the
 * earlier request created, and its key (api-lost.c). Returns OUTCOME_REGISTERED with `ret` set, or
 * OUTCOME_DUPLICATE with the report's `why` as it was.
 */
int api_find_lost(struct api_session *session, struct agent_key *ret) must_check;

/*
 * Add the agent to the groups of the attempt; failures are in the report's warning (api-groups.c).
 */
void api_join_groups(struct api_session *session, const char *id);

/* Wipe and free text allocated by jansson, or a secret; for cleanup(). */
void release_wiped(char **text);
