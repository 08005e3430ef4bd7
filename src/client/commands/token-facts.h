/* SPDX-License-Identifier: ISC */
/*
 * What an enrollment token says, and what is wrong with that, as far as it can be known without the
 * network: for the commands that show it. Nothing of its secret is in here.
 */
#pragma once

#include "client/methods/enroll-token.h"
#include "common/ca-bundle.h"
#include "common/must-check.h"
#include "common/reason.h"
#include "common/tls-pin.h"

#include <stdbool.h>

/* Start with zeros; free with token_facts_clear(). */
struct token_facts {
	struct endpoint manager;
	char prefix[ENDPOINT_PREFIX_SIZE]; /* may be empty */
	char pin[TLS_PIN_SIZE];            /* of the manager's CA; empty: the CA itself is there */
	struct ca_bundle ca;
	bool has_credential;
	char id[ENROLLMENT_ID_LENGTH + 1]; /* by which the manager knows the credential */
};

/* Returns 0, or -ENOMEM with `why` set. */
int token_facts_find(struct token_facts *ret, const struct enrollment_token *token,
		     struct reason *why) must_check;

/*
 * Can a manager be verified with it? Returns OUTCOME_OK, or OUTCOME_MISCONFIGURED or
 * OUTCOME_UNTRUSTED with `why` set.
 */
int token_facts_judge(const struct token_facts *facts, struct reason *why) must_check;

/* Fit for cleanup(). */
void token_facts_clear(struct token_facts *facts);
