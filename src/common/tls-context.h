/* SPDX-License-Identifier: ISC */
/*
 * A TLS context from plain settings, for both sides: versions, ciphers, own certificate and key,
 * and the CA that must have issued the peer's certificate. Errors name the file and the problem.
 */
#pragma once

#include "common/cleanup.h"
#include "common/must-check.h"
#include "common/reason.h"

#include <openssl/ssl.h>
#include <stdbool.h>

DEFINE_RELEASE(ssl_ctx, SSL_CTX *, SSL_CTX_free)
DEFINE_RELEASE(ssl, SSL *, SSL_free)
DEFINE_RELEASE(x509, X509 *, X509_free)
DEFINE_RELEASE(bio, BIO *, BIO_free_all)

/* What is in a file; not owned. */
struct tls_content {
	const char *bytes; /* null: nobody has read it */
	size_t length;     /* at most PEM_FILE_MAX */
};

/* Terminated strings, not owned; null: the default. */
struct tls_settings {
	bool server;
	/* PEM: the peer's certificate must be issued by one of these */
	const char *ca_file;
	const char *certificate_file; /* PEM: own certificate, then its chain */
	const char *private_key_file; /* PEM, not encrypted */
	/* of whoever named the CA file, and the other two (trusted-file.h); null: root did */
	const char *ca_home, *own_home;
	/* of these files, if somebody else has read them; messages still name the files */
	struct tls_content ca, certificate, private_key;
	const char *min_version;  /* "1.0" to "1.3", with or without "TLSv"; default 1.2 */
	const char *max_version;  /* the same; default: the newest */
	const char *ciphers;      /* OpenSSL cipher list for TLS 1.2 and below */
	const char *ciphersuites; /* OpenSSL list for TLS 1.3 */
};

/*
 * Create a context. A minimum version below TLS 1.2 also lowers OpenSSL's security level to 0,
 * because level 1 and above silently disable the old versions; the strength that is demanded of the
 * peer's certificates stays (see tls_context_certificate_level()). Anonymous and null ciphers are
 * never offered. A server exchanges keys by elliptic curves only, and by ML-KEM with one of them,
 * because finite fields cost it too much for a stranger. Returns 0, or a negative errno with `why`
 * set. Free with SSL_CTX_free().
 */
int tls_context_new(SSL_CTX **ret, const struct tls_settings *settings,
		    struct reason *why) must_check;

/*
 * The security level of OpenSSL that the peer's certificates must have: that of the list of ciphers
 * (@SECLEVEL), or else OpenSSL's default. To be set in the parameters of a verification.
 */
int tls_context_certificate_level(const SSL_CTX *context) must_check;

/* Parse "1.2" or "TLSv1.2". Returns the protocol number (TLS1_2_VERSION) or -EINVAL. */
int tls_version_parse(const char *text) must_check;

/* Format a time: "2026-11-21 20:15:00 UTC". */
void tls_describe_time(const ASN1_TIME *time, char *buffer, size_t size);

/*
 * A text for the first error in OpenSSL's queue; empties the queue. The result is static, or in
 * `buffer`.
 */
const char *tls_error_text(char *buffer, size_t size);
