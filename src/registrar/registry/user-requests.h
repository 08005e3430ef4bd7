/* SPDX-License-Identifier: ISC */
/*
 * What users of the API ask of the registry, apart from registrations, and what it says. Plain
 * data, which is checked by the one who decides.
 */
#pragma once

#include "common/agent-key.h"
#include "registrar/registry/user-session.h"

#include <stdbool.h>

#define GROUP_NAME_MAX 255

/* ------------------------------------------------------------------ the key of an agent */

struct key_request {
	struct registry_user user;
	char id[AGENT_ID_MAX + 1]; /* as it is written in client.keys: "00001" is not "001" */
};

enum key_fault {
	KEY_OK,
	KEY_ABSENT,   /* no agent has the id */
	KEY_INTERNAL, /* the manager's machine */
};

/* Holds a key: wipe it. */
struct key_answer {
	enum key_fault fault;
	struct agent_key agent; /* KEY_OK: what is in client.keys */
};

/* ------------------------------------------------------------------ an agent joins a group */

struct join_request {
	struct registry_user user;
	char id[AGENT_ID_MAX + 1]; /* as it is written in client.keys */
	char group[GROUP_NAME_MAX + 1];
	bool alone; /* it leaves all other groups */
};

enum join_fault {
	JOIN_OK,           /* it is in the group, and that is on the disk */
	JOIN_NAME,         /* breaks the rules for names of groups */
	JOIN_GROUP_ABSENT, /* there is no such group */
	JOIN_AGENT_ABSENT, /* no agent has the id */
	JOIN_MEMBER,       /* it was in the group already */
	JOIN_LIMIT,        /* it is in as many groups as it may be */
	JOIN_INTERNAL,     /* the manager's machine */
};

struct join_answer {
	enum join_fault fault;
};
