/* SPDX-License-Identifier: ISC */
#include "tests/unit/support.h"

#include "common/pem-file.h"
#include "common/tls-pin.h"
#include "tests/unit/certificates.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>

/* The file "NAME" again as "marked-NAME", behind a byte order mark. */
static void write_marked(const char *directory, const char *name)
{
	cleanup_free char *text = read_file(path_in(directory, name), NULL);
	char marked[64], with_mark[8192];

	(void)snprintf(marked, sizeof marked, "marked-%s", name);
	(void)snprintf(with_mark, sizeof with_mark, "\xef\xbb\xbf%s", text);
	write_text(path_in(directory, marked), with_mark);
}

/* The file "NAME" again as "cut-NAME", with half a certificate behind it. */
static void add_cut_block(const char *directory, const char *name)
{
	cleanup_free char *text = read_file(path_in(directory, name), NULL);
	char cut[64], with_block[8192];

	(void)snprintf(cut, sizeof cut, "cut-%s", name);
	(void)snprintf(with_block, sizeof with_block, "%s-----BEGIN CERTIFICATE-----\nMIIB\n",
		       text);
	write_text(path_in(directory, cut), with_block);
}

/* *state: a directory with files of every kind. */
static int setup(void **state)
{
	const struct certificate_plan ca_plan = { .common_names = { "CA" }, .is_ca = true },
				      plan = { .common_names = { "m" } };
	const struct certificate_plan expired_plan = {
		.common_names = { "old" }, .from = -7200, .until = -3600, .is_ca = true
	};
	cleanup_pkey EVP_PKEY *ca_key = make_key(), *key = make_key(), *other = make_key();
	cleanup_x509 X509 *ca = make_certificate(&ca_plan, ca_key, NULL, NULL);
	cleanup_x509 X509 *certificate = make_certificate(&plan, key, ca, ca_key);
	cleanup_x509 X509 *expired = make_certificate(&expired_plan, key, NULL, NULL);
	FILE *file;

	if (setup_directory(state) < 0)
		return -1;
	write_certificate(path_in(*state, "ca"), ca, false);
	write_certificate(path_in(*state, "certificate"), certificate, false);
	write_certificate(path_in(*state, "chain"), certificate, false);
	write_certificate(path_in(*state, "chain"), ca, true);
	write_certificate(path_in(*state, "expired"), expired, false);
	write_certificate(path_in(*state, "expired-and-ca"), expired, false);
	write_certificate(path_in(*state, "expired-and-ca"), ca, true);
	write_key(path_in(*state, "key"), key, NULL);
	write_key(path_in(*state, "other-key"), other, NULL);
	write_key(path_in(*state, "encrypted-key"), key, "pass");
	write_text(path_in(*state, "empty"), "");
	write_text(path_in(*state, "text"), "nothing to see here\n");
	write_text(path_in(*state, "crl"),
		   "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n");
	write_text(path_in(*state, "request"), "-----BEGIN CERTIFICATE REQUEST-----\n"
					       "AAAA\n-----END CERTIFICATE REQUEST-----\n");
	write_text(path_in(*state, "damaged"),
		   "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
	write_text(path_in(*state, "cut"), "-----BEGIN CERTIFICATE-----\nMIIB\n");
	add_cut_block(*state, "ca");
	add_cut_block(*state, "certificate");
	write_text(path_in(*state, "huge"), "");
	assert_int_equal(truncate(path_in(*state, "huge"), PEM_FILE_MAX + 1), 0);
	file = fopen(path_in(*state, "der"), "we");
	assert_int_equal(i2d_X509_fp(file, ca), 1);
	(void)fclose(file);
	file = fopen(path_in(*state, "public-key"), "we");
	assert_int_equal(PEM_write_PUBKEY(file, key), 1);
	(void)fclose(file);
	write_marked(*state, "ca");
	write_marked(*state, "certificate");
	write_marked(*state, "key");
	return mkdir(path_in(*state, "directory"), 0700);
}

static const struct {
	const char *ca, *certificate, *key;
	const char *said[2]; /* none: fine */
} rows[] = {
	{ NULL, NULL, NULL },
	{ "ca", NULL, NULL },
	{ "chain", NULL, NULL },
	{ "expired-and-ca", NULL, NULL },
	{ "marked-ca", NULL, NULL },
	{ NULL, "marked-certificate", "marked-key" },
	{ NULL, "certificate", "key" },
	{ NULL, "chain", "key" },
	{ "ca", "chain", "key" },
	{ "missing", NULL, NULL, { "/missing", "No such file" } },
	{ "directory", NULL, NULL, { "/directory", "not a regular file" } },
	{ "empty", NULL, NULL, { "/empty", "is empty" } },
	{ "text", NULL, NULL, { "/text", "no PEM data" } },
	{ "der", NULL, NULL, { "/der", "a certificate in DER form; convert it with: openssl" } },
	{ "key", NULL, NULL, { "/key", "contains a private key, not a certificate" } },
	{ "encrypted-key",
	  NULL,
	  NULL,
	  { "/encrypted-key", "contains an encrypted private key, not a certificate" } },
	{ "public-key", NULL, NULL, { "/public-key", "contains a public key" } },
	{ "crl", NULL, NULL, { "/crl", "a revocation list" } },
	{ "request", NULL, NULL, { "/request", "a certificate request" } },
	{ "damaged", NULL, NULL, { "/damaged", "damaged certificate" } },
	{ "cut", NULL, NULL, { "/cut", "END line is missing" } },
	{ "cut-ca", NULL, NULL, { "/cut-ca", "END line is missing" } },
	{ NULL, "cut-certificate", "key", { "/cut-certificate", "is not usable" } },
	{ "huge", NULL, NULL, { "/huge", "is larger than 16 MiB" } },
	{ "expired", NULL, NULL, { "/expired", "expired on 2" } },
	{ NULL, "certificate", NULL, { "private key" } },
	{ NULL, NULL, "key", { "certificate file" } },
	{ NULL, "missing", "key", { "/missing", "No such file" } },
	{ NULL, "certificate", "missing", { "/missing", "No such file" } },
	{ NULL, "directory", "key", { "/directory", "not a regular file" } },
	{ NULL, "certificate", "directory", { "/directory", "not a regular file" } },
	{ NULL, "key", "key", { "/key", "contains a private key, not a certificate" } },
	{ NULL, "empty", "key", { "/empty", "is empty" } },
	{ NULL, "expired", "key", { "/expired", "expired on 2" } },
	{ NULL,
	  "certificate",
	  "certificate",
	  { "/certificate", "contains a certificate, not a private key" } },
	{ NULL, "certificate", "public-key", { "/public-key", "a public key, not a private key" } },
	{ NULL, "certificate", "encrypted-key", { "/encrypted-key", "is encrypted" } },
	{ NULL,
	  "certificate",
	  "other-key",
	  { "/other-key", "does not belong to the certificate" } },
	{ NULL, "certificate", "empty", { "/empty", "is empty" } },
	{ NULL, "ca", "key", { "/key", "does not belong" } },
};

static const char *file_in(const char *directory, const char *name)
{
	return name ? path_in(directory, name) : NULL;
}

/* What is in the file, to be freed; null: it cannot be read, or there is none. */
static struct tls_content read_content(const char *path)
{
	const struct pem_subject subject = { "file", path, PEM_CERTIFICATE };
	struct pem_file file = { 0 };
	struct tls_content content = { NULL, 0 };
	struct reason why;

	if (!path || pem_file_open(&file, &subject, &why) < 0)
		return content;
	content.bytes = take_pointer(file.bytes);
	content.length = file.length;
	pem_file_close(&file);
	return content;
}

/* With what is in the files instead of the files, the same comes of it. */
static void check_content(struct tls_settings settings, size_t row, int wanted, const char *said)
{
	cleanup(release_ssl_ctx) SSL_CTX *context = NULL;
	struct reason why = { "" };

	settings.ca = read_content(settings.ca_file);
	settings.certificate = read_content(settings.certificate_file);
	settings.private_key = read_content(settings.private_key_file);
	if (tls_context_new(&context, &settings, &why) != wanted || strcmp(why.text, said) != 0)
		fail_msg("row %zu: '%s' instead of '%s'", row, why.text, said);
	free((char *)settings.ca.bytes);
	free((char *)settings.certificate.bytes);
	free((char *)settings.private_key.bytes);
}

static void test_files(void **state)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		for (int server = 0; server < 2; server++) {
			const struct tls_settings settings = {
				.server = server,
				.ca_file = file_in(*state, rows[i].ca),
				.certificate_file = file_in(*state, rows[i].certificate),
				.private_key_file = file_in(*state, rows[i].key)
			};
			cleanup(release_ssl_ctx) SSL_CTX *context = NULL;
			struct reason why = { "" };
			int r = tls_context_new(&context, &settings, &why);
			bool fine = !rows[i].said[0];

			if (fine ? r != 0 || !context : r >= 0 || context)
				fail_msg("row %zu: %d, '%s'", i, r, why.text);
			for (size_t j = 0; j < 2 && rows[i].said[j]; j++)
				if (!strstr(why.text, rows[i].said[j]))
					fail_msg("row %zu: no '%s' in '%s'", i, rows[i].said[j],
						 why.text);
			assert_true(ERR_peek_error() == 0);
			check_content(settings, i, r, why.text);
			assert_true(ERR_peek_error() == 0);
		}
	}
}

