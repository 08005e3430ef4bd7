/* SPDX-License-Identifier: ISC */
/* What the service proves itself with, and what it demands of its clients: read from files. */
#pragma once

#include "common/must-check.h"
#include "common/reason.h"
#include "common/secret.h"
#include "registrar/commands/options.h"

#include <openssl/ssl.h>

/* Zero-initialise; free with credentials_clear(). */
struct credentials {
	SSL_CTX *tls;           /* certificate, private key, CA of the clients */
	struct secret password; /* no text: none is demanded */
};

/*
 * Read certificate, private key, CA and password as the options name them. Returns 0, or a negative
 * errno with `why` set.
 */
int credentials_open(struct credentials *ret, const struct options *options,
		     struct reason *why) must_check;

/* Wipe and free; a connection that has begun keeps its part. Fit for cleanup(). */
void credentials_clear(struct credentials *credentials);
