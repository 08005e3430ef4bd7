/* SPDX-License-Identifier: ISC */
/*
 * What those who speak with clients prove themselves with, and what they demand of clients: the
 * content of files that only the registry may open. Plain data that owns itself.
 */
#pragma once

#include "common/secret.h"

#include <stddef.h>

struct material_file {
	char *path;  /* for messages; null: there is no such file */
	char *bytes; /* terminated */
	size_t length;
};

/* Holds secrets: wipe it with material_wipe(). Zero: nothing. */
struct material {
	struct material_file certificate; /* PEM: the certificate, then its chain */
	struct material_file private_key; /* PEM, not encrypted */
	struct material_file client_ca;   /* PEM; absent: no certificate is demanded */
	char *ciphers;                    /* OpenSSL cipher list; null: the default */
	struct secret password;           /* for registrations; no text: none is demanded */
};

enum material_fault {
	MATERIAL_OK,
	MATERIAL_INTERNAL, /* the manager's machine: it cannot be read, or not be used */
};

struct material_answer {
	enum material_fault fault;
	struct material material; /* MATERIAL_OK */
};

/* Wipe and free. Fit for cleanup(). */
void material_wipe(struct material *material);
