/* SPDX-License-Identifier: ISC */
/* What goes into a new enrollment token: where the manager is, its CA, and a credential. */
#pragma once

#include "common/enrollment-token.h"
#include "common/must-check.h"
#include "common/reason.h"
#include "registrar/commands/options.h"

/*
 * Make it from the options of `token create` and the certificate file; wipe it with
 * enrollment_token_wipe(). Returns 0, or a negative errno with `why` set; -EINVAL: the options or
 * the certificate file are to be put right.
 */
int token_make(struct enrollment_token *ret, const struct options *options,
	       struct reason *why) must_check;
