/* SPDX-License-Identifier: ISC */
/*
 * The CAs that clients can know the manager by: what its certificate is sent with, or itself, if it
 * was issued by itself.
 */
#pragma once

#include "common/must-check.h"

#include <openssl/x509.h>
#include <stdbool.h>

/*
 * Append them to `pem`. `own` may be null: there is no certificate. Returns false when there are
 * none, or there was no memory.
 */
bool authorities_write(BIO *pem, X509 *own, STACK_OF(X509) * chain) must_check;

/* The one that the others were issued by, as far as it is there. Null: there are none. */
X509 *authorities_root(X509 *own, STACK_OF(X509) * chain) must_check;
