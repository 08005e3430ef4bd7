/* SPDX-License-Identifier: ISC */
/*
 * The CA certificates of a manager as Wazuh 5 hands them out, and as its agents keep them in
 * etc/certs/root-ca.pem: PEM, where any text may stand before and between the certificates. While
 * a manager's CA is being changed there are several. Which publication of them a file holds, the
 * agents note in front of the first certificate:
 *
 *	## wazuh-ca-bundle
 *	## generation: 1789000012
 *
 * Rules: Wazuh 5.0.0 release candidate of September 2026, src/shared/include/ca_publication.h and
 * the header field Wazuh-CA-Generation of GET /cacerts. Pure.
 */
#pragma once

#include "common/must-check.h"
#include "common/tls-pin.h"

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CA_BUNDLE_MAX 6 /* certificates that a manager hands out at most */

/* Start with zeros; free with ca_bundle_clear(). */
struct ca_bundle {
	STACK_OF(X509) * certificates; /* null: none */
	uint64_t generation;           /* the higher one is newer; 0: not known */
	bool is_damaged;               /* there is a certificate in it that cannot be read */
};

/*
 * Read all certificates of a text, and its generation; what else is in it is passed over. `ret` is
 * written only on success. Returns 0, or -ENOMEM.
 */
int ca_bundle_read(struct ca_bundle *ret, const char *text, size_t length) must_check;

/* A generation in decimal digits, at least 1; anything else: 0. */
uint64_t ca_bundle_generation(const char *text, size_t length) must_check;

size_t ca_bundle_count(const struct ca_bundle *bundle) must_check;
X509 *ca_bundle_at(const struct ca_bundle *bundle, size_t index) must_check;

/* Is this very certificate in the bundle? */
bool ca_bundle_has(const struct ca_bundle *bundle, const X509 *certificate) must_check;

/* Has one of them the key of that pin? */
bool ca_bundle_has_pin(const struct ca_bundle *bundle, const char *pin) must_check;

/* Has one of them the same key as one of the other bundle? */
bool ca_bundle_shares_key(const struct ca_bundle *bundle, const struct ca_bundle *other) must_check;

/*
 * What is wrong with a bundle that a manager has handed out, as the end of a sentence about it: it
 * holds at least one certificate, at most CA_BUNDLE_MAX, only such as can be read, and only such as
 * are of CAs, or issued by themselves. Static; null: nothing.
 */
const char *ca_bundle_fault(const struct ca_bundle *bundle) must_check;

/*
 * The bundle as text: its generation, if it has one, and its certificates, and nothing else. The
 * caller frees it. Null: there was no memory.
 */
char *ca_bundle_format(const struct ca_bundle *bundle) must_check;

/* Fit for cleanup(). */
void ca_bundle_clear(struct ca_bundle *bundle);

/*
 * A certificate in a line: its subject (escaped), when it is valid, its pin, and whether it is none
 * of a CA. At most CA_TEXT_SIZE bytes; what does not fit is cut.
 */
#define CA_TEXT_SIZE 512
void ca_describe(X509 *certificate, char ret[static CA_TEXT_SIZE]);
