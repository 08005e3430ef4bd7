/* SPDX-License-Identifier: ISC */
/* The agents that a call is about: those of a list of ids, or all, in the order of their ids. */
#pragma once

#include "common/must-check.h"
#include "registrar/api/fields.h"
#include "registrar/api/incoming-call.h"

/* Release with api_selection_clear(). */
struct api_selection {
	struct api_agent *agents;
	size_t count;
};

/*
 * Select the agents that `list` names ("001,002"; null: all). Ids are compared as they are written,
 * so that "00001" is not "001". Those that do not exist go into `result` as failures, and so does
 * the manager, "000", if `manager_fails`; otherwise it is passed over. Returns 0 or -ENOMEM.
 */
int api_select_agents(struct api_selection *ret, const struct incoming_call *call, const char *list,
		      const struct api_knowledge *knowledge, bool manager_fails,
		      struct api_result *result) must_check;

/* Fit for cleanup(). */
void api_selection_clear(struct api_selection *selection);

/* The problem that there is no agent with this id, or that it is the manager's. */
void api_agent_is_absent(struct api_problem *ret, const char *id);

/* An id as it is asked for; empty, which no agent has, if it is longer than ids are. */
void api_copy_id(char ret[static AGENT_ID_MAX + 1], const char *id);
