/* SPDX-License-Identifier: ISC */
/*
 * A file of certificates or of a private key, whole, so that what OpenSSL cannot read can be looked
 * at a second time and named.
 */
#pragma once

#include "common/must-check.h"
#include "common/pem-diagnosis.h"

#include <openssl/bio.h>

#define PEM_FILE_MAX (16 * 1024 * 1024) /* bytes */

/* Zero-initialise; free with pem_file_close(). */
struct pem_file {
	struct pem_subject subject;
	char *bytes;
	size_t length;
	BIO *bio; /* reads them */
};

/* Can pem_file_open() read it? Without OpenSSL. Returns as that does. */
int pem_file_check(const struct pem_subject *subject, struct reason *why) must_check;

/*
 * Read a regular file of at most PEM_FILE_MAX bytes; a byte order mark at its beginning is left
 * out. The texts of `subject` must outlive `ret`. Returns 0, or a negative errno with `why` set.
 */
int pem_file_open(struct pem_file *ret, const struct pem_subject *subject,
		  struct reason *why) must_check;

/*
 * The same with what somebody else has read of the file: `length` bytes, which are copied. Returns
 * 0, or -ENOMEM with `why` set.
 */
int pem_file_take(struct pem_file *ret, const struct pem_subject *subject, const char *bytes,
		  size_t length, struct reason *why) must_check;

/*
 * OpenSSL could not read what is wanted: say what the file holds instead. Empties OpenSSL's error
 * queue. Returns -EINVAL.
 */
int pem_file_refuse(const struct pem_file *file, struct reason *why) must_check;

/* pem_has_more() of the file's bytes. */
bool pem_file_has_more(const struct pem_file *file, size_t read) must_check;

/* Wipe and free. Fit for cleanup(). */
void pem_file_close(struct pem_file *file);
