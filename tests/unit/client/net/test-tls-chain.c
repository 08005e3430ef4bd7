/* SPDX-License-Identifier: ISC */
/* What is said of certificate chains that OpenSSL rejects. */
#include "tests/unit/support.h"

#include "client/net/tls-chain.h"
#include "tests/unit/certificates.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

DEFINE_RELEASE(digest, EVP_MD *, EVP_MD_free)

struct extension {
	int kind;
	const char *text;
};

/* A certificate: its name, its key, and up to two extensions. */
struct plan {
	const char *name;
	struct extension extensions[2];
};

enum weakness { STRONG, SMALL_KEY, SMALL_CA_KEY, WEAK_SIGNATURE, OLD_SIGNATURE };

static const struct row {
	const char *label;
	struct plan root, intermediate, leaf; /* no name: there is none */
	bool lacks_intermediate;              /* the manager does not send it */
	enum weakness weakness;
	const char *said;
} rows[] = {
	{ "small key",
	  { "root" },
	  { 0 },
	  { "m" },
	  false,
	  SMALL_KEY,
	  "The certificate of m:1515 has a key that is too small (RSA, 1024 bits); "
	  "reissue it with RSA of 2048 bits or more, "
	  "or with an EC key, or allow it by ciphers in [tls]: DEFAULT@SECLEVEL=1" },
	{ "small CA key",
	  { "root" },
	  { 0 },
	  { "m" },
	  false,
	  SMALL_CA_KEY,
	  "The CA certificate 'CN = root' in the chain of m:1515 has a key that is too small "
	  "(RSA, 1024 bits); reissue it with RSA of 2048 bits or more, "
	  "or with an EC key, or allow it by ciphers in [tls]: DEFAULT@SECLEVEL=1" },
	{ "weak signature",
	  { "root" },
	  { 0 },
	  { "m" },
	  false,
	  WEAK_SIGNATURE,
	  "The certificate of m:1515 has a signature that is too weak (SHA1); "
	  "reissue it with SHA-256, or allow it by ciphers in [tls]: DEFAULT@SECLEVEL=0" },
	{ "signature of just so many bits as level 1 demands",
	  { "root" },
	  { 0 },
	  { "m" },
	  false,
	  OLD_SIGNATURE,
	  "The certificate of m:1515 has a signature that is too weak (RIPEMD160); reissue it with "
	  "SHA-256, or allow it by ciphers in [tls]: DEFAULT@SECLEVEL=1" },
	{ "name of other letters",
	  { "b\xc3\xbcro", { { NID_basic_constraints, "CA:FALSE" } } },
	  { 0 },
	  { "m" },
	  false,
	  STRONG,
	  "The CA certificate 'CN = b\\xc3\\xbcro' in the chain of m:1515 is used as a CA, "
	  "but is not one (no basicConstraints CA:TRUE); reissue it as a CA, "
	  "or use pin instead of ca_file" },
	{ "no CA",
	  { "root", { { NID_basic_constraints, "CA:FALSE" } } },
	  { 0 },
	  { "m" },
	  false,
	  STRONG,
	  "The CA certificate 'CN = root' in the chain of m:1515 is used as a CA, but is not one "
	  "(no basicConstraints CA:TRUE); reissue it as a CA, or use pin instead of ca_file" },
	{ "for clients",
	  { "root" },
	  { 0 },
	  { "m", { { NID_ext_key_usage, "clientAuth" } } },
	  false,
	  STRONG,
	  "The certificate of m:1515 is not valid for servers; "
	  "reissue it with extendedKeyUsage serverAuth and keyUsage digitalSignature "
	  "(or without both), or use pin instead of ca_file" },
	{ "permitted names",
	  { "root",
	    { { NID_basic_constraints, "critical,CA:TRUE" },
	      { NID_name_constraints, "critical,permitted;DNS:corp.example" } } },
	  { 0 },
	  { "m", { { NID_subject_alt_name, "DNS:m.example.org" } } },
	  false,
	  STRONG,
	  "The certificate of m:1515 contains a name that its CA must not certify "
	  "(nameConstraints, permitted); reissue it with permitted names only, "
	  "or by a CA without this constraint" },
	{ "excluded names",
	  { "root",
	    { { NID_basic_constraints, "critical,CA:TRUE" },
	      { NID_name_constraints, "critical,excluded;DNS:example.org" } } },
	  { 0 },
	  { "m", { { NID_subject_alt_name, "DNS:m.example.org" } } },
	  false,
	  STRONG,
	  "The certificate of m:1515 contains a name that its CA must not certify "
	  "(nameConstraints, excluded); reissue it without that name, "
	  "or by a CA without this constraint" },
	{ "path length",
	  { "root", { { NID_basic_constraints, "critical,CA:TRUE,pathlen:0" } } },
	  { "middle", { { NID_basic_constraints, "critical,CA:TRUE" } } },
	  { "m" },
	  false,
	  STRONG,
	  "The CA certificate 'CN = root' in the chain of m:1515 "
	  "allows fewer CAs below it than there are (pathlen); reissue it with a larger pathlen, "
	  "or put the CA that issued the manager's certificate into the CA file" },
	{ "critical extension",
	  { "root" },
	  { 0 },
	  { "m", { { NID_netscape_comment, "critical,new" } } },
	  false,
	  STRONG,
	  "The certificate of m:1515 has a critical extension that OpenSSL does not know; "
	  "reissue it without that extension, or use pin instead of ca_file" },
	{ "missing intermediate",
	  { "root" },
	  { "middle", { { NID_basic_constraints, "critical,CA:TRUE" } } },
	  { "m" },
	  true,
	  STRONG,
	  "The certificate of m:1515 was not issued by a CA in /the/ca (its issuer 'CN = middle' "
	  "is not there, and the manager does not send it; add that CA to the CA file, "
	  "or to the chain that the manager sends); compare with: agent-register pin m:1515" },
};

