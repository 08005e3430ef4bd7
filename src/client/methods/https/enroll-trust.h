/* SPDX-License-Identifier: ISC */
/*
 * Whom an enrollment trusts, and what CA the agent gets to trust later.
 *
 * What the configuration says (ca_file, pin, verify) goes before what an enrollment token says. A
 * token's CA is the anchor. A token's pin names one: the manager hands out its CAs over a
 * connection that proves nothing yet, that one is taken whose key the pin is of, and everything
 * after that happens on a new connection, verified with it.
 */
#pragma once

#include "client/methods/https/https.h"

/* The attempt with what it has to trust; copies nothing else. Done with enroll_trust_done(). */
struct enroll_trust {
	struct attempt attempt;
	struct tls_trust trust; /* what `attempt` points to */
	/* PEM of the CAs that the manager is known by; owned; null: not known (yet) */
	char *anchor;
};

/*
 * Find out whom to trust. Returns OUTCOME_OK, or an outcome or a negative errno, with the report's
 * `why` set. No secret goes to the manager.
 */
int enroll_trust_establish(struct enroll_trust *ret, const struct attempt *attempt,
			   struct attempt_report *report);

/*
 * With a pin in the configuration there is no CA yet: ask for it in `session`, whose manager is
 * verified. That there is none is worth a warning only. Returns as enroll_trust_establish() does.
 */
int enroll_trust_complete(struct enroll_trust *trust, struct https *session,
			  struct attempt_report *report);

void enroll_trust_done(struct enroll_trust *trust);
