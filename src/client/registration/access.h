/* SPDX-License-Identifier: ISC */
/* What an enrollment token adds to the configuration: whom to ask, and where. */
#pragma once

#include "client/config/config.h"
#include "client/methods/method.h"

/*
 * Read the token file, if one is configured, with the method that is configured. Returns 1; 0 when
 * there is none to be read; or a negative errno with `why` set. Wipe with enrollment_token_wipe().
 */
int enrollment_read_token(struct enrollment_token *ret, const struct config *config,
			  const struct method *method, struct reason *why);

/*
 * The manager at a place of the list: a configured one or, when none is, the one that the token
 * (null: there is none) names. False behind the last.
 */
bool enrollment_manager(struct endpoint *ret, const struct config *config,
			const struct enrollment_token *token, size_t index);

/*
 * What precedes the manager's paths: the configured prefix, the token's (null: there is none), or
 * the usual one.
 */
void enrollment_prefix(char ret[static ENDPOINT_PREFIX_SIZE], const struct config *config,
		       const struct enrollment_token *token);
