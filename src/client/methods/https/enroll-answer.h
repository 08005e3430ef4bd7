/* SPDX-License-Identifier: ISC */
/*
 * What a manager of Wazuh 5 answers an enrollment with, and what that means.
 *
 * Rules: Wazuh 5.0.0 release candidate of September 2026,
 * docs/ref/modules/remoted/https-events-api.md and docs/ref/modules/authd/architecture.md (error
 * codes). Pure.
 */
#pragma once

#include "client/agent-files/reenroll-secret.h"
#include "common/outcome.h"
#include "common/reason.h"

#include <stdbool.h>
#include <stddef.h>

/* The identity that a manager gave. */
struct enrolled {
	struct agent_key key;
	struct reenroll_secret secret; /* without text: the manager gave none */
};

/* An answer other than 200. */
struct enroll_refusal {
	enum outcome outcome;
	bool is_final; /* the manager itself has said it: it did not register us */
	bool is_stale; /* our bearer's time is outside the manager's window: the clocks differ */
	/* there is no such agent, or the secret is not its: only with the secret of an agent */
	bool is_unknown;
	const char *hint; /* what to do; static; null: nothing to add */
	/* what the manager says, escaped: a message, or the status when there is none */
	char text[300];
};

/*
 * Parse the body of a 200. Members that are not known are no fault, because a later manager may
 * send more; one that comes twice, is missing (but for the secret) or breaks its rule is. `ret` is
 * written only on success. Returns 0, or -EBADMSG with `why` set to what is wrong, without a
 * capital letter, for "MANAGER ..." to precede.
 */
int enroll_answer_accept(struct enrolled *ret, const char *body, size_t length, struct reason *why);

/*
 * Judge any other answer by its status, its WWW-Authenticate header (null: none) and its body.
 * `sent` is our bearer (null: none): a message that holds it is not shown.
 */
void enroll_answer_refuse(struct enroll_refusal *ret, long status, const char *challenge,
			  const char *body, size_t length, const char *sent);

void enrolled_wipe(struct enrolled *enrolled);
