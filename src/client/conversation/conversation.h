/* SPDX-License-Identifier: ISC */
/*
 * One attempt with a manager, held by a confined process that is made for it: a child of this one,
 * which reads nothing that a manager has sent but the child's messages (wire.h).
 */
#pragma once

#include "client/methods/method.h"
#include "common/must-check.h"

/*
 * Have `method` request a key in a child. The progress callback of the attempt is called here; the
 * child goes on from STEP_SENDING only after that has returned 0, so what it has stored is stored
 * before the manager can register us. `forget` (null: not called) is called with the attempt's user
 * in the child, before anything else: to wipe what the child need not know.
 *
 * The child ends with this process, with the attempt's deadline, and when asked to stop: its waits
 * end, TLS is shut down, and what it has not reported a moment later is lost. Returns as the
 * method's `run` does; OUTCOME_CRASHED when the child has died, or has sent what it cannot have to
 * say.
 */
int conversation_hold(const struct method *method, const struct attempt *attempt,
		      void (*forget)(void *user), struct agent_key *ret,
		      struct attempt_report *report) must_check;

/*
 * Wait for the child that has registered, which has ended or is about to: the key can be stored
 * meanwhile. To be called before this process does anything else that lasts.
 */
void conversation_finish(void);
