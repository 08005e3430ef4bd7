/* SPDX-License-Identifier: ISC */
/* --init: make what a registrar needs and does not have yet. What exists is never touched. */
#pragma once

#include "common/must-check.h"
#include "common/reason.h"

#include <stddef.h>
#include <sys/types.h>

/* Terminated strings, not owned. */
struct init_settings {
	const char *directory; /* the installation; its etc is made as well */
	const char *certificate_file;
	const char *private_key_file;
	const char *ca_file;       /* own-ca.h; it need not exist */
	const char *password_file; /* null: no password is wanted */
	const char *const *names;  /* further names for the certificate */
	size_t name_count;
	gid_t group; /* of the password file; (gid_t)-1: that of DIRECTORY/etc */
};

/*
 * Make what is missing and say on stdout what was made, and the certificate's pin. Returns 0, or a
 * negative errno with `why` set; what was made before the failure stays and is used the next time.
 */
int init_missing(const struct init_settings *settings, struct reason *why) must_check;

/*
 * How the command is called for the directory: what a message advises. Escaped. Returns `ret`.
 */
#define INIT_DEFAULT_DIRECTORY "/var/ossec" /* of all commands */
#define INIT_CALL_SIZE 320
const char *init_call(char ret[static INIT_CALL_SIZE], const char *directory);
