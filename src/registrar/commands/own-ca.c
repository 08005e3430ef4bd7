/* SPDX-License-Identifier: ISC */
#include "registrar/commands/own-ca.h"

#include "common/cleanup.h"
#include "registrar/commands/init-files.h"
#include "registrar/net/authorities.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static int name_keys(struct own_ca *ca, const char *path, struct reason *why)
{
	if (asprintf(&ca->key_file, "%s.key", path) < 0) {
		ca->key_file = NULL;
		return reason_errno(why, ENOMEM, "Cannot use %s", path);
	}
	if (asprintf(&ca->new_key_file, "%s.new", ca->key_file) < 0) {
		ca->new_key_file = NULL;
		return reason_errno(why, ENOMEM, "Cannot use %s", path);
	}
	return 0;
}

int own_ca_read(struct own_ca *ret, const char *path, struct reason *why)
{
	int r = name_keys(ret, path, why);

	if (r < 0 || init_is_missing(path))
		return r;
	r = authorities_read_bundle(&ret->bundle, path, why);
	if (r < 0)
		return r;
	ret->newest = ret->issuer.certificate = ca_bundle_at(&ret->bundle, 0);
	return 0;
}

/* Read the key if it is that of the newest CA. 1: it is; 0: not; or a negative errno. */
static int try_key(struct own_ca *ca, const char *path, struct reason *why)
{
	EVP_PKEY *key;
	int r = init_is_missing(path) ? -ENOENT : init_read_key(&key, path, why);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (EVP_PKEY_eq(key, X509_get0_pubkey(ca->newest)) != 1) {
		EVP_PKEY_free(key);
		return 0;
	}
	ca->issuer.key = key;
	return 1;
}

int own_ca_read_key(struct own_ca *ca, struct reason *why)
{
	int r;

	if (!ca->newest)
		return 0;
	r = try_key(ca, ca->new_key_file, why);
	ca->is_new_key = r > 0;
	if (r == 0)
		r = try_key(ca, ca->key_file, why);
	if (r != 0)
		return r < 0 ? r : 0;
	reason_set(why,
		   "The private key of the registrar's own CA is neither %s nor %s: supply it, or "
		   "issue the certificate elsewhere",
		   ca->key_file, ca->new_key_file);
	return -ENOENT;
}

void own_ca_close(struct own_ca *ca)
{
	EVP_PKEY_free(ca->issuer.key);
	ca_bundle_clear(&ca->bundle);
	free(ca->key_file);
	free(ca->new_key_file);
	*ca = (struct own_ca){ .newest = NULL };
}
