/* SPDX-License-Identifier: ISC */
#include "tests/unit/certificates.h"

#include "tests/unit/support.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

EVP_PKEY *make_key(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");

	assert_non_null(key);
	return key;
}

static void add_name(X509_NAME *name, const char *kind, const char *text)
{
	if (text)
		assert_int_equal(X509_NAME_add_entry_by_txt(name, kind, MBSTRING_ASC,
							    (const unsigned char *)text, -1, -1, 0),
				 1);
}

static void add_extension(X509 *certificate, int kind, const char *text)
{
	X509_EXTENSION *extension;
	X509V3_CTX context;

	if (!text)
		return;
	X509V3_set_ctx_nodb(&context);
	X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, kind, text);
	assert_non_null(extension);
	assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
	X509_EXTENSION_free(extension);
}

X509 *make_certificate(const struct certificate_plan *plan, EVP_PKEY *key, X509 *issuer,
		       EVP_PKEY *issuer_key)
{
	static long serial = 1;
	X509 *certificate = X509_new();
	X509_NAME *name = X509_NAME_new();

	assert_non_null(certificate);
	assert_non_null(name);
	add_name(name, "O", plan->organization);
	for (size_t i = 0; i < COUNT(plan->common_names); i++)
		add_name(name, "CN", plan->common_names[i]);
	X509_set_version(certificate, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++);
	X509_set_subject_name(certificate, name);
	X509_set_issuer_name(certificate, issuer ? X509_get_subject_name(issuer) : name);
	X509_gmtime_adj(X509_getm_notBefore(certificate), plan->from);
	X509_gmtime_adj(X509_getm_notAfter(certificate), plan->until ? plan->until : 86400);
	X509_set_pubkey(certificate, key);
	add_extension(certificate, NID_basic_constraints, plan->is_ca ? "critical,CA:TRUE" : NULL);
	add_extension(certificate, NID_subject_alt_name, plan->alternative_names);
	add_extension(certificate, NID_ext_key_usage, plan->purpose);
	add_extension(certificate, NID_name_constraints, plan->constraints);
	assert_true(X509_sign(certificate, issuer ? issuer_key : key,
			      plan->is_weak ? EVP_sha1() : EVP_sha256()) > 0);
	X509_NAME_free(name);
	return certificate;
}

void write_certificate(const char *path, X509 *certificate, bool append)
{
	FILE *file = fopen(path, append ? "ae" : "we");

	assert_non_null(file);
	assert_int_equal(PEM_write_X509(file, certificate), 1);
	assert_int_equal(fclose(file), 0);
}

char *print_certificate(X509 *certificate)
{
	char *text = NULL;
	size_t length;
	FILE *stream = open_memstream(&text, &length);

	assert_non_null(stream);
	assert_int_equal(PEM_write_X509(stream, certificate), 1);
	assert_int_equal(fclose(stream), 0);
	return text;
}

void write_key(const char *path, EVP_PKEY *key, const char *passphrase)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_int_equal(PEM_write_PKCS8PrivateKey(
				 file, key, passphrase ? EVP_aes_128_cbc() : NULL, passphrase,
				 passphrase ? (int)strlen(passphrase) : 0, NULL, NULL),
			 1);
	assert_int_equal(fclose(file), 0);
}

int setup_certificate(void **state)
{
	const struct certificate_plan plan = { .common_names = { "m" } };
	cleanup_pkey EVP_PKEY *key = make_key();
	cleanup_x509 X509 *certificate = make_certificate(&plan, key, NULL, NULL);

	if (setup_directory(state) < 0)
		return -1;
	write_certificate(path_in(*state, "certificate"), certificate, false);
	write_key(path_in(*state, "key"), key, NULL);
	return 0;
}
