/* SPDX-License-Identifier: ISC */
/*
 * What users of the API ask about enrollment tokens, and what the registry says. Plain data, which
 * is checked by the one who decides. The text of a token, with its secret, is said once, to the one
 * who has it made.
 */
#pragma once

#include "common/enrollment-token.h"
#include "common/must-check.h"
#include "registrar/registry/user-session.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum token_fault {
	TOKEN_OK,
	/* What is wished for cannot be: */
	TOKEN_ADDRESS, /* is no name of a host, and no address */
	TOKEN_PREFIX,  /* is not the beginning of a path */
	TOKEN_TTL,     /* is too long */
	TOKEN_DESCRIPTION,
	TOKEN_NOT_KEPT, /* without a credential, and all the same with limits or a description */
	/* No token can be made: */
	TOKEN_FULL,     /* there are as many as there may be */
	TOKEN_NO_CA,    /* the certificate's file has none, or one that does not fit */
	TOKEN_STORE,    /* the file of the tokens can not be read, or not be written */
	TOKEN_INTERNAL, /* the manager's machine */
};
