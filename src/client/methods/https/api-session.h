/* SPDX-License-Identifier: ISC */
/* A session with Wazuh's API: logging in, calling, and what a refusal says. */
#pragma once

#include "client/methods/https/api-reply.h"
#include "client/methods/https/https.h"

struct api_session {
	const struct attempt *attempt;
	struct attempt_report *report;
	char manager[ENDPOINT_TEXT_SIZE];
	struct https *https;
	char *authorization; /* owned, a secret */
	bool is_version_3;
	time_t date; /* the manager's clock, at its last reply; -1: it does not say */
};

/* Terminated strings, not owned. */
struct api_call {
	const char *method;
	const char *path;
	const char *body; /* JSON; null: none */
	bool registers;   /* see struct https_request */
};

/*
 * Log in. `session` must be zeros; end it with api_session_done() also after a failure. Returns
 * OUTCOME_OK, or an outcome or a negative errno with the report's `why` set.
 */
int api_session_begin(struct api_session *session, const struct attempt *attempt,
		      struct attempt_report *report);

/*
 * Returns OUTCOME_OK with whatever the reply is, to be freed with api_reply_done(), or as
 * https_send() does.
 */
int api_session_call(struct api_session *session, const struct api_call *call,
		     struct api_reply *ret);

/* The outcome of a reply that is no success, with the report's `why` set. */
int api_session_refused(struct api_session *session, const struct api_reply *reply);

void api_session_done(struct api_session *session);

/*
 * Ask for the key of an agent. Returns OUTCOME_OK with `ret` set or, when the manager has no agent
 * of that id, with *ret_exists false; otherwise an outcome or a negative errno, with the report's
 * `why` set.
 */
int api_session_key(struct api_session *session, const char *id, struct agent_key *ret,
		    bool *ret_exists);

/*
 * After a refusal as a duplicate, with an answer that was lost before: find the agent that the lost
 * request has made, and its key (api-lost.c). Returns OUTCOME_REGISTERED with `ret` set, or
 * OUTCOME_DUPLICATE with the report's `why` as it was.
 */
int api_find_lost(struct api_session *session, struct agent_key *ret);

/*
 * Put the agent into the groups of the attempt; the report's warning tells of those that failed
 * (api-groups.c).
 */
void api_join_groups(struct api_session *session, const char *id);

/* Free what jansson has written, or a secret; for cleanup(). */
void release_wiped(char **text);
