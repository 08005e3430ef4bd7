/* SPDX-License-Identifier: ISC */
/* Verifying a manager's certificate; a part of tls-client. */
#pragma once

#include "client/net/tls-client.h"
#include "common/must-check.h"

/*
 * Verify the certificate chain in `store`, during the handshake. Returns 1 to accept it, or 0 with
 * `why` set and the error of the store set to what is sent to the peer. `warning` is set to a
 * problem that is accepted because of a pin.
 */
int tls_verify_manager(X509_STORE_CTX *store, const struct endpoint *endpoint,
		       const struct tls_trust *trust, struct reason *why,
		       struct reason *warning) must_check;

/*
 * Say why none of the certificate's names counts as `name`, as a refusal does. `chain` is as it was
 * verified, or null; `manager` is who sent it.
 */
void tls_verify_explain_name(X509 *certificate, const STACK_OF(X509) * chain, const char *name,
			     const char *manager, struct reason *why);

/* Say that the key of `manager` is none of the pins, as a refusal does. */
void tls_verify_explain_pin(const char *manager, struct reason *why);

/* Is the certificate's key one of `pins`? */
bool tls_key_is_pinned(X509 *certificate, const struct string_list *pins) must_check;
