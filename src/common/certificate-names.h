/* SPDX-License-Identifier: ISC */
/*
 * Whose certificate it is. The name rule is that of the OSSEC documentation: a host name or IP
 * literal must be a subject alternative name or a common name of the certificate. Every name must
 * be allowed by the name constraints of the CAs above it (RFC 5280 section 4.2.1.10).
 *
 * OpenSSL's matcher does the host names. Beyond it count, because agent-auth accepts them: a
 * wildcard in front of one label ("*.lan"), the dot of the root domain, and an IP literal as common
 * name, that only where there are neither alternative names nor constraints of addresses.
 */
#pragma once

#include "common/must-check.h"

#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdbool.h>

/*
 * For X509_VERIFY_PARAM_set_hostflags(): with these, X509_verify_cert() also holds common names to
 * the constraints.
 */
#define CERTIFICATE_HOST_FLAGS \
	(X509_CHECK_FLAG_ALWAYS_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS)

/*
 * Does the certificate contain `name`, and do the CAs in `chain`, a verified one that begins with
 * the certificate, allow it? Null: no CA is trusted, so there are no constraints.
 */
bool certificate_has_name(X509 *certificate, const STACK_OF(X509) * chain,
			  const char *name) must_check;

/* Does it contain the name, but the CAs in `chain` do not allow that? */
bool certificate_name_is_forbidden(X509 *certificate, const STACK_OF(X509) * chain,
				   const char *name) must_check;

/* Does a name in a certificate, which is not terminated, stand for `name`? */
typedef bool certificate_name_matcher(const char *pattern, size_t length, const char *name);

/* Call `matches` with the DNS alternative names and the common names until it returns true. */
bool certificate_any_host_name(X509 *certificate, certificate_name_matcher *matches,
			       const char *name) must_check;

/* A subject or issuer in one line, escaped: "O = Corp, CN = Corp Issuing CA". Returns `buffer`. */
const char *certificate_describe_name(const X509_NAME *name, char *buffer, size_t size);

/* Write the names in a certificate, escaped: "DNS:a, IP:10.0.0.1, CN=b". */
void certificate_describe_names(X509 *certificate, char *buffer, size_t size);
