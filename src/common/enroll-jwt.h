/* SPDX-License-Identifier: ISC */
/*
 * The bearer token of an enrollment with Wazuh 5: a JWT (RFC 7519) signed with HS256, in the
 * profile "wazuh-enroll+jwt". It proves knowledge of a secret at a given time.
 *
 * Rules: Wazuh 5.0.0 release candidate of September 2026,
 * src/shared_modules/utils/jwt/jwtEnrollProfileV1.hpp and enrollKeyDerivation.hpp; the known
 * answers in the unit test are those of jwt/testVectors.hpp there. Pure.
 */
#pragma once

#include "common/must-check.h"

#include <stddef.h>
#include <stdint.h>

/* The kind of secret, which also determines how its key is derived. */
enum enroll_secret {
	ENROLL_PASSWORD, /* the manager's shared password */
	/* the 16 bytes of an enrollment token; the key id is the token's id in base64url */
	ENROLL_TOKEN_SECRET,
	/* the 32 bytes received in an earlier enrollment; the key id is the agent's id */
	ENROLL_AGENT_SECRET,
};

#define ENROLL_KEY_SIZE 32
#define ENROLL_AGENT_SECRET_SIZE 32 /* bytes */
/* in lower-case hexadecimal digits, as managers send it and agents keep it */
#define ENROLL_AGENT_SECRET_LENGTH (2 * ENROLL_AGENT_SECRET_SIZE)
#define ENROLL_NONCE_SIZE 16
#define ENROLL_KEY_ID_MAX 22
#define ENROLL_JWT_SIZE 512    /* with the terminator */
#define ENROLL_JWT_LIFETIME 60 /* seconds */

/*
 * Derive the signing key with HKDF-SHA256 (RFC 5869). Wipe it. Returns 0, or -EIO when libcrypto
 * fails.
 */
int enroll_jwt_derive(unsigned char ret[static ENROLL_KEY_SIZE], enum enroll_secret kind,
		      const void *secret, size_t length) must_check;

/*
 * Write what is signed of a token that is valid from `now` (seconds since 1970), terminated.
 * `key_id` (at most ENROLL_KEY_ID_MAX characters that need no escaping in JSON) is null with a
 * password; `nonce` is random. Returns 0, or -EINVAL when a value does not fit.
 */
int enroll_jwt_write(char ret[static ENROLL_JWT_SIZE], const char *key_id, uint64_t now,
		     const unsigned char nonce[static ENROLL_NONCE_SIZE]) must_check;

/*
 * The same for a request of an agent that is enrolled, in the profile "wazuh-agent+jwt": the key id
 * is the agent's, and so are issuer and subject.
 */
int enroll_jwt_write_request(char ret[static ENROLL_JWT_SIZE], const char *id, uint64_t now,
			     const unsigned char nonce[static ENROLL_NONCE_SIZE]) must_check;

/* Write the whole token. Returns 0, -EIO when libcrypto fails, or -EINVAL as above. */
int enroll_jwt_sign(char ret[static ENROLL_JWT_SIZE],
		    const unsigned char key[static ENROLL_KEY_SIZE], const char *key_id,
		    uint64_t now, const unsigned char nonce[static ENROLL_NONCE_SIZE]) must_check;

/* Write the whole token of a request; the key is what the agent's own stands for. */
int enroll_jwt_sign_request(char ret[static ENROLL_JWT_SIZE],
			    const unsigned char key[static ENROLL_KEY_SIZE], const char *id,
			    uint64_t now,
			    const unsigned char nonce[static ENROLL_NONCE_SIZE]) must_check;
