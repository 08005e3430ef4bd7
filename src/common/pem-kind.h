/* SPDX-License-Identifier: ISC */
/* The kinds of things that are kept in PEM and DER files. Pure. */
#pragma once

#include "common/must-check.h"

#include <stddef.h>

/* What something is, whatever its form. */
enum pem_kind {
	PEM_KIND_CERTIFICATE,
	PEM_KIND_TRUSTED_CERTIFICATE,
	PEM_KIND_REQUEST,
	PEM_KIND_CRL,
	PEM_KIND_PUBLIC_KEY,
	PEM_KIND_PRIVATE_KEY,
	PEM_KIND_ENCRYPTED_KEY,
	PEM_KIND_OPENSSH_KEY,
	PEM_KIND_PARAMETERS,
	PEM_KIND_PKCS7,
	PEM_KIND_PKCS12,
	PEM_KIND_OTHER_PEM,
	PEM_KIND_UNKNOWN,
};

/* The kind in words, with its article: "a certificate". A static text. */
const char *pem_kind_noun(enum pem_kind kind);

/* The kind that a BEGIN line names: its words between BEGIN and the dashes. */
enum pem_kind pem_kind_of_label(const char *label, size_t length) must_check;

/* The kind of DER data, or PEM_KIND_UNKNOWN. Leaves OpenSSL's error queue empty. */
enum pem_kind pem_kind_of_der(const void *data, size_t length) must_check;