/* The files are only named where somebody else has read them. */
static void test_content(void **state)
{
	const struct tls_settings settings = {
		.server = true,
		.ca_file = "/nowhere/ca",
		.certificate_file = "/nowhere/certificate",
		.private_key_file = "/nowhere/key",
		.ca = read_content(path_in(*state, "ca")),
		.certificate = read_content(path_in(*state, "certificate")),
		.private_key = read_content(path_in(*state, "other-key")),
	};
	cleanup(release_ssl_ctx) SSL_CTX *context = NULL;
	struct reason why = { "" };

	assert_int_equal(tls_context_new(&context, &settings, &why), -EINVAL);
	assert_string_equal(why.text, "The private key in /nowhere/key does not belong to the "
				      "certificate in /nowhere/certificate");
	free((char *)settings.ca.bytes);
	free((char *)settings.certificate.bytes);
	free((char *)settings.private_key.bytes);
}

/* What stands behind the certificate goes to the peer. */
static void test_chain(void **state)
{
	const struct tls_settings settings = {
		.server = true,
		.certificate_file = path_in(*state, "chain"),
		.private_key_file = path_in(*state, "key"),
	};
	cleanup(release_ssl_ctx) SSL_CTX *context = NULL;
	STACK_OF(X509) *chain = NULL;

	assert_int_equal(tls_context_new(&context, &settings, NULL), 0);
	assert_int_equal(SSL_CTX_get0_chain_certs(context, &chain), 1);
	assert_int_equal(sk_X509_num(chain), 1);
}

