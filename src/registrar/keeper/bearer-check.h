/* SPDX-License-Identifier: ISC */
/* Whether the bearer of an enrollment with Wazuh 5 proves that the client knows a secret. */
#pragma once

#include "common/must-check.h"
#include "registrar/agents/enroll-tokens.h"
#include "registrar/agents/secrets.h"
#include "registrar/registry/enroll-bearer.h"

/* The secrets that a bearer may be signed with. */
struct bearer_secrets {
	const char *password; /* null: none is demanded, and any bearer that names none is right */
	struct agent_secrets *agents; /* null: no agent has one */
	struct enroll_tokens *tokens; /* null: there are none */
};

/*
 * Read again what has changed of the file that would hold the secret that the bearer names: nobody
 * is unknown because a file cannot be read. Returns 0, or a negative errno with `why` set.
 */
int bearer_secrets_refresh(const struct bearer_secrets *secrets, const struct enroll_bearer *bearer,
			   struct reason *why) must_check;

/*
 * Check a bearer against the secret that it names; `now` in seconds since the epoch. Whether a
 * token is revoked or has expired is said only to who has its secret; whether it is used up is not
 * looked at.
 */
enum bearer_fault bearer_check(const struct enroll_bearer *bearer,
			       const struct bearer_secrets *secrets, uint64_t now) must_check;

/* Is it the bearer of an agent that enrolls again: does it name an agent's id? */
bool bearer_is_of_agent(const struct enroll_bearer *bearer) must_check;

/* Does it name an enrollment token? */
bool bearer_is_of_token(const struct enroll_bearer *bearer) must_check;

/*
 * With which of an agent's secrets is it signed, the newest or the one before? Returns 1 with `ret`
 * set, which points into the line; 0: with neither; or -EIO, when libcrypto fails.
 */
int bearer_signing_key(const struct signing_key **ret, const struct enroll_bearer *bearer,
		       const struct secret_line *line) must_check;

/* Check the bearer of an agent's own request, which is signed with the agent's key. */
enum bearer_fault bearer_check_request(const struct enroll_bearer *bearer, const char *agent_key,
				       uint64_t now) must_check;
