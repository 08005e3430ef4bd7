/* SPDX-License-Identifier: ISC */
/*
 * The agents that a call is about: those of a list of ids, or all, in the order of their ids, as
 * far as the filters let them pass. The registry hands them over in pages, and they are looked at
 * in turns (turns.h), so that a long list holds nobody else up.
 */
#pragma once

#include "common/must-check.h"
#include "registrar/api/fields.h"
#include "registrar/api/filter.h"
#include "registrar/api/incoming-call.h"

/* An id of the list. */
struct api_wanted_id {
	const char *text;
	bool exists;      /* an agent has it */
	bool is_filtered; /* one that does not pass the filters */
};

/* Zero at first; release with api_collection_clear(). */
struct api_collection {
	struct api_agent *agents; /* that pass */
	size_t count;
	struct api_wanted_id *ids; /* those that were listed, sorted, each once; null: all agents */
	size_t id_count;

	/* The rest is how far it has come. */
	const struct api_filter *filter;
	unsigned int wanted;
	struct incoming_call *call;
	void (*collected)(struct incoming_call *call);
	char *list; /* what the ids point into */
	size_t room;
	size_t asking, asked;   /* ids: from the one up to the other, the other not included */
	struct agent_row *rows; /* of the page that is looked at */
	uint64_t next;          /* where the next page begins; 0: it was the last */
	struct turn turn;
};

/*
 * Collect the agents that `list` names ("001,002"; null: all). Ids are compared as they are
 * written, so that "00001" is not "001". `wanted` says what is looked up of each (enum
 * agents_wanted). Then `collected` is called; or, if that cannot be done, the call is answered,
 * perhaps before this returns.
 */
void api_collect(struct incoming_call *call, struct api_collection *collection, const char *list,
		 const struct api_filter *filter, unsigned int wanted,
		 void (*collected)(struct incoming_call *call));

/*
 * Add those that do not exist to the failures, and the manager, "000", if `manager_fails`;
 * otherwise it is passed over.
 */
void api_collection_fail_absent(const struct api_collection *collection, bool manager_fails,
				struct api_result *result);

/* Ask for a page of agents. `request` is taken over. */
void api_ask_agents(struct incoming_call *call, struct agents_request *request,
		    api_decided_callback *decided);

/* Fit for cleanup(). */
void api_collection_clear(struct api_collection *collection);

/* The problem that there is no agent with this id, or that it is the manager's. */
void api_agent_is_absent(struct api_problem *ret, const char *id);

/* An id as it is asked for; empty, which no agent has, if it is longer than ids are. */
void api_copy_id(char ret[static AGENT_ID_MAX + 1], const char *id);