/* What a client and a server get without asking. */
static void test_defaults(void **state)
{
	(void)state;
	for (int server = 0; server < 2; server++) {
		const struct tls_settings settings = { .server = server };
		cleanup(release_ssl_ctx) SSL_CTX *context = NULL;
		X509_VERIFY_PARAM *parameters;

		assert_int_equal(tls_context_new(&context, &settings, NULL), 0);
		assert_true(SSL_CTX_get_options(context) & SSL_OP_CLEANSE_PLAINTEXT);
		parameters = X509_STORE_get0_param(SSL_CTX_get_cert_store(context));
		/* Only a client takes an intermediate CA for an anchor. */
		assert_int_equal(!!(X509_VERIFY_PARAM_get_flags(parameters) &
				    X509_V_FLAG_PARTIAL_CHAIN),
				 !server);
	}
}

/* ------------------------------------------------------------------ versions and ciphers */

static void test_version_words(void **state)
{
	static const struct {
		const char *text;
		int version;
	} words[] = {
		{ "1.0", TLS1_VERSION },
		{ "1", TLS1_VERSION },
		{ "1.1", TLS1_1_VERSION },
		{ "1.2", TLS1_2_VERSION },
		{ "1.3", TLS1_3_VERSION },
		{ "TLSv1.2", TLS1_2_VERSION },
		{ "tlsv1.3", TLS1_3_VERSION },
		{ "TLSv1", TLS1_VERSION },
		{ "", -EINVAL },
		{ "1.4", -EINVAL },
		{ "2", -EINVAL },
		{ "TLS1.2", -EINVAL },
		{ "SSLv3", -EINVAL },
		{ "TLSv", -EINVAL },
		{ " 1.2", -EINVAL },
		{ "1.2 ", -EINVAL },
		{ "TLSvTLSv1.2", -EINVAL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(words); i++)
		check_row(words[i].text, tls_version_parse(words[i].text) == words[i].version);
}

static void test_version_range(void **state)
{
	static const struct {
		const char *min, *max;
		int low, high, level; /* level -1: the system's; low -1: refused */
	} ranges[] = {
		{ NULL, NULL, TLS1_2_VERSION, 0, -1 },
		{ "1.2", NULL, TLS1_2_VERSION, 0, -1 },
		{ "1.3", NULL, TLS1_3_VERSION, 0, -1 },
		{ NULL, "1.2", TLS1_2_VERSION, TLS1_2_VERSION, -1 },
		{ "1.0", NULL, TLS1_VERSION, 0, 0 },
		{ "1.1", "1.2", TLS1_1_VERSION, TLS1_2_VERSION, 0 },
		{ "1.5", NULL, -1 },
		{ NULL, "9", -1 },
	};
	cleanup(release_ssl_ctx) SSL_CTX *plain = SSL_CTX_new(TLS_client_method());

	(void)state;
	for (size_t i = 0; i < COUNT(ranges); i++) {
		const struct tls_settings settings = { .min_version = ranges[i].min,
						       .max_version = ranges[i].max };
		cleanup(release_ssl_ctx) SSL_CTX *context = NULL;
		struct reason why = { "" };
		int r = tls_context_new(&context, &settings, &why);

		if (ranges[i].low < 0) {
			assert_int_equal(r, -EINVAL);
			assert_non_null(strstr(why.text, ranges[i].min ?: ranges[i].max));
			continue;
		}
		assert_int_equal(r, 0);
		assert_int_equal(SSL_CTX_get_min_proto_version(context), ranges[i].low);
		assert_int_equal(SSL_CTX_get_max_proto_version(context), ranges[i].high);
		assert_int_equal(SSL_CTX_get_security_level(context),
				 ranges[i].level < 0 ? SSL_CTX_get_security_level(plain)
						     : ranges[i].level);
	}
}

static void test_ciphers(void **state)
{
	static const struct {
		const char *ciphers, *suites, *said;
	} lists[] = {
		{ "HIGH:!ADH", NULL, NULL },
		{ "ECDHE-RSA-AES256-GCM-SHA384", "TLS_AES_256_GCM_SHA384", NULL },
		{ "no-such-cipher", NULL, "no-such-cipher" },
		{ NULL, "TLS_NO_SUCH", "TLS_NO_SUCH" },
		{ NULL, "TLS_AES_256_GCM_SHA384:TLS_NO_SUCH", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(lists); i++) {
		const struct tls_settings settings = { .ciphers = lists[i].ciphers,
						       .ciphersuites = lists[i].suites };
		cleanup(release_ssl_ctx) SSL_CTX *context = NULL;
		struct reason why = { "" };

		assert_int_equal(tls_context_new(&context, &settings, &why),
				 lists[i].said ? -EINVAL : 0);
		if (lists[i].said)
			assert_non_null(strstr(why.text, lists[i].said));
		assert_true(ERR_peek_error() == 0);
	}
}

/* ------------------------------------------------------------------ groups */

/* Does a server take the group that is the only one of a client? */
static bool takes_group(SSL_CTX *context, const char *group)
{
	SSL_CTX *client_context = SSL_CTX_new(TLS_client_method());
	SSL *server = SSL_new(context), *client = SSL_new(client_context);
	BIO *ends[2];
	bool is_taken;

	assert_int_equal(BIO_new_bio_pair(&ends[0], 1 << 16, &ends[1], 1 << 16), 1);
	SSL_set_bio(server, ends[0], ends[0]);
	SSL_set_bio(client, ends[1], ends[1]);
	SSL_set_accept_state(server);
	SSL_set_connect_state(client);
	assert_int_equal(SSL_set1_groups_list(client, group), 1);
	for (int i = 0; i < 4; i++) {
		(void)SSL_do_handshake(client);
		(void)SSL_do_handshake(server);
	}
	is_taken = SSL_is_init_finished(client) && SSL_is_init_finished(server);
	SSL_free(client);
	SSL_free(server);
	SSL_CTX_free(client_context);
	ERR_clear_error();
	return is_taken;
}

/* The finite fields cost a server so much that one client could stop it. */
static void test_groups(void **state)
{
	static const char *const curves[] = { "X25519", "P-256", "P-384", "P-521", "X448" };
	static const char *const fields[] = { "ffdhe2048", "ffdhe3072", "ffdhe4096", "ffdhe6144",
					      "ffdhe8192" };
	const struct tls_settings settings = { .server = true,
					       .certificate_file = path_in(*state, "certificate"),
					       .private_key_file = path_in(*state, "key") };
	cleanup(release_ssl_ctx) SSL_CTX *context = NULL;
	struct reason why = { 0 };

	assert_int_equal(tls_context_new(&context, &settings, &why), 0);
	for (size_t i = 0; i < COUNT(curves); i++)
		check_row(curves[i], takes_group(context, curves[i]));
	for (size_t i = 0; i < COUNT(fields); i++)
		check_row(fields[i], !takes_group(context, fields[i]));
}

/* ------------------------------------------------------------------ pins */

/*
 * A key and its pin made once with the openssl command:
 *	openssl ec -in key.pem -pubout -outform DER | openssl dgst -sha256 -binary | base64
 */
static void test_pin(void **state)
{
	static const char pem[] =
		"-----BEGIN PRIVATE KEY-----\n"
		"MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgEPLyT407afpIMyDt\n"
		"Ok8PLe9iBGdZUaSXrcc1s+nhLeqhRANCAAT/b26dKTqKLnylOb8SNe3baIoRtC2/\n"
		"aIrLYtAptQtJWszO5F611qk6d+QAHksWAdpVEpNmi7ARkvSTzI5pwPMQ\n"
		"-----END PRIVATE KEY-----\n";
	const struct certificate_plan plan = { .common_names = { "a" } },
				      other_plan = { .common_names = { "b" }, .until = 99 };
	cleanup(release_bio) BIO *bio = BIO_new_mem_buf(pem, -1);
	cleanup_pkey EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL),
			      *other_key = make_key();
	cleanup_x509 X509 *certificate = make_certificate(&plan, key, NULL, NULL);
	cleanup_x509 X509 *renewed = make_certificate(&other_plan, key, NULL, NULL);
	cleanup_x509 X509 *foreign = make_certificate(&plan, other_key, NULL, NULL);
	char pin[TLS_PIN_SIZE];

	(void)state;
	assert_int_equal(tls_certificate_pin(certificate, pin), 0);
	assert_string_equal(pin, "sha256//KY/gAspD5Tga6f/dNFIKFMM525pZcJux7sOur0AsuV0=");
	assert_int_equal(tls_certificate_pin(renewed, pin), 0);
	assert_string_equal(pin, "sha256//KY/gAspD5Tga6f/dNFIKFMM525pZcJux7sOur0AsuV0=");
	assert_int_equal(tls_certificate_pin(foreign, pin), 0);
	assert_string_not_equal(pin, "sha256//KY/gAspD5Tga6f/dNFIKFMM525pZcJux7sOur0AsuV0=");
	assert_int_equal(strlen(pin), TLS_PIN_SIZE - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_files, setup, teardown_directory),
		cmocka_unit_test_setup_teardown(test_content, setup, teardown_directory),
		cmocka_unit_test_setup_teardown(test_chain, setup, teardown_directory),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_version_words),
		cmocka_unit_test(test_version_range),
		cmocka_unit_test(test_ciphers),
		cmocka_unit_test_setup_teardown(test_groups, setup_certificate, teardown_directory),
		cmocka_unit_test(test_pin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
