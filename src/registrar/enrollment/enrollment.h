/* SPDX-License-Identifier: ISC */
/*
 * The manager's decision about one request, whether it came over the network, by the API or from
 * the command line: who gets a key, under which name, id and address, and who does not. Order of
 * the checks and their texts are those of Wazuh 4.14.5 and OSSEC 4.3 as observed.
 */
#pragma once

#include "registrar/agents/history.h"
#include "registrar/agents/roster.h"
#include "registrar/enrollment/force.h"
#include "registrar/enrollment/group-rules.h"
#include "registrar/registry/agent-registration.h"
#include "registrar/registry/dialect.h"

enum on_duplicate {
	/* the next free of NAME2 to NAME255, as OSSEC does; a taken address is refused */
	ON_DUPLICATE_RENAME,
	ON_DUPLICATE_REFUSE, /* as Wazuh does with force off */
	/* the old agent goes, unless the client proves that it still has its key */
	ON_DUPLICATE_REPLACE,
	/* the old agent goes if the policy's rules allow it, as Wazuh does by default */
	ON_DUPLICATE_FORCE,
};

struct enrollment_policy {
	enum dialect dialect;
	enum on_duplicate on_duplicate;
	struct force_rules force;     /* for ON_DUPLICATE_FORCE */
	struct agent_history history; /* for the rules */
	bool use_source_address;      /* when the client names none */
	struct group_place groups;    /* those that an agent can ask for */
	size_t max_agents;            /* 0: as many as there are ids */
	/* the manager's, refused in Wazuh's dialect; null: not known */
	const char *own_name;
	/* "v4.14.5": newer agents are refused; null: any version is fine */
	const char *manager_version;
};

/* What is requested. Fields with null text were not given. */
struct enrollment_request {
	struct authd_request_fields fields;
	/* one field cannot be read: said if none before it breaks the rules, as Wazuh does */
	enum authd_request_fault fault;
	/* 1 to 8 digits, not all 0, and in no line; not given: one is chosen */
	struct authd_field id;
	struct authd_field key; /* 64 letters and digits; not given: one is made */
	const char *peer;       /* the client's address; null: there is no client */
	/* choose from 001 on, as manage_agents does, whatever the dialect */
	bool next_id;
	/* take a name that begins with a dot in Wazuh's dialect as well, as its API does */
	bool allow_leading_dot;
	/*
	 * The agent that enrolls again, and keeps its id: no other is replaced or renamed for it.
	 * Null: it is a new one.
	 */
	const struct roster_entry *again;
};

/* One agent can be in the way by its address, and another one by its name. */
#define ENROLLMENT_REPLACED_MAX 2

/* Wipe with enrollment_wipe(). */
struct enrollment {
	bool accepted;
	bool is_again;                       /* accepted: the agent keeps its id */
	enum registration_fault fault;       /* refused: not REGISTRATION_OK */
	char asked_name[AGENT_NAME_MAX + 1]; /* cut to fit; bytes of the client's */
	struct agent_key agent;              /* accepted: what goes into client.keys */
	/* accepted, or refused for what it is: the address for the client, address.h */
	char shown_ip[AGENT_IP_MAX + 1];
	/* accepted: ids of the agents that it replaces; empty: none */
	char replaced[ENROLLMENT_REPLACED_MAX][AGENT_ID_MAX + 1];
	char groups[256];              /* accepted: the requested groups, cut to fit */
	struct authd_field group_list; /* accepted: all of them; points into the request */
	/* accepted: with which the agent may enroll again; empty: it may not; the caller's */
	char secret[ENROLL_AGENT_SECRET_LENGTH + 1];
	/* refused: the text for the client, with bytes of the client's in it */
	char refusal[REFUSAL_SIZE];
	/* refused because name or address is taken: the id of the agent that has it */
	char holder[AGENT_ID_MAX + 1];
	/* refused because the address is taken: that agent's name */
	char holder_name[AGENT_NAME_MAX + 1];
	/* what only the log should say; always set when this machine is at fault */
	struct reason why;
};

/* Decide, within a transaction of the roster, and stage what follows from the decision. */
void enrollment_decide(struct enrollment *ret, struct roster *roster,
		       const struct enrollment_policy *policy,
		       const struct enrollment_request *request);

/* A refusal for another reason; `text` is for the client. */
void enrollment_refuse(struct enrollment *ret, const struct authd_request_fields *fields,
		       enum registration_fault fault, const char *text);

/* The refusal when nothing can be decided, because of this machine. */
void enrollment_fail(struct enrollment *ret, const struct authd_request_fields *fields,
		     const struct reason *why);

/* Make a refusal out of an acceptance that could not be stored; a refusal stays as it is. */
void enrollment_revoke(struct enrollment *enrollment, const struct reason *why);

/* Erase the key and the secret. */
void enrollment_wipe(struct enrollment *enrollment);
