/* SPDX-License-Identifier: ISC */
/* Why OpenSSL rejects a certificate chain, for an administrator: the fault, and the remedy. */
#pragma once

#include "common/reason.h"

#include <openssl/x509_vfy.h>

/*
 * Say why the verification of the chain in `store` has failed. `manager` is who sent the chain, and
 * `ca_file` what holds the CAs that are trusted.
 */
void tls_chain_explain(X509_STORE_CTX *store, const char *manager, const char *ca_file,
		       struct reason *why);

/* ", or use pin instead of ca_file", for the end of a remedy; empty where no pin can be set. */
const char *tls_pin_alternative(void);
