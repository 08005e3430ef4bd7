/* SPDX-License-Identifier: ISC */
/*
 * Secrets in the texts of a process that may have been taken over. Its own code never puts one
 * there; whoever has taken it over may try to have it logged, where others read it.
 */
#pragma once

#include "client/conversation/wire.h"
#include "client/methods/method.h"
#include "common/must-check.h"

#include <stdbool.h>

/* What is shown instead of such a text. */
#define SECRETS_HIDDEN "(not shown: it contains what may be one of our secrets)"

/*
 * Does the text hold one of the attempt's secrets (the private key of the client's certificate is
 * one), of those that the process has received (null: none), in any form that secret-echo.h knows,
 * or what may be a key? Whoever means to can still write a secret so that this does not find it.
 */
bool secrets_are_in(const char *text, const struct attempt *attempt,
		    const struct wire_result *received) must_check;
