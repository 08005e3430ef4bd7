/* SPDX-License-Identifier: ISC */
/*
 * What is wrong with a file that should contain PEM data: certificates and keys reach a machine
 * through environment variables, templates, JSON, cloud-init, mail and Windows, and come out
 * changed. Pure.
 */
#pragma once

#include "common/must-check.h"
#include "common/reason.h"

#include <stdbool.h>
#include <stddef.h>

enum pem_content {
	PEM_CERTIFICATE,
	PEM_PRIVATE_KEY, /* not encrypted */
};

/* What is said of the file: "The CA file /etc/ca.pem contains ...". */
struct pem_subject {
	const char *role; /* "CA file" */
	const char *path;
	enum pem_content wanted;
	const char *home; /* of whoever named the path, see trusted-file.h; null: root did */
};

/*
 * Say in `why` what the `length` bytes are, of which OpenSSL could not read what is wanted, and the
 * command or the edit that converts it. Nothing of the bytes is shown, because they may be a key.
 */
void pem_diagnose(const struct pem_subject *subject, const void *bytes, size_t length,
		  struct reason *why);

/*
 * Are there more certificates in the bytes than OpenSSL has `read`? It passes over those whose form
 * it does not know, such as without line breaks, and a CA would be missing without a word.
 */
bool pem_has_more(const void *bytes, size_t length, size_t read) must_check;
