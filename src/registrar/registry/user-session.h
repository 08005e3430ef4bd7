/* SPDX-License-Identifier: ISC */
/*
 * What is asked of the registry about users of the API, and what it says: who logs in, and whose
 * session it is. A session is its token, which nobody but the registry can make or read. Plain
 * data.
 */
#pragma once

#include "common/must-check.h"
#include "registrar/net/peer.h"

#include <stdbool.h>
#include <stddef.h>

#define REGISTRY_USER_MAX 64     /* of the name of a user */
#define REGISTRY_TOKEN_SIZE 1024 /* with the terminator */

/* Who asks: a user of the API. Holds a token: wipe it. */
struct registry_user {
	struct peer client;
	char token[REGISTRY_TOKEN_SIZE]; /* what the client has sent as such */
};

#define REGISTRY_USER_TEXT_SIZE 160

/* For the log: "192.0.2.1 port 40000 (user admin of the API)". */
const char *registry_user_describe(const struct peer *client, const char *name,
				   char buffer[static REGISTRY_USER_TEXT_SIZE]);

/* ------------------------------------------------------------------ logging in */

struct login_request {
	struct peer client;
	/* logins of its source that failed lately: who has failed waits behind who has not */
	unsigned int failures;
	const char *user, *password; /* what was sent as such: any text */
	size_t text_length;
	char texts[];
};

/* A request that owns its texts. Null: out of memory. Release it with login_request_free(). */
struct login_request *login_request_new(const struct peer *client, unsigned int failures,
					const char *user, const char *password) must_check;

/* Wipe and free. Null is allowed. */
void login_request_free(struct login_request *request);

enum login_fault {
	LOGIN_OK,
	LOGIN_WRONG,    /* there is no such user, or it is another password */
	LOGIN_TOO_MANY, /* that are to be tried: it was not */
	LOGIN_INTERNAL, /* the manager's machine */
};

/* Holds a token: wipe it. */
struct login_answer {
	enum login_fault fault;
	bool is_user;                    /* LOGIN_WRONG: there is a user of this name */
	char token[REGISTRY_TOKEN_SIZE]; /* LOGIN_OK */
};

/* ------------------------------------------------------------------ sessions */

/* Whose session it is; logged out, it is that user's no more. */
struct session_answer {
	char user[REGISTRY_USER_MAX + 1]; /* empty: nobody's */
};
