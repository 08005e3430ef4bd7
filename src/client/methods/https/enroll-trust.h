/* SPDX-License-Identifier: ISC */
/*
 * How an enrollment verifies the manager, and the CA that is stored for the agent.
 *
 * The configuration (ca_file, pin, verify) takes precedence over an enrollment token. A token's CA
 * is trusted. A token's pin selects one: the CA certificates are requested from the manager over an
 * unverified connection, the one whose key matches the pin is selected, and everything else is sent
 * over a new connection, verified with it.
 */
#pragma once

#include "client/methods/https/https.h"
#include "common/must-check.h"

/* The attempt with the trust to use; nothing else is copied. Free with enroll_trust_clear(). */
struct enroll_trust {
	struct attempt attempt;
	struct tls_trust trust; /* what `attempt` points to */
	/* PEM of the manager's CA certificates; owned; null: not known (yet) */
	char *anchor;
};

/*
 * Determine how to verify the manager. Returns OUTCOME_OK, or an outcome or a negative errno, with
 * the report's `why` set. No secret is sent to the manager.
 */
int enroll_trust_establish(struct enroll_trust *ret, const struct attempt *attempt,
			   struct attempt_report *report) must_check;

/* Does the configuration say how to verify the manager, rather than an enrollment token? */
bool enroll_trust_is_configured(const struct tls_trust *trust) must_check;

/*
 * GET PREFIX/cacerts in `session`, whoever that is with. Returns as https_send().
 */
int enroll_trust_get(struct https *session, const char *prefix, struct https_reply *ret) must_check;

/*
 * With a pin in the configuration there is no CA yet: request it in `session`, whose manager is
 * verified. A manager without one causes only a warning. Returns as enroll_trust_establish().
 */
int enroll_trust_complete(struct enroll_trust *trust, struct https *session,
			  struct attempt_report *report) must_check;

/*
 * Is this the CA that the configuration or the token names, or with a pin in the configuration any
 * one, and nothing but certificates? Null: none. See struct method.
 */
int enroll_trust_check_anchor(const struct attempt *attempt, const char *anchor) must_check;

void enroll_trust_clear(struct enroll_trust *trust);
