/* SPDX-License-Identifier: ISC */
/*
 * The token that a login is answered with: a JWT (RFC 7519) with the claims of Wazuh's API, good
 * for 900 seconds.
 *
 * It is signed with HMAC-SHA-256 (HS256), where Wazuh uses ECDSA (ES512): there the nodes of a
 * cluster check each other's tokens, here the only one who ever checks a token is the process that
 * made it. So there is no public key to hand out, no key to keep in a file, and a token costs
 * microseconds instead of a millisecond. The key is made at the start of the process and dies with
 * it: after a restart clients get 401 and log in again.
 *
 * A token also names what the user's password hash and epoch were. When the user is removed, gets
 * another password or logs out, it is void.
 */
#pragma once

#include "common/must-check.h"
#include "registrar/keeper/users.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define API_TOKEN_SECONDS 900
#define API_TOKEN_SIZE 1024 /* with the terminator */
#define API_TOKEN_KEY_SIZE 32

struct api_token_key {
	unsigned char bytes[API_TOKEN_KEY_SIZE];
};

/* Make a new key. Returns 0 or a negative errno: the system has no random numbers. */
int api_token_key_make(struct api_token_key *ret) must_check;

/*
 * Make a token for a user who logged in at `now` (Unix time). Returns 0, or -EIO when libcrypto
 * fails.
 */
int api_token_make(char ret[static API_TOKEN_SIZE], const struct api_token_key *key,
		   const struct api_user *user, int64_t now) must_check;

/*
 * The user whose valid token this is at `now`; null: the token is not ours, expired, or its user is
 * not what it was. `users` is where the user is looked up.
 */
const struct api_user *api_token_check(const struct api_token_key *key,
				       const struct api_users *users, const char *token,
				       int64_t now) must_check;
