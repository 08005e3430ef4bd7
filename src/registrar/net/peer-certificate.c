/* SPDX-License-Identifier: ISC */
#include "registrar/net/peer-certificate.h"

#include <openssl/x509v3.h>
#include <string.h>

static bool has_common_name(const X509 *certificate, const char *text)
{
	const X509_NAME *subject = X509_get_subject_name(certificate);

	for (int i = -1; (i = X509_NAME_get_index_by_NID(subject, NID_commonName, i)) >= 0;) {
		const ASN1_STRING *name = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, i));

		if ((size_t)ASN1_STRING_length(name) == strlen(text) &&
		    strncasecmp((const char *)ASN1_STRING_get0_data(name), text, strlen(text)) == 0)
			return true;
	}
	return false;
}

bool peer_certificate_is_for(const SSL *tls, const char *address)
{
	X509 *certificate = SSL_get0_peer_certificate(tls);

	return certificate && (X509_check_ip_asc(certificate, address, 0) == 1 ||
			       has_common_name(certificate, address));
}
