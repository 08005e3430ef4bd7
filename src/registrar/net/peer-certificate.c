/* SPDX-License-Identifier: ISC */
#include "registrar/net/peer-certificate.h"

#include "common/certificate-names.h"

bool peer_certificate_is_for(const SSL *tls, const char *address)
{
	X509 *certificate = SSL_get0_peer_certificate(tls);

	return certificate &&
	       certificate_has_name(certificate, SSL_get0_verified_chain(tls), address);
}
