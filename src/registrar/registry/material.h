/* SPDX-License-Identifier: ISC */
/*
 * What those who speak with clients prove themselves with, what they demand of clients, and how
 * they answer: the content of files that only the registry may open, and what it knows from files.
 * Plain data that owns itself.
 */
#pragma once

#include "common/secret.h"
#include "registrar/registry/dialect.h"

#include <stddef.h>
#include <stdint.h>

#define MATERIAL_FILE_MAX ((size_t)1 << 20) /* bytes: room for a thousand certificates */

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
	struct material_file authorities; /* ca-bundle.h; absent: those behind the certificate */
	char *ciphers;                    /* OpenSSL cipher list; null: the default */
	struct secret password;           /* for registrations; no text: none is demanded */
	enum dialect dialect;             /* in which agents are answered */
};

enum material_fault {
	MATERIAL_OK,
	MATERIAL_INTERNAL, /* the manager's machine: it cannot be read, or not be used */
};

/*
 * Before material is handed out, it was seen that it can be used, and its password is the one that
 * counts from then on. Who cannot use it all the same has no memory left, and should end: who goes
 * on with the old password refuses what the registry grants.
 */
struct material_answer {
	enum material_fault fault;
	uint64_t edition;         /* rises when the files have changed; 0 where it is not known */
	struct material material; /* MATERIAL_OK */
};

/* Wipe and free. Fit for cleanup(). */
void material_wipe(struct material *material);
