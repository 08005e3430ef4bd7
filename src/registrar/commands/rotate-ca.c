/* SPDX-License-Identifier: ISC */
#include "registrar/commands/rotate-ca.h"

#include "common/cleanup.h"
#include "common/library-memory.h"
#include "common/terminal.h"
#include "common/tls-context.h"
#include "registrar/commands/init-files.h"
#include "registrar/commands/own-ca.h"
#include "registrar/net/authorities.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BUNDLE_MODE 0644

DEFINE_RELEASE(pkey, EVP_PKEY *, EVP_PKEY_free)

/* All that is there. */
struct rotation {
	const struct init_settings *settings;
	int etc; /* the directory that they are in, locked */
	struct own_ca ca;
	struct ca_bundle chain; /* of the certificate file */
	X509 *certificate;      /* the first of them */
};

static void close_rotation(struct rotation *rotation)
{
	ca_bundle_clear(&rotation->chain);
	own_ca_close(&rotation->ca);
}

static int open_rotation(struct rotation *rotation, const struct init_settings *settings,
			 struct reason *why)
{
	int r = own_ca_read(&rotation->ca, settings->ca_file, why);

	rotation->settings = settings;
	if (r >= 0)
		r = authorities_read(&rotation->chain, settings->certificate_file, why);
	if (r >= 0)
		rotation->certificate = ca_bundle_at(&rotation->chain, 0);
	return r;
}

/* ------------------------------------------------------------------ whose certificate it is */

static bool is_named_as_ours(X509 *certificate)
{
	char organization[sizeof "agent-registrar" + 1];
	int length = X509_NAME_get_text_by_NID(X509_get_subject_name(certificate),
					       NID_organizationName, organization,
					       sizeof organization);

	return length > 0 && strcmp(organization, "agent-registrar") == 0;
}

/* Made by init without a CA, or issued by the one that is handed out. */
static bool is_ours(const struct rotation *rotation)
{
	X509 *certificate = rotation->certificate;

	if (!is_named_as_ours(certificate))
		return false;
	if (rotation->ca.newest)
		return certificate_is_issued_by(certificate, rotation->ca.newest);
	return ca_bundle_count(&rotation->chain) == 1 &&
	       certificate_is_issued_by(certificate, certificate);
}

static int refuse_other(const struct rotation *rotation, struct reason *why)
{
	reason_set(why,
		   "The certificate in %s was not made by init, so its CA cannot be changed here. "
		   "Append old and new CA to that file, and reload: they are handed out from then "
		   "on. Once all agents have the new CA, replace certificate, key and CAs, and "
		   "reload",
		   rotation->settings->certificate_file);
	return -EINVAL;
}

/* ------------------------------------------------------------------ what is handed out */

/* As with Wazuh, Unix time; agents take only what has a higher one than what they have. */
static uint64_t next_generation(const struct rotation *rotation)
{
	uint64_t now = (uint64_t)time(NULL), last = rotation->ca.bundle.generation;

	return now > last ? now : last + 1;
}

/* The second one may be null. */
static int write_bundle(const struct rotation *rotation, uint64_t generation, X509 *first,
			X509 *second, struct reason *why)
{
	struct ca_bundle bundle = { .certificates = sk_X509_new_null(), .generation = generation };
	cleanup_free char *text = NULL;

	/* They stay their owner's. */
	if (bundle.certificates && sk_X509_push(bundle.certificates, first) > 0 &&
	    (!second || sk_X509_push(bundle.certificates, second) > 0))
		text = ca_bundle_format(&bundle);
	sk_X509_free(bundle.certificates);
	if (!text)
		return reason_errno(why, ENOMEM, "Cannot write %s", rotation->settings->ca_file);
	return init_write_file(rotation->settings->ca_file, BUNDLE_MODE, (gid_t)-1, text,
			       strlen(text), why);
}

/* ------------------------------------------------------------------ the keys */

static const char *last_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* The key of the only CA has its final name, also after an interruption. */
static int settle_key(const struct rotation *rotation, struct reason *why)
{
	const struct own_ca *ca = &rotation->ca;
	const int etc = rotation->etc;

	if (!ca->is_new_key)
		return 0;
	if (renameat(etc, last_name(ca->new_key_file), etc, last_name(ca->key_file)) < 0)
		return reason_errno(why, errno, "Cannot rename %s", ca->new_key_file);
	return fsync(etc) < 0 ? reason_errno(why, errno, "Cannot store %s", ca->key_file) : 0;
}

/* ------------------------------------------------------------------ the first step */

static void say_what_follows(void)
{
	terminal_print_sentence(terminal_stdout(),
				"Both CAs are handed out once the service has reloaded: systemctl "
				"reload agent-registrar");
	terminal_print_sentence(terminal_stdout(),
				"When all agents have the new one, use it: agent-registrar init "
				"--rotate-ca --finish");
}

