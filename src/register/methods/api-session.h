/* SPDX-License-Identifier: ISC */
/* A session with Wazuh's API: logging in, calling, and what a refusal says. */
#pragma once

#include "register/methods/api-reply.h"
#include "register/methods/https.h"

struct api_session {
	const struct attempt *attempt;
	struct attempt_report *report;
	char manager[ENDPOINT_TEXT_SIZE];
	struct https *https;
	char *authorization; /* owned, a secret */
	bool is_version_3;
};

/* Terminated strings, not owned. */
struct api_call {
	const char *method;
	const char *path;
	const char *body; /* JSON; null: none */
	bool registers;   /* see struct https_request */
};

/*
 * Log in. `session` must be zeros; end it with api_session_done() also after a failure. Returns OUTCOME_OK, or an outcome
 * or a negative errno with the report's `why` set.
 */
int api_session_begin(struct api_session *session, const struct attempt *attempt, struct attempt_report *report);

/* Returns OUTCOME_OK with whatever the reply is, to be freed with api_reply_done(), or as https_send() does. */
int api_session_call(struct api_session *session, const struct api_call *call, struct api_reply *ret);

/* The outcome of a reply that is no success, with the report's `why` set. */
int api_session_refused(struct api_session *session, const struct api_reply *reply);

void api_session_done(struct api_session *session);

/* Free what jansson has written, or a secret; for cleanup(). */
void release_wiped(char **text);
