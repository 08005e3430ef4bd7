/* SPDX-License-Identifier: ISC */
/*
 * An enrollment token of Wazuh 5: the manager's address, how to verify it, and (usually) a
 * credential. Base64url of
 *
 *	{"ver":1,"adr":"HOST[:PORT][/PREFIX]","pin":SHA-256 of the CA's key | "ca":PEM[,"key":
 *	 16 bytes id, 16 bytes secret]}
 *
 * Rules: Wazuh 5.0.0 release candidate of September 2026,
 * docs/ref/modules/authd/enrollment-lifecycle.md and src/shared/include/enrollment_token.h. Pure.
 */
#pragma once

#include "common/base64.h"
#include "common/endpoint.h"
#include "common/must-check.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* characters: a token with an embedded bundle of 64 KiB has 120 KiB */
#define ENROLLMENT_TOKEN_MAX ((size_t)256 * 1024)
#define ENROLLMENT_PORT 1517
#define ENROLLMENT_PREFIX "wazuh-manager"
#define ENROLLMENT_PIN_SIZE 32
#define ENROLLMENT_ID_SIZE 16
#define ENROLLMENT_ID_LENGTH 22
#define ENROLLMENT_SECRET_SIZE 16

/* Wipe with enrollment_token_wipe(). */
struct enrollment_token {
	struct endpoint manager;
	/* of the manager's paths, without slashes around it; may be empty */
	char prefix[ENDPOINT_PREFIX_SIZE];
	char *ca;                               /* PEM; null: there is a pin instead */
	unsigned char pin[ENROLLMENT_PIN_SIZE]; /* SHA-256 of the CA's SubjectPublicKeyInfo */
	bool has_credential;
	char id[ENROLLMENT_ID_LENGTH + 1]; /* in base64url */
	unsigned char secret[ENROLLMENT_SECRET_SIZE];
};

static inline void enrollment_token_wipe(struct enrollment_token *token)
{
	free(token->ca);
	explicit_bzero(token, sizeof *token);
}

/* Is this an id in base64url: the only text for its bytes? */
bool enrollment_id_is_valid(const char *text, size_t length) must_check;

/* HOST[:PORT][/PREFIX], with the terminator. */
#define ENROLLMENT_ADDRESS_SIZE (ENDPOINT_TEXT_SIZE + 1 + ENDPOINT_PREFIX_SIZE)

/* Write the address of a token: port and prefix only where they are not the default. */
void enrollment_address_format(char ret[static ENROLLMENT_ADDRESS_SIZE],
			       const struct endpoint *manager, const char *prefix);

/*
 * Read such an address. `ret_prefix` has no slashes around it. Returns 0, or -EINVAL with nothing
 * written.
 */
int enrollment_address_parse(struct endpoint *ret, char ret_prefix[static ENDPOINT_PREFIX_SIZE],
			     const char *text) must_check;

/*
 * Write the token. `ret` is the caller's, who wipes and frees it. Returns 0; -EINVAL: its id is
 * none; -EMSGSIZE: it is longer than ENROLLMENT_TOKEN_MAX; or -ENOMEM.
 */
int enrollment_token_format(char **ret, const struct enrollment_token *token) must_check;
