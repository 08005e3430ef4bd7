/* SPDX-License-Identifier: ISC */
/*
 * The registrar's own CA, in DIRECTORY/etc, made when the CA is changed for the first time:
 *
 *	agent-registrar.ca           what agents are handed out (ca-bundle.h): the newest CA and,
 *	                             while it is being changed, behind it the one before
 *	agent-registrar.ca.key       the private key of the CA
 *	agent-registrar.ca.key.new   that of the newest one, while the CA is being changed
 *
 * The first file decides. Which key belongs to its newest CA is seen from the keys, so a change may
 * be interrupted anywhere.
 */
#pragma once

#include "common/ca-bundle.h"
#include "common/must-check.h"
#include "common/reason.h"
#include "registrar/net/certificate.h"

#include <stdbool.h>

/* Zero-initialise; free with own_ca_close(). */
struct own_ca {
	char *key_file, *new_key_file;
	struct ca_bundle bundle;
	X509 *newest;                     /* the first of the bundle; null: there is no CA yet */
	struct certificate_issuer issuer; /* the same, and its key */
	bool is_new_key;                  /* it is in new_key_file */
};

/* Read what `path`, which need not exist, holds. Returns 0, or a negative errno with `why` set. */
int own_ca_read(struct own_ca *ret, const char *path, struct reason *why) must_check;

/* Find the key of the newest CA; without a CA none. Returns as own_ca_read(). */
int own_ca_read_key(struct own_ca *ca, struct reason *why) must_check;

/* Fit for cleanup(). */
void own_ca_close(struct own_ca *ca);
