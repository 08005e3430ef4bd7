/* SPDX-License-Identifier: ISC */
/* Reading an enrollment token of Wazuh 5. Pure. */
#pragma once

#include "common/enrollment-token.h"
#include "common/must-check.h"
#include "common/reason.h"

/* What messages advise for a token that is of no use; either manager's command. */
#define ENROLL_TOKEN_ANOTHER                                                                     \
	"create another token on the manager (wazuh-manager-authd --create-enrollment-token or " \
	"agent-registrar token create)"

/*
 * Parse a token of `length` characters. Strict: unknown, repeated or missing members, members of
 * another type, and other bytes are errors. `ret` is written only on success; `why` never contains
 * anything from the token. Returns 0, -EINVAL or -ENOMEM.
 */
int enrollment_token_parse(struct enrollment_token *ret, const char *text, size_t length,
			   struct reason *why) must_check;
