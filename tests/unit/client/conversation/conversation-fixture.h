/* SPDX-License-Identifier: ISC */
/* Conversations with children that run functions of a test in place of a method. */
#pragma once

#include "tests/unit/support.h"

#include "client/conversation/conversation.h"

#define KEY "48a99873149358e48b13273c4ad07c44ed402bcb71fc94869f3e76b2f27637db"
#define SECRET "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define CA "-----BEGIN CERTIFICATE-----\n"
#define PASSWORD "TopSecret-1" /* of the attempt */

/* What parent and child see both. */
extern volatile struct shared {
	int saved; /* steps that the parent has taken */
	int sent;  /* how often the child went on from STEP_SENDING */
	int child; /* its process id */
} * shared;

/* What the next conversation has; setup() sets all of it. */
extern struct deadline deadline;
extern struct method method;
extern int progress_result; /* of STEP_SENDING */
/* makes the child forget `secret_of_parent` */
extern int (*prepare)(struct attempt *attempt, struct reason *why);
extern const char *secret_of_parent;
extern const char *anchor_to_send; /* by registers() */
extern char agent_name[AGENT_NAME_MAX + 1];
extern struct attempt_naming naming;
extern struct endpoint manager; /* "m", port 1515 */

/* What has come out of the last one. */
extern struct agent_key key;
extern struct attempt_report report;

/* Before the tests of a program, and before each. */
int setup_shared(void **state);
int setup(void **state);

/* Hold one, in which the child runs this. Returns the outcome; no child is left. */
int hold(int (*run)(const struct attempt *attempt, struct agent_key *ret,
		    struct attempt_report *own));

/* A method's check of a CA: is it the one that was sent? */
int accept_anchor(const struct attempt *attempt, const char *anchor);

/* ------------------------------------------------------------------ what children do */

int registers(const struct attempt *attempt, struct agent_key *ret, struct attempt_report *own);
int waits_for_ever(const struct attempt *attempt, struct agent_key *ret,
		   struct attempt_report *own);
int aborts(const struct attempt *attempt, struct agent_key *ret, struct attempt_report *own);
