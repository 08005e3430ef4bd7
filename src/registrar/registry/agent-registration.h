/* SPDX-License-Identifier: ISC */
/*
 * What is asked of the registry when an agent is to be registered, and what it says. Plain data:
 * nothing in it belongs to a connection, a parser or TLS, so that both can go to another process.
 */
#pragma once

#include "common/agent-key.h"
#include "common/authd-message.h"
#include "common/must-check.h"
#include "registrar/net/peer.h"
#include "registrar/registry/enroll-bearer.h"
#include "registrar/registry/user-session.h"

#include <stdbool.h>
#include <stddef.h>

#define REFUSAL_SIZE 2048 /* with the terminator: longer texts are cut, as the real managers do */

/* How an agent is registered, which decides by which rules. */
enum registration_way {
	REGISTRATION_BY_AUTHD,  /* by itself, over authd's protocol */
	REGISTRATION_BY_ENROLL, /* by itself, as agents of Wazuh 5 do */
	REGISTRATION_BY_API,    /* by a user of the API */
};

/* Whom a user of the API lets the new agent replace. Times are in seconds. */
struct registration_force {
	bool enabled; /* false: nobody; the rest does not count */
	bool check_disconnected;
	unsigned int disconnected_time;
	unsigned int after_registration_time;
};

/* Who asks, and for what. Fields with null text were not given; `rest` never is. */
struct agent_registration {
	enum registration_way way;
	struct peer peer;                /* the client */
	char token[REGISTRY_TOKEN_SIZE]; /* by the API: of its user */
	struct registration_force force; /* by the API */
	struct enroll_bearer bearer;     /* enrolling, if a password is demanded */
	struct authd_request_fields fields;
	/* by authd: one field cannot be read, and `fields` has those before it */
	enum authd_request_fault fault;
	struct authd_field id, key; /* by the API */
	size_t text_length;
	char texts[]; /* of the fields */
};

/*
 * A copy that owns its texts, of a registration whose fields point anywhere. Null: out of memory.
 * Release it with agent_registration_free().
 */
struct agent_registration *agent_registration_copy(const struct agent_registration *registration)
	must_check;

/* Wipe and free. Null is allowed. */
void agent_registration_free(struct agent_registration *registration);

/* Why there is no key. The API has a code for each. */
enum registration_fault {
	REGISTRATION_OK,
	REGISTRATION_NAME, /* breaks the rules for names, or is the manager's own */
	REGISTRATION_NAME_TAKEN,
	REGISTRATION_VERSION,      /* newer than the manager */
	REGISTRATION_GROUPS,       /* break the rules for groups, or are too many */
	REGISTRATION_GROUP_ABSENT, /* a group does not exist */
	REGISTRATION_IP,           /* is no address */
	REGISTRATION_IP_TAKEN,
	REGISTRATION_ID, /* is no id */
	REGISTRATION_ID_TAKEN,
	REGISTRATION_KEY,   /* is no key */
	REGISTRATION_OPEN,  /* a field of the request cannot be read */
	REGISTRATION_LIMIT, /* there are as many agents as there may be */
	/* Enrolling again: */
	REGISTRATION_UNKNOWN_AGENT, /* there is no such agent, or none with a secret */
	REGISTRATION_WRONG_SECRET,  /* it is not that of the agent's key */
	REGISTRATION_IN_PROGRESS,   /* the agent is enrolling again already */
	/* Enrolling with a token: */
	REGISTRATION_TOKEN_UNKNOWN, /* there is no such token, or it was revoked */
	REGISTRATION_TOKEN_EXPIRED,
	REGISTRATION_TOKEN_USED_UP,
	REGISTRATION_INTERNAL, /* the manager's machine */
};

/* The decision. Holds a key and a secret: wipe it. */
struct registration_decision {
	enum registration_fault fault;   /* REGISTRATION_OK: accepted, and on the disk */
	struct agent_key agent;          /* accepted: what is in client.keys */
	char shown_ip[AGENT_IP_MAX + 1]; /* accepted: the address in the form for the client */
	/* accepted: with which the agent may enroll again; empty: it may not */
	char secret[ENROLL_AGENT_SECRET_LENGTH + 1];
	/* refused: the text for the client, with bytes of the client's in it */
	char refusal[REFUSAL_SIZE];
};

/* The refusal of a registration that this machine could not decide or store; null: of any. */
void agent_registration_fail(struct registration_decision *ret,
			     const struct agent_registration *registration);

#define AGENT_REGISTRATION_CLIENT_SIZE REGISTRY_USER_TEXT_SIZE

/*
 * For whom an agent is registered, for the log: "192.0.2.1 port 40000 (user admin of the API)".
 * `user` is its name, by the API.
 */
const char *agent_registration_client(const struct agent_registration *registration,
				      const char *user,
				      char buffer[static AGENT_REGISTRATION_CLIENT_SIZE]);
