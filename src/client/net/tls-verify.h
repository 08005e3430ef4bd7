/* SPDX-License-Identifier: ISC */
/* Is this the manager? The part of tls-client that judges a certificate. */
#pragma once

#include "client/net/tls-client.h"

/*
 * Judge the certificate chain in `store`, during the handshake. Returns 1 to go on; 0 with `why`
 * set and the store's error set to what the peer is told. `warning` gets what is accepted for a
 * pin's sake.
 */
int tls_verify_manager(X509_STORE_CTX *store, const struct endpoint *endpoint,
		       const struct tls_trust *trust, struct reason *why, struct reason *warning);

/* Is `name`, a host name or an IP literal, in the certificate by the name rule? */
bool tls_certificate_names(X509 *certificate, const char *name);

/* Is the certificate's key one of `pins`? */
bool tls_key_is_pinned(X509 *certificate, const struct string_list *pins);

/* The names in a certificate, escaped: "DNS:a, IP:10.0.0.1, CN=b". */
void tls_certificate_describe_names(X509 *certificate, char *buffer, size_t size);
