/* SPDX-License-Identifier: ISC */
/*
 * Agents with the fields that they have in the database of a Wazuh 4.14.7 manager
 * (framework/wazuh/core/agent.py), by which they are selected, searched, compared, sorted and
 * shown. Of an agent a registrar knows the line in client.keys, its groups, and what the manager's
 * files say about when it was registered and seen. What only a running manager knows is null, as it
 * is there for agents that never connected: no comparison with it holds.
 */
#pragma once

#include "common/must-check.h"
#include "registrar/agents/history.h"
#include "registrar/agents/roster.h"
#include "registrar/api/condition.h"
#include "registrar/api/expression.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#define API_DISCONNECTED_AFTER 900 /* seconds without a sign; Wazuh's agents_disconnection_time */

enum api_field {
	API_FIELD_ID,
	API_FIELD_NAME,
	API_FIELD_IP,
	API_FIELD_REGISTER_IP,
	API_FIELD_STATUS,
	API_FIELD_DATE_ADD,
	API_FIELD_LAST_KEEP_ALIVE,
	API_FIELD_GROUP,
	API_FIELD_UNKNOWN, /* null */
};

/* The names of all fields, as Wazuh lists them in its refusals. */
extern const char api_field_names[];

/* Is this the name of a field, and which? */
bool api_field_find(enum api_field *ret, const char *name, size_t length);

/* What agents are looked at with. */
struct api_knowledge {
	const struct agent_history *history;
	struct agent_history_stamps stamps;
	time_t now;
};

/* Zero but for the first two; what is read for it is kept. Release with api_agent_clear(). */
struct api_agent {
	const struct api_knowledge *knowledge;
	const struct roster_entry *entry;
	char ip[AGENT_IP_MAX + 1]; /* without its mask, as in the database; empty: not yet cut */
	char *groups;              /* null: not yet read; empty: none */
	const char *status;        /* null: not yet known; empty: unknown */
	time_t seen;               /* while it is "active" or "disconnected" */
};

/* Out of memory: null. */
struct api_value api_agent_value(struct api_agent *agent, enum api_field field) must_check;

/* The same for the fields of agents as a set (expression.h); `agent` is a struct api_agent. */
extern const struct api_field_set api_agent_fields;

/*
 * An agent as GET /agents shows it: the fields of `select`, with commas between them (null: all)
 * that are not null, and, with `always_id`, the id. Null: out of memory.
 */
json_t *api_agent_describe(struct api_agent *agent, const char *select, bool always_id) must_check;

/* Fit for cleanup(). */
void api_agent_clear(struct api_agent *agent);
