/* SPDX-License-Identifier: ISC */
/*
 * The name constraints of CAs (RFC 5280 section 4.2.1.10), for a name that a certificate is taken
 * for. OpenSSL compares the texts in a certificate with them: that leaves out wildcards, the dot of
 * the root domain, and common names that do not look like a domain to it.
 */
#pragma once

#include "common/must-check.h"

#include <openssl/x509.h>
#include <stdbool.h>

/*
 * Do the CAs in `chain` allow certificates for `name`, a host name or IP literal? The chain is a
 * verified one, and begins with the certificate; null or without a CA: yes. What cannot be decided
 * is not allowed.
 */
bool name_constraints_allow(const STACK_OF(X509) * chain, const char *name) must_check;

/* Does a CA in `chain` allow or exclude IP addresses? */
bool name_constraints_limit_addresses(const STACK_OF(X509) * chain) must_check;
