/* SPDX-License-Identifier: ISC */
/*
 * The manager's decision about one request: who gets a key, under which name, id and address, and who does not.
 * Order of the checks and their texts are those of Wazuh 4.14.5 and OSSEC 4.3 as observed.
 */
#pragma once

#include "registrar/dialect.h"
#include "registrar/roster.h"

enum on_duplicate {
	ON_DUPLICATE_RENAME,  /* the next free of NAME2 to NAME255, as OSSEC does; a taken address is refused */
	ON_DUPLICATE_REFUSE,  /* as Wazuh does with force off */
	ON_DUPLICATE_REPLACE, /* the old agent goes, unless the client proves that it still has its key */
};

struct enrollment_policy {
	enum dialect dialect;
	enum on_duplicate on_duplicate;
	bool use_source_address;     /* when the client names none */
	const char *own_name;        /* the manager's, refused in Wazuh's dialect; null: not known */
	const char *manager_version; /* "v4.14.5": newer agents are refused; null: any version is fine */
};

/* Wipe with enrollment_wipe(). */
struct enrollment {
	bool accepted;
	struct agent_key agent;     /* accepted: what goes into client.keys and to the client */
	char replaced[2][AGENT_ID_MAX + 1]; /* accepted: ids of the agents that had to go; empty: none */
	char groups[256];           /* accepted: the groups asked for, cut to fit */
	char refusal[REFUSAL_SIZE]; /* refused: the text for the client, with bytes of the client's in it */
	struct reason why;          /* refused because of this machine: what the log should say; empty: it is not */
};

/* "rename", "refuse" or "replace"; negative: none of them. */
int on_duplicate_from_text(const char *text);

/* Can the text be compared with versions? "v4.14.5", "4.14" */
bool manager_version_is_valid(const char *text);

/*
 * Decide, within a transaction of the roster, and stage what follows from the decision. `peer` is the client's
 * address.
 */
void enrollment_decide(struct enrollment *ret, struct roster *roster, const struct enrollment_policy *policy,
		       const struct authd_request_fields *fields, const char *peer);

/* The refusal when nothing can be decided, because of this machine. */
void enrollment_fail(struct enrollment *ret, const struct authd_request_fields *fields, const struct reason *why);

/* Make a refusal out of an acceptance that could not be stored; a refusal stays as it is. */
void enrollment_revoke(struct enrollment *enrollment, const struct reason *why);

void enrollment_wipe(struct enrollment *enrollment);