static void add_extension(X509 *certificate, const struct extension *extension)
{
	X509V3_CTX context;
	X509_EXTENSION *made;

	X509V3_set_ctx_nodb(&context);
	X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
	made = X509V3_EXT_conf_nid(NULL, &context, extension->kind,
				   (char *)(uintptr_t)extension->text);
	assert_non_null(made);
	assert_int_equal(X509_add_ext(certificate, made, -1), 1);
	X509_EXTENSION_free(made);
}

static X509 *issue(const struct plan *plan, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key,
		   const EVP_MD *digest)
{
	X509 *certificate = X509_new();
	X509_NAME *name = X509_get_subject_name(certificate);

	assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
						    (const unsigned char *)plan->name, -1, -1, 0),
			 1);
	X509_set_version(certificate, X509_VERSION_3);
	X509_set_issuer_name(certificate, issuer ? X509_get_subject_name(issuer) : name);
	X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
	X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
	X509_set_pubkey(certificate, key);
	for (size_t i = 0; i < COUNT(plan->extensions) && plan->extensions[i].text; i++)
		add_extension(certificate, &plan->extensions[i]);
	assert_true(X509_sign(certificate, issuer ? issuer_key : key, digest) > 0);
	return certificate;
}

static void verify(const struct row *row, X509 *root, X509 *intermediate, X509 *leaf)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *context = X509_STORE_CTX_new();
	STACK_OF(X509) *sent = sk_X509_new_null();
	struct reason why = { "" };

	assert_int_equal(X509_STORE_add_cert(store, root), 1);
	if (intermediate && !row->lacks_intermediate)
		assert_true(sk_X509_push(sent, intermediate) > 0);
	assert_int_equal(X509_STORE_CTX_init(context, store, leaf, sent), 1);
	X509_STORE_CTX_set_default(context, "ssl_server");
	X509_VERIFY_PARAM_set_auth_level(X509_STORE_CTX_get0_param(context), 2);
	check_row(row->label, X509_verify_cert(context) == 0);
	tls_chain_explain(context, "m:1515", "/the/ca", &why);
	if (strcmp(why.text, row->said) != 0)
		fail_msg("%s: '%s'", row->label, why.text);
	sk_X509_free(sent);
	X509_STORE_CTX_free(context);
	X509_STORE_free(store);
	ERR_clear_error();
}

