/* SPDX-License-Identifier: ISC */
/* The files that init makes and reads in the manager's etc, under its lock. */
#pragma once

#include "common/must-check.h"
#include "common/reason.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * Open and lock the manager's etc, in which the file of the CAs is, so that nobody else makes the
 * same. Returns the descriptor, which holds the lock, or a negative errno with `why` set.
 */
int init_lock(const char *ca_file, struct reason *why) must_check;

bool init_is_missing(const char *path) must_check;

/*
 * Write a file: durable, and never half of it under the final name. Returns as
 * atomic_file_commit().
 */
int init_write_file(const char *path, mode_t mode, gid_t group, const void *data, size_t length,
		    struct reason *why) must_check;

/* Write a private key, which only root can read. Returns as init_write_file(). */
int init_write_key(const char *path, EVP_PKEY *key, struct reason *why) must_check;

/* Read a private key; the caller frees it. Returns 0, or a negative errno with `why` set. */
int init_read_key(EVP_PKEY **ret, const char *path, struct reason *why) must_check;

/* Write certificates one after the other; a null is none. Returns as init_write_file(). */
int init_write_certificates(const char *path, X509 *const *certificates, size_t count,
			    struct reason *why) must_check;
