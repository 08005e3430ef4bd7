/* SPDX-License-Identifier: ISC */
/* What the service proves itself with, and what it demands of its clients, ready for use. */
#pragma once

#include "common/must-check.h"
#include "common/reason.h"
#include "common/secret.h"
#include "registrar/net/authorities.h"
#include "registrar/registry/material.h"

#include <openssl/ssl.h>

/* Zero-initialise; free with credentials_clear(). */
struct credentials {
	SSL_CTX *tls;           /* certificate, private key, CA of the clients */
	struct secret password; /* no text: none is demanded */
	/* CAs that are handed out; the generation is 0 where it is not known */
	struct authorities authorities;
};

/*
 * Make them of the material, which is not kept. Returns 0, or a negative errno with `why` set: it
 * cannot be used.
 */
int credentials_make(struct credentials *ret, const struct material *material,
		     struct reason *why) must_check;

/* Wipe and free; a connection that has begun keeps its part. Fit for cleanup(). */
void credentials_clear(struct credentials *credentials);