/* To be freed; null: this OpenSSL does not have it. */
static EVP_MD *digest_for(enum weakness weakness)
{
	return EVP_MD_fetch(NULL,
			    weakness == WEAK_SIGNATURE  ? "SHA1"
			    : weakness == OLD_SIGNATURE ? "RIPEMD160"
							: "SHA256",
			    NULL);
}

static void test_rows(void **state)
{
	static const struct extension is_ca = { NID_basic_constraints, "critical,CA:TRUE" };
	cleanup_pkey EVP_PKEY *strong = EVP_RSA_gen(2048), *small = EVP_RSA_gen(1024);

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct row *row = &rows[i];
		EVP_PKEY *ca_key = row->weakness == SMALL_CA_KEY ? small : strong;
		EVP_PKEY *key = row->weakness == SMALL_KEY ? small : strong;
		cleanup(release_digest) EVP_MD *digest = digest_for(row->weakness);
		struct plan root_plan = row->root;
		cleanup_x509 X509 *root = NULL, *intermediate = NULL, *leaf = NULL;

		if (!digest) {
			print_message("SKIP: '%s': OpenSSL does not have the digest\n", row->label);
			continue;
		}
		if (!root_plan.extensions[0].text)
			root_plan.extensions[0] = is_ca;
		root = issue(&root_plan, ca_key, NULL, NULL, EVP_sha256());
		if (row->intermediate.name)
			intermediate = issue(&row->intermediate, strong, root, ca_key,
					     EVP_sha256());
		leaf = issue(&row->leaf, key, intermediate ?: root, intermediate ? strong : ca_key,
			     digest);
		verify(row, root, intermediate, leaf);
	}
}

/*
 * Errors for which a chain cannot be made here: each has a fault and a remedy, or OpenSSL's text.
 */
static void test_other_errors(void **state)
{
	static const struct {
		int error;
		const char *said;
		bool is_trusted; /* a certificate of that name is among the CAs */
	} errors[] = {
		{ X509_V_ERR_CERT_REVOKED, "has been revoked; give the manager a new one" },
		{ X509_V_ERR_UNABLE_TO_GET_CRL, "switch the check off in openssl.cnf" },
		{ X509_V_ERR_CRL_HAS_EXPIRED, "the revocation list has expired" },
		{ X509_V_ERR_KEYUSAGE_NO_CERTSIGN, "reissue it with keyCertSign" },
		{ X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, "its chain ends at the CA 'CN = m'" },
		{ X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, "it is self-signed" },
		{ X509_V_ERR_CERT_SIGNATURE_FAILURE, "but with another key" },
		{ X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
		  "its issuer 'CN = m' is not there" },
		{ X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
		  "a CA named 'CN = m' is there, but with another key", true },
		{ X509_V_ERR_SUITE_B_INVALID_CURVE, "was rejected: " },
	};
	static const struct plan plan = { "m" };
	cleanup_pkey EVP_PKEY *key = make_key();
	cleanup_x509 X509 *certificate = issue(&plan, key, NULL, NULL, EVP_sha256());

	(void)state;
	for (size_t i = 0; i < COUNT(errors); i++) {
		X509_STORE_CTX *context = X509_STORE_CTX_new();
		X509_STORE *trusted = X509_STORE_new();
		struct reason why = { "" };

		if (errors[i].is_trusted)
			assert_int_equal(X509_STORE_add_cert(trusted, certificate), 1);
		assert_int_equal(X509_STORE_CTX_init(context, trusted, certificate, NULL), 1);
		X509_STORE_CTX_set_error(context, errors[i].error);
		X509_STORE_CTX_set_current_cert(context, certificate);
		tls_chain_explain(context, "m:1515", "/the/ca", &why);
		check_row(errors[i].said, strstr(why.text, errors[i].said));
		X509_STORE_CTX_free(context);
		X509_STORE_free(trusted);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_other_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
