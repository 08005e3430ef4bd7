/* SPDX-License-Identifier: ISC */
/*
 * One attempt with a manager, held by a confined process that is made for it: a child of this one,
 * which reads nothing that a manager has sent but the child's messages (wire.h). What else a
 * manager is talked to for (to remove an agent, to look at its certificate) is held in the same
 * way.
 */
#pragma once

#include "client/methods/method.h"
#include "common/must-check.h"

/*
 * Have `method` request a key in a child. The progress callback of the attempt is called here; the
 * child goes on from STEP_SENDING only after that has returned 0, so what it has stored is stored
 * before the manager can register us. `prepare` (null: not called) is called
 * in the child before it is confined, with its copy of the attempt: to load what only the child
 * needs, and to wipe what it need not know. Unless it returns OUTCOME_OK, that is the result.
 *
 * The child ends with this process, with the attempt's deadline, and when asked to stop: its waits
 * end, TLS is shut down, and what it has not reported a moment later is lost. Returns as the
 * method's `run` does; OUTCOME_CRASHED when the child has died, or has sent what it cannot have to
 * say.
 */
int conversation_hold(const struct method *method, const struct attempt *attempt,
		      int (*prepare)(struct attempt *attempt, struct reason *why),
		      struct agent_key *ret, struct attempt_report *report) must_check;

/*
 * Have `method` remove the agent with this id in a child; as conversation_hold(), and as the
 * method's `deregister` otherwise.
 */
int conversation_deregister(const struct method *method, const struct attempt *attempt,
			    int (*prepare)(struct attempt *attempt, struct reason *why),
			    const char *id, bool *ret_removed,
			    struct attempt_report *report) must_check;

/*
 * Have `method` request the CA certificates that the agent is to trust from now on in a child; as
 * conversation_hold(), and as the method's `renew_trust` otherwise. With OUTCOME_OK, the report's
 * anchor is set, and is what the method's `check_renewed` accepts.
 */
int conversation_renew_trust(const struct method *method, const struct attempt *attempt,
			     int (*prepare)(struct attempt *attempt, struct reason *why),
			     struct attempt_report *report) must_check;

/*
 * Have `inspect` look at the attempt's manager in a child, where it is called with an attempt of
 * which only the deadline is another, and returns as a method's `run` does. What it tells by
 * conversation_report() is given to `show` here, with the attempt's user: OUTCOME_OK or what is
 * wrong, and two printable texts. Returns what `inspect` returned, or as conversation_hold().
 */
int conversation_inspect(const struct attempt *attempt,
			 int (*inspect)(const struct attempt *attempt, struct reason *why),
			 void (*show)(enum outcome outcome, const char *label, const char *text,
				      void *user),
			 struct reason *why) must_check;

/*
 * Wait for the child that has registered, which has ended or is about to: the key can be stored
 * meanwhile. To be called before this process does anything else that lasts.
 */
void conversation_finish(void);
