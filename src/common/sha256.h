/* SPDX-License-Identifier: ISC */
/*
 * SHA-256 (FIPS 180-4) and its HMAC (RFC 2104), to know things again: machines, keys. By OpenSSL,
 * but without making it ready, which takes longer than all else that the program does that stores a
 * key. Not for what is exchanged with anybody. Pure.
 */
#pragma once

#include <stddef.h>

#define SHA256_SIZE 32
#define SHA256_BLOCK 64

void sha256(unsigned char ret[static SHA256_SIZE], const void *data, size_t length);

/* The key has at most SHA256_BLOCK bytes. */
void sha256_hmac(unsigned char ret[static SHA256_SIZE], const void *key, size_t key_length,
		 const void *data, size_t length);
