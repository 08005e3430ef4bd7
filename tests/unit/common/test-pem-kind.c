/* SPDX-License-Identifier: ISC */
/* What other programs write between BEGIN and the hyphens. */
#include "tests/unit/support.h"

#include "common/pem-kind.h"

static void test_labels(void **state)
{
	static const struct {
		const char *label; /* openssl(1), GnuTLS, Java's keytool, Windows, RFC 7468 */
		const char *noun;
	} rows[] = {
		{ "CERTIFICATE", "a certificate" },
		{ "X509 CERTIFICATE", "a certificate" },
		{ "TRUSTED CERTIFICATE", "an OpenSSL TRUSTED CERTIFICATE" },
		{ "CERTIFICATE REQUEST", "a certificate request" },
		{ "NEW CERTIFICATE REQUEST", "a certificate request" },
		{ "X509 CRL", "a revocation list" },
		{ "PUBLIC KEY", "a public key" },
		{ "RSA PUBLIC KEY", "a public key" },
		{ "PRIVATE KEY", "a private key" },
		{ "RSA PRIVATE KEY", "a private key" },
		{ "EC PRIVATE KEY", "a private key" },
		{ "DSA PRIVATE KEY", "a private key" },
		{ "ENCRYPTED PRIVATE KEY", "an encrypted private key" },
		{ "OPENSSH PRIVATE KEY", "an OpenSSH key" },
		{ "EC PARAMETERS", "key parameters" },
		{ "DH PARAMETERS", "key parameters" },
		{ "PKCS7", "a PKCS #7 bundle" },
		{ "PKCS #7 SIGNED DATA", "a PKCS #7 bundle" },
		{ "CERTIFICATE ", "PEM data of another kind" },
		{ "certificate", "PEM data of another kind" },
		{ "", "PEM data of another kind" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check_row(rows[i].label, strcmp(pem_kind_noun(pem_kind_of_label(
							rows[i].label, strlen(rows[i].label))),
						rows[i].noun) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_labels) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
