/* SPDX-License-Identifier: ISC */
#include "registrar/net/authorities.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

static bool is_own_issuer(X509 *certificate)
{
	return X509_check_issued(certificate, certificate) == X509_V_OK;
}

bool authorities_write(BIO *pem, X509 *own, STACK_OF(X509) * chain)
{
	bool done = false;

	for (int i = 0; i < sk_X509_num(chain); i++)
		done = PEM_write_bio_X509(pem, sk_X509_value(chain, i)) == 1;
	if (!done && own && is_own_issuer(own))
		done = PEM_write_bio_X509(pem, own) == 1;
	return done;
}

X509 *authorities_root(X509 *own, STACK_OF(X509) * chain)
{
	int count = sk_X509_num(chain);

	for (int i = 0; i < count; i++)
		if (is_own_issuer(sk_X509_value(chain, i)))
			return sk_X509_value(chain, i);
	if (count > 0)
		return sk_X509_value(chain, count - 1);
	return own && is_own_issuer(own) ? own : NULL;
}
