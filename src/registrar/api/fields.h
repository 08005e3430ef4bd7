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
#include "registrar/api/condition.h"
#include "registrar/api/expression.h"
#include "registrar/registry/listings.h"

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

/* What the registry has to look at for the field: of enum agents_wanted. */
unsigned int api_field_wants(enum api_field field);

/* The same for all names of fields in the list, with commas between them. */
unsigned int api_fields_want(const char *list);

/* An agent that is looked at. */
struct api_agent {
	struct agent_row *row; /* owned; its address without the mask, as in the database */
	unsigned int id;
	time_t now; /* for its status */
};

/* Look at the agent of the row, which is taken over. */
struct api_agent api_agent_of(struct agent_row *row, time_t now) must_check;

struct api_value api_agent_value(const struct api_agent *agent, enum api_field field) must_check;

/* The same for the fields of agents as a set (expression.h); `agent` is a struct api_agent. */
extern const struct api_field_set api_agent_fields;

/*
 * An agent as GET /agents shows it: the fields of `select`, with commas between them (null: all)
 * that are not null, and, with `always_id`, the id. Null: out of memory.
 */
json_t *api_agent_describe(const struct api_agent *agent, const char *select,
			   bool always_id) must_check;

/* A time as "2026-11-21T12:34:56+00:00". Null: out of memory, or no calendar has it. */
json_t *api_time_describe(time_t when) must_check;