static int make_ca(X509 **ret, EVP_PKEY *key, uint64_t generation, struct reason *why)
{
	char host[HOST_NAME_MAX + 1] = "", name[HOST_NAME_MAX + 64];

	if (gethostname(host, HOST_NAME_MAX) < 0)
		host[0] = '\0';
	(void)snprintf(name, sizeof name, "CA %" PRIu64 " of %s", generation, host);
	return certificate_make_authority(ret, key, name, why);
}

/* The key first: a CA that is handed out has one. */
static int begin(const struct rotation *rotation, struct reason *why)
{
	const struct own_ca *ca = &rotation->ca;
	cleanup(release_pkey) EVP_PKEY *key = certificate_make_key();
	cleanup(release_x509) X509 *made = NULL;
	const uint64_t generation = next_generation(rotation);
	int r;

	if (!key) {
		reason_set(why, "OpenSSL cannot make a key");
		return -EIO;
	}
	r = make_ca(&made, key, generation, why);
	if (r >= 0)
		r = init_write_key(ca->new_key_file, key, why);
	if (r >= 0)
		r = write_bundle(rotation, generation, made, ca->newest ?: rotation->certificate,
				 why);
	if (r < 0)
		return r;
	terminal_print_sentence(terminal_stdout(),
				"Made a new CA, valid for %d days: the first in %s", AUTHORITY_DAYS,
				rotation->settings->ca_file);
	return 0;
}

static int first_step(struct rotation *rotation, struct reason *why)
{
	int r = 0;

	if (ca_bundle_count(&rotation->ca.bundle) > 1) {
		terminal_print_sentence(terminal_stdout(),
					"A new CA was made before: the first in %s",
					rotation->settings->ca_file);
	} else {
		if (!is_ours(rotation))
			return refuse_other(rotation, why);
		r = own_ca_read_key(&rotation->ca, why);
		if (r >= 0 || r == -ENOENT) /* a lost one is not needed any more */
			r = settle_key(rotation, why);
		if (r >= 0)
			r = begin(rotation, why);
	}
	if (r >= 0)
		say_what_follows();
	return r;
}

/* ------------------------------------------------------------------ the last step */

static int renew_certificate(const struct rotation *rotation, struct reason *why)
{
	cleanup(release_x509) X509 *renewed = NULL;
	const struct own_ca *ca = &rotation->ca;
	const char *path = rotation->settings->certificate_file;
	int r;

	if (certificate_is_issued_by(rotation->certificate, ca->newest))
		return 0;
	if (!ca_bundle_has(&ca->bundle, rotation->certificate) &&
	    !certificate_is_issued_by(rotation->certificate, ca_bundle_at(&ca->bundle, 1)))
		return refuse_other(rotation, why);
	r = certificate_renew(&renewed, rotation->certificate, &ca->issuer, why);
	if (r >= 0)
		r = init_write_certificates(path, (X509 *const[]){ renewed, ca->newest }, 2, why);
	if (r < 0)
		return r;
	terminal_print_sentence(terminal_stdout(),
				"Made the certificate %s, valid for %d days, for the same key and "
				"names",
				path, CERTIFICATE_DAYS);
	return 0;
}

/* As long as the certificate is the old one, the old CA is handed out. */
static int last_step(struct rotation *rotation, struct reason *why)
{
	struct own_ca *ca = &rotation->ca;
	const bool is_under_way = ca_bundle_count(&ca->bundle) > 1;
	int r;

	if (!ca->newest) {
		reason_set(why, "There is no new CA; make one with: agent-registrar init "
				"--rotate-ca");
		return -EINVAL;
	}
	r = own_ca_read_key(ca, why);
	if (r >= 0 && is_under_way)
		r = renew_certificate(rotation, why);
	if (r >= 0 && is_under_way)
		r = write_bundle(rotation, next_generation(rotation), ca->newest, NULL, why);
	if (r >= 0)
		r = settle_key(rotation, why);
	if (r < 0)
		return r;
	terminal_print_sentence(terminal_stdout(), "%s",
				is_under_way ? "The old CA is no longer handed out once the "
					       "service has reloaded: systemctl reload "
					       "agent-registrar"
					     : "The newest CA is in use already");
	return 0;
}

int rotate_ca(const struct init_settings *settings, bool is_last, struct reason *why)
{
	cleanup_fd int lock = init_lock(settings->ca_file, why);
	cleanup(close_rotation) struct rotation rotation = { .settings = settings, .etc = lock };
	int r;

	if (lock < 0)
		return lock;
	r = open_rotation(&rotation, settings, why);
	if (r >= 0)
		r = is_last ? last_step(&rotation, why) : first_step(&rotation, why);
	if (r < 0 && library_memory_was_short()) /* and then a certificate seems to be another's */
		r = reason_errno(why, ENOMEM, "Cannot change the CA");
	(void)fflush(stdout);
	return r;
}
