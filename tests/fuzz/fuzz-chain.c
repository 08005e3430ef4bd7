/* SPDX-License-Identifier: ISC */
/*
 * What is said of a chain that was rejected, whatever is in its certificates: a reason that is fit
 * to show. The first two bytes are OpenSSL's error and the depth; a certificate in DER follows.
 */
#include "fuzz.h"

#include "client/net/tls-chain.h"

#include <openssl/err.h>

static void explain(X509 *certificate, int error, int depth)
{
	X509_STORE_CTX *store = X509_STORE_CTX_new();
	struct reason why = { "" };

	HOLDS(store && X509_STORE_CTX_init(store, NULL, certificate, NULL) == 1);
	X509_STORE_CTX_set_error(store, error);
	X509_STORE_CTX_set_error_depth(store, depth);
	X509_STORE_CTX_set_current_cert(store, certificate);
	tls_chain_explain(store, "m.example.org:1515", "/etc/ca.pem", &why);
	HOLDS(why.text[0]);
	for (const char *at = why.text; *at; at++)
		HOLDS(*at >= ' ' && *at <= '~');
	X509_STORE_CTX_free(store);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const unsigned char *at = data + 2;
	X509 *certificate = size > 2 ? d2i_X509(NULL, &at, (long)(size - 2)) : NULL;

	ERR_clear_error();
	if (size >= 2)
		explain(certificate, data[0], data[1] % 4);
	X509_free(certificate);
	ERR_clear_error();
	return 0;
}
