/* SPDX-License-Identifier: ISC */
/* The command `check`, whose part about a manager is done in a confined process. */
#pragma once

#include "client/commands/check-report.h"
#include "client/registration/access.h"
#include "client/registration/own-secret.h"
#include "client/registration/probe.h"
#include "client/registration/state.h"
#include "common/deadline.h"
#include "common/must-check.h"

/* The labels of what the agent's name is made of. */
#define CHECK_FQDN "FQDN"
#define CHECK_ADDRESS "own address"

struct check {
	const struct config *config;
	struct state state;
	struct access access;
	const char *ca; /* where the CA is that the manager must come from; null: there is none */
	struct deadline deadline;
	struct check_report report; /* what is printed */
	bool has_key, knows_key;    /* there is one; and the state is about that one */
	/* of the manager that is looked at: what its process has found, and was it sufficient? */
	struct own_names own;
	bool is_named;
	struct probe probe;
	struct own_secret own_secret; /* takes the place of an enrollment token that is gone */
};

/* The key file, and what is written before it. Sets has_key and knows_key. */
void check_files(struct check *check);

/*
 * What would keep the agent from its manager once it has its key: the one that has registered it,
 * or those that will. After check_files(), which has looked at a file that is to be changed.
 */
void check_agents_file(struct check *check);

/* When check_inspect_manager() has ended at the latest, by the configured timeouts. */
struct deadline check_manager_deadline(const struct check *check) must_check;

/*
 * Look at a manager, from the resolution of its name to its certificate; for
 * conversation_inspect(), with the struct check as the attempt's user. Returns OUTCOME_OK.
 */
int check_inspect_manager(const struct attempt *attempt, struct reason *why) must_check;
