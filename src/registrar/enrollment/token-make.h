/* SPDX-License-Identifier: ISC */
/*
 * A new enrollment token: where the manager is, its CA, and a credential; and what is kept of it.
 * One way for the command `token create` and for users of the API.
 */
#pragma once

#include "common/enrollment-token.h"
#include "common/must-check.h"
#include "common/reason.h"
#include "registrar/agents/enroll-tokens.h"
#include "registrar/registry/token-requests.h"

/* What it is to be. Null, 0 and false: not given. */
struct token_wish {
	const char *address, *prefix, *description;
	unsigned int port;
	unsigned int ttl;  /* seconds */
	unsigned int most; /* uses */
	bool embeds_ca, has_no_credential;
};

/* Where the CA is found that goes into it. */
struct token_files {
	const char *certificate; /* PEM: the certificate, then its chain */
	const char *bundle;      /* the registrar's own CA; it need not be there */
};

/*
 * What is wrong with it, as far as that is seen without making it: the address is there, the
 * description can be kept, the time is not too long, and a token that is not kept has no limits.
 * TOKEN_OK: nothing.
 */
enum token_fault token_wish_check(const struct token_wish *wish) must_check;

/*
 * Make it; wipe it with enrollment_token_wipe(). Returns 0, or a negative errno with `why` and
 * `ret_fault` set; -EINVAL: what is wished for or the certificate file are to be put right.
 */
int token_make(struct enrollment_token *ret, const struct token_wish *wish,
	       const struct token_files *files, enum token_fault *ret_fault,
	       struct reason *why) must_check;

/* What is kept of it, from `now` on (seconds since 1970). Holds its secret: wipe it. */
void token_describe(struct enroll_token *ret, const struct enrollment_token *token,
		    const struct token_wish *wish, uint64_t now);
