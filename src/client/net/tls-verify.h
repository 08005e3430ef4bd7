/* SPDX-License-Identifier: ISC */
/* Verifying a manager's certificate; a part of tls-client. */
#pragma once

#include "client/net/tls-client.h"

/*
 * Verify the certificate chain in `store`, during the handshake. Returns 1 to accept it, or 0 with
 * `why` set and the error of the store set to what is sent to the peer. `warning` is set to a
 * problem that is accepted because of a pin.
 */
int tls_verify_manager(X509_STORE_CTX *store, const struct endpoint *endpoint,
		       const struct tls_trust *trust, struct reason *why, struct reason *warning);

/* Does the certificate contain `name`, a host name or an IP literal, by the name rule? */
bool tls_certificate_names(X509 *certificate, const char *name);

/* Is the certificate's key one of `pins`? */
bool tls_key_is_pinned(X509 *certificate, const struct string_list *pins);

/* Write the names in a certificate, escaped: "DNS:a, IP:10.0.0.1, CN=b". */
void tls_certificate_describe_names(X509 *certificate, char *buffer, size_t size);
