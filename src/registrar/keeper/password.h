/* SPDX-License-Identifier: ISC */
/*
 * Passwords of the API's users, kept as scrypt hashes (RFC 7914) in the PHC string format:
 *
 *	$scrypt$ln=15,r=8,p=1$SALT$HASH         (base64 without padding)
 *
 * The parameters stand in the text, so that a later version can demand more without invalidating
 * what is there.
 */
#pragma once

#include "common/must-check.h"
#include "common/reason.h"

#include <stdbool.h>
#include <stddef.h>

#define API_PASSWORD_MIN 8 /* Wazuh's limits for its own users */
#define API_PASSWORD_MAX 64

#define API_SALT_MAX 32
#define API_HASH_MAX 64
#define API_HASH_TEXT_SIZE 192 /* with the terminator */

struct api_password {
	unsigned int log2_n, r, p;
	unsigned char salt[API_SALT_MAX];
	size_t salt_length;
	unsigned char hash[API_HASH_MAX];
	size_t hash_length;
};

/*
 * Read the text of `length` bytes. Refuses what costs less than a password is worth (log2_n below
 * 10), and what needs more than 128 MiB or 16 times the usual work: an edited file must not
 * be able to stall logins by a typing error. `ret` is written only on success. Returns 0 or
 * -EINVAL.
 */
int api_password_parse(struct api_password *ret, const char *text, size_t length) must_check;

/* Are these the same hash, made with the same salt and parameters? */
bool api_password_is_same(const struct api_password *a, const struct api_password *b) must_check;

/* Write the hash in the PHC string format, which api_password_parse() reads. */
void api_password_format(char buffer[static API_HASH_TEXT_SIZE],
			 const struct api_password *password);

/*
 * Hash with the parameters of today: N = 2^15, r = 8, p = 1 (32 MiB, a tenth of a second), which is
 * also what Wazuh's own API uses for its users. Returns 0, or a negative errno.
 */
int api_password_make(struct api_password *ret, const char *text, size_t length) must_check;

/*
 * A hash that no password fits, as expensive to try as `like` (null: as one made today), so that a
 * name that does not exist costs as much time as one that does.
 */
void api_password_decoy(struct api_password *ret, const struct api_password *like);

/*
 * Does the password fit? Slow by design. Returns 1 or 0 (in constant time once hashed), or a
 * negative errno: then it could not be tried. May be called from any thread.
 */
int api_password_check(const struct api_password *password, const char *text,
		       size_t length) must_check;
