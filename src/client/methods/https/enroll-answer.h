/* SPDX-License-Identifier: ISC */
/*
 * The responses of a Wazuh 5 manager to an enrollment, and their meaning.
 *
 * Rules: Wazuh 5.0.0 release candidate of September 2026,
 * docs/ref/modules/remoted/https-events-api.md and docs/ref/modules/authd/architecture.md (error
 * codes). Pure.
 */
#pragma once

#include "client/agent-files/reenroll-secret.h"
#include "common/must-check.h"
#include "common/outcome.h"
#include "common/reason.h"

#include <stdbool.h>
#include <stddef.h>

/* The identity issued by a manager. */
struct enrolled {
	struct agent_key key;
	struct reenroll_secret secret; /* without text: the manager sent none */
};

/* A response other than 200. */
struct enroll_refusal {
	enum outcome outcome;
	bool is_final; /* the manager itself reported that it did not register us */
	/* the time of our token is outside the manager's window: the clocks differ */
	bool is_stale;
	/* it is the credential that was refused: another one may be accepted */
	bool is_credential;
	/* its secret is another one than the manager's; `hint` is of any kind of credential */
	bool is_wrong;
	/* the manager may know the credential within seconds: a node of a cluster learns of it */
	bool is_not_known_yet;
	enum refusal_subject subject;
	/* the remedy; static; null: none, and for OUTCOME_DUPLICATE, where it depends on more */
	const char *hint;
	/* the manager's message, escaped, or the status when there is none */
	char text[300];
};

/*
 * Parse the body of a 200. Unknown members are ignored, because a later manager may send more;
 * duplicate, missing (except the secret) or invalid members are errors. `ret` is written only on
 * success. Returns 0, or -EBADMSG with `why` set to the problem, in lower case, to be appended to
 * the name of the manager.
 */
int enroll_answer_accept(struct enrolled *ret, const char *body, size_t length,
			 struct reason *why) must_check;

/*
 * Interpret any other response by its status, its WWW-Authenticate header (null: none) and its
 * body. `sent` is our bearer token (null: none): a message that contains it is not shown.
 */
void enroll_answer_refuse(struct enroll_refusal *ret, long status, const char *challenge,
			  const char *body, size_t length, const char *sent);

void enrolled_wipe(struct enrolled *enrolled);
