/* SPDX-License-Identifier: ISC */
/*
 * Which agents a call is about, and what there is to say of them: the filters of GET and DELETE
 * /agents, as far as a registrar can apply them. Of an agent it knows the line in client.keys, its
 * groups (agent-groups.h), and what the files of the manager tell of when it was registered and
 * seen (agent-history.h).
 */
#pragma once

#include "registrar/agents/history.h"
#include "registrar/agents/roster.h"
#include "registrar/api/problem.h"
#include "registrar/api/request.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#define API_DISCONNECTED_AFTER 900 /* seconds without a sign; Wazuh's agents_disconnection_time */

/*
 * Null, empty or negative: not asked for. Texts point into the query. Release with
 * api_filter_clear().
 */
struct api_filter {
	const char *name, *ip, *group, *search;
	bool search_is_negative;
	unsigned int statuses; /* bits of enum api_status; 0: any */
	/* seconds since it was last seen, or registered if it never was; 0: any age */
	long long older_than;
	const char *q; /* "name=web01;id!=000": all of them */
	const struct agent_history *history;
	struct agent_history_stamps stamps;
	time_t now;
};

enum api_status {
	API_STATUS_UNKNOWN = 1,
	API_STATUS_NEVER_CONNECTED = 2,
	API_STATUS_ACTIVE = 4,
	API_STATUS_DISCONNECTED = 8,
	API_STATUS_PENDING = 16, /* connecting; no registrar sees that */
};

/*
 * Read the filters out of a query. `default_age` (a timeframe) stands for a missing older_than.
 * False: `problem`.
 */
bool api_filter_read(struct api_filter *ret, const struct api_query *query, const char *default_age,
		     const struct agent_history *history, struct api_problem *problem);

/* Fit for cleanup(). */
void api_filter_clear(struct api_filter *filter);

/* Does the agent pass all of them? */
bool api_filter_matches(const struct api_filter *filter, const struct roster_entry *entry);

/* Seconds since the agent was last seen, or registered if it never was; negative: not known. */
long long api_filter_age(const struct api_filter *filter, const struct roster_entry *entry);

/* Is this a field that an agent can have at a Wazuh manager? */
bool api_field_exists(const char *name, size_t length);

/*
 * An agent as GET /agents shows it. `select` (null: all) names the fields, with commas between; id
 * is always there, and a field that is not known is left out.
 */
json_t *api_describe_agent(const struct api_filter *filter, const struct roster_entry *entry,
			   const char *select);
