/* SPDX-License-Identifier: ISC */
/* Reading an enrollment token of Wazuh 5. Pure. */
#pragma once

#include "common/enrollment-token.h"
#include "common/must-check.h"
#include "common/reason.h"

/*
 * Parse a token of `length` characters. Strict: unknown, repeated or missing members, members of
 * another type, and other bytes are errors. `ret` is written only on success; `why` never contains
 * anything from the token. Returns 0, -EINVAL or -ENOMEM.
 */
int enrollment_token_parse(struct enrollment_token *ret, const char *text, size_t length,
			   struct reason *why) must_check;
