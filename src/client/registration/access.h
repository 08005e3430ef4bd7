/* SPDX-License-Identifier: ISC */
/*
 * Access to the managers: all that the configuration and an enrollment token say of where they are,
 * how to reach them, what they must prove, and what proves to them who asks. Composed here and
 * nowhere else.
 */
#pragma once

#include "client/config/config.h"
#include "client/methods/method.h"
#include "common/must-check.h"
#include "common/pem-file.h"

#include <stdbool.h>
#include <stddef.h>

/* What is known of a manager without the enrollment token that named it. Nothing is owned. */
struct access_known {
	const char *manager; /* host:port; empty: not known */
	const char *prefix;  /* of its paths; null: not known */
	const char *ca_file; /* where `ca` is, for messages */
	const char *ca;      /* PEM, in which no one but root has written; null: none */
	size_t ca_length;
};

/* Start with zeros; release with access_close(). */
struct access {
	const struct config *config; /* not owned */
	const struct method *method;
	SSL_CTX *context;              /* null: not loaded */
	struct tls_trust trust;        /* points into the configuration */
	struct secret password;        /* without text: none */
	struct proxy proxy;            /* with has_proxy */
	struct enrollment_token token; /* with has_token */
	struct pem_file ca;            /* the content of ca_file; of the method enroll */
	bool has_proxy;
	bool has_token;
	bool lacks_token;                  /* one is configured, but there is no such file */
	const struct access_known *known;  /* takes the token's place; null: is not needed */
	char prefix[ENDPOINT_PREFIX_SIZE]; /* of the paths of the method enroll; may be empty */
};

/*
 * Get the configured method, see whether the files of TLS can be read, and read the password, the
 * proxy's password and the enrollment token, as far as they are configured. The configuration must
 * outlive the access. Returns 0, or a negative errno with `why` set; release it in both cases.
 */
int access_open(struct access *access, const struct config *config, struct reason *why) must_check;

/*
 * The same, but if there is no file with the token that is configured, `known` (may be null) takes
 * its place, as far as that suffices with what is configured besides; it must outlive the access
 * then. Otherwise the result is -ENOENT, with lacks_token.
 */
int access_open_known(struct access *access, const struct config *config,
		      const struct access_known *known, struct reason *why) must_check;

/*
 * Make the TLS context, with the CA and our own certificate, if it has not been made. Costs more
 * than all else, so it is for the process that talks to managers. Returns 0, or a negative errno
 * with `why` set.
 */
int access_load_tls(struct access *access, struct reason *why) must_check;

/* Both, for whoever is the only process that needs it. */
int access_open_with_tls(struct access *access, const struct config *config,
			 struct reason *why) must_check;

/* Wipe the secrets and free the rest. Fit for cleanup(). */
void access_close(struct access *access);

/*
 * The configured proxy with its password from the file. Returns 1 with `ret` set, to be wiped with
 * proxy_wipe(); 0 when there is none; or a negative errno with `why` set.
 */
int access_read_proxy(struct proxy *ret, const struct config *config,
		      struct reason *why) must_check;

/* Is there a secret to prove that is configured: a password, or that of an enrollment token? */
bool access_has_credential(const struct access *access) must_check;

/*
 * The manager of that number, from 0 on, in the order in which they are asked: a configured one or,
 * when none is, the one that the token names. False behind the last, with `ret` untouched.
 */
bool access_manager_at(const struct access *access, size_t index, struct endpoint *ret) must_check;

/*
 * An attempt with one manager, complete but for the agent, the progress callback, and what is this
 * agent's own (the re-enrollment secret, the lost request). It points to `access`, `manager` and
 * `deadline`, and has a TLS context if `access` has one.
 */
struct attempt access_attempt(const struct access *access, const struct endpoint *manager,
			      const struct deadline *deadline) must_check;
