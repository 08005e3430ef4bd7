/* SPDX-License-Identifier: ISC */
#include "tests/unit/support.h"

#include "common/base64.h"
#include "common/pem-diagnosis.h"
#include "tests/unit/certificates.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/pkcs7.h>

/* One certificate and its key, in PEM and in DER. */
static struct material {
	char *certificate, *key, *der, *key_der, *pkcs7, *pkcs12;
	size_t der_length, key_der_length, pkcs7_length, pkcs12_length;
} material;

/* What was written into `bio`, terminated. */
static char *content_of(BIO *bio, size_t *ret_length)
{
	char *bytes, *copy;
	long length = BIO_get_mem_data(bio, &bytes);

	assert_true(length > 0);
	copy = malloc((size_t)length + 1);
	assert_non_null(copy);
	memcpy(copy, bytes, (size_t)length);
	copy[length] = '\0';
	if (ret_length)
		*ret_length = (size_t)length;
	BIO_free(bio);
	return copy;
}

static void make_bundles(X509 *certificate)
{
	STACK_OF(X509) *all = sk_X509_new_null();
	PKCS7 *bundle = PKCS7_new();
	PKCS12 *store;
	BIO *bio = BIO_new(BIO_s_mem());

	assert_int_equal(PKCS7_set_type(bundle, NID_pkcs7_signed), 1);
	assert_int_equal(PKCS7_content_new(bundle, NID_pkcs7_data), 1);
	assert_int_equal(PKCS7_add_certificate(bundle, certificate), 1);
	assert_int_equal(i2d_PKCS7_bio(bio, bundle), 1);
	material.pkcs7 = content_of(bio, &material.pkcs7_length);
	PKCS7_free(bundle);

	assert_true(sk_X509_push(all, certificate) > 0);
	store = PKCS12_create("x", NULL, NULL, NULL, all, 0, 0, 0, 0, 0);
	assert_non_null(store);
	bio = BIO_new(BIO_s_mem());
	assert_int_equal(i2d_PKCS12_bio(bio, store), 1);
	material.pkcs12 = content_of(bio, &material.pkcs12_length);
	PKCS12_free(store);
	sk_X509_free(all);
}

static int setup(void **state)
{
	const struct certificate_plan plan = { .common_names = { "CA" }, .is_ca = true };
	cleanup_pkey EVP_PKEY *key = make_key();
	cleanup_x509 X509 *certificate = make_certificate(&plan, key, NULL, NULL);
	BIO *bio = BIO_new(BIO_s_mem());

	(void)state;
	assert_int_equal(PEM_write_bio_X509(bio, certificate), 1);
	material.certificate = content_of(bio, NULL);
	bio = BIO_new(BIO_s_mem());
	assert_int_equal(PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL), 1);
	material.key = content_of(bio, NULL);
	bio = BIO_new(BIO_s_mem());
	assert_int_equal(i2d_X509_bio(bio, certificate), 1);
	material.der = content_of(bio, &material.der_length);
	bio = BIO_new(BIO_s_mem());
	assert_int_equal(i2d_PrivateKey_bio(bio, key), 1);
	material.key_der = content_of(bio, &material.key_der_length);
	make_bundles(certificate);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(material.certificate);
	free(material.key);
	free(material.der);
	free(material.key_der);
	free(material.pkcs7);
	free(material.pkcs12);
	return 0;
}

/* ------------------------------------------------------------------ making shapes */

/* `text` with every `from` replaced by `to`. The caller frees it. */
static char *with(const char *text, const char *from, const char *to)
{
	char *made = calloc(strlen(text) * (strlen(to) + 1) + 1, 1), *at = made;

	assert_non_null(made);
	while (*text)
		if (strncmp(text, from, strlen(from)) == 0) {
			at = stpcpy(at, to);
			text += strlen(from);
		} else {
			*at++ = *text++;
		}
	*at = '\0';
	return made;
}

static char *joined(const char *first, const char *second, const char *third)
{
	char *made = NULL;

	assert_true(asprintf(&made, "%s%s%s", first, second, third) >= 0);
	return made;
}

static char *in_base64(const void *bytes, size_t length)
{
	char *text = malloc(BASE64_SIZE(length));

	assert_non_null(text);
	(void)base64_encode(text, BASE64_PADDED, bytes, length);
	return text;
}

/* Every byte as a unit of UTF-16; `big`: big-endian. The caller frees it. */
static char *in_utf16(const char *text, bool big)
{
	char *made = calloc(2, strlen(text));

	assert_non_null(made);
	for (size_t i = 0; text[i]; i++)
		made[2 * i + big] = text[i];
	return made;
}

static void check(const char *label, enum pem_content wanted, const void *bytes, size_t length,
		  const char *said)
{
	const struct pem_subject subject = { "CA file", "/f", wanted };
	struct reason why = { "" };
	char expected[1024];

	pem_diagnose(&subject, bytes, length, &why);
	(void)snprintf(expected, sizeof expected, "The CA file /f %s", said);
	if (strcmp(why.text, expected) != 0)
		fail_msg("%s: '%s' is not '%s'", label, why.text, expected);
	assert_true(ERR_peek_error() == 0);
}

/* Check a text and free it. */
static void check_text(enum pem_content wanted, char *text, const char *said)
{
	check(said, wanted, text, strlen(text), said);
	free(text);
}

/* ------------------------------------------------------------------ the tests */

static void test_line_breaks(void **state)
{
	static const char lost[] =
		"contains a certificate whose line breaks are lost; convert "
		"it with: sed 's/-----[A-Z0-9 ]*-----/\\n&\\n/g' /f | sed '/^ *$/d' > NEW";
	static const char as_text[] = "contains a certificate whose line breaks are written "
				      "as \\n; convert it with: sed 's/\\\\r//g; "
				      "s/\\\\n/\\n/g; s/\"//g' /f > NEW";
	char *text = with(material.certificate, "\n", "\\n");

	(void)state;
	check_text(PEM_CERTIFICATE, with(material.certificate, "\n", ""), lost);
	check_text(PEM_CERTIFICATE, with(material.certificate, "\n", " "), lost);
	check_text(PEM_CERTIFICATE, with(material.certificate, "\n-----END", "-----END"), lost);
	check_text(PEM_CERTIFICATE, with(material.certificate, "\n", "\\r\\n"), as_text);
	check_text(PEM_CERTIFICATE, joined("\"", text, "\"\n"), as_text);
	check_text(PEM_CERTIFICATE, text, as_text);
	check_text(PEM_CERTIFICATE, with(material.certificate, "\n", "\r"),
		   "contains a certificate whose lines end in carriage returns alone; "
		   "convert it with: tr '\\r' '\\n' < /f > NEW");
	check_text(
		PEM_PRIVATE_KEY, with(material.key, "\n", " "),
		"contains a private key whose line breaks are lost; "
		"convert it with: sed 's/-----[A-Z0-9 ]*-----/\\n&\\n/g' /f | sed '/^ *$/d' > NEW");
}

static void test_lines(void **state)
{
	static const char indented[] = "contains a certificate that is indented; "
				       "convert it with: sed 's/^[[:space:]]*//' /f > NEW";
	char *end = strrchr(material.certificate, '\n');

	(void)state;
	check_text(PEM_CERTIFICATE, with(material.certificate, "\n", "\n  "),
		   indented); /* all lines but the first */
	check_text(PEM_CERTIFICATE, joined("ca: |\n  ", material.certificate, ""), indented);
	check_text(PEM_CERTIFICATE, joined("\t", material.certificate, ""), indented);
	*end = '\0';
	check_text(PEM_CERTIFICATE, joined(material.certificate, material.certificate, "\n"),
		   "contains a certificate that is followed by another one without a line break; "
		   "convert it with: sed 's/----------/-----\\n-----/' /f > NEW");
	*end = '\n';
	check_text(PEM_CERTIFICATE,
		   joined(material.certificate, "\xef\xbb\xbf", material.certificate),
		   "contains a certificate behind a byte order mark; "
		   "convert it with: LC_ALL=C sed 's/\\xef\\xbb\\xbf//' /f > NEW");
	check_text(PEM_CERTIFICATE, joined("'", material.certificate, "'"),
		   "contains a certificate in quotes; convert it with: "
		   "sed \"s/[\\\"']//g\" /f > NEW");
	check_text(PEM_CERTIFICATE, joined(">", material.certificate, ""),
		   "contains a certificate with text in front of the hyphens of its BEGIN "
		   "or END line; remove that, from the other lines as well");
	check_text(PEM_CERTIFICATE, joined("> ", material.certificate, ""),
		   "contains a certificate with text in front of the hyphens of its BEGIN "
		   "or END line; remove that, from the other lines as well");
	check_text(PEM_CERTIFICATE, with(material.certificate, "-----", "\xe2\x80\x94"),
		   "contains a certificate whose BEGIN and END lines "
		   "do not have five hyphens on each side; correct these lines");
	check_text(PEM_CERTIFICATE, with(material.certificate, "-----END", "-----"),
		   "contains a certificate that is cut off: "
		   "its END line is missing; copy the file again");
	check_text(PEM_CERTIFICATE, with(material.certificate, "MII", "!!!"),
		   "contains a damaged certificate; copy the file again");
}

static void test_base64(void **state)
{
	(void)state;
	check_text(PEM_CERTIFICATE, in_base64(material.certificate, strlen(material.certificate)),
		   "contains the base64 form of a PEM file; convert it with: base64 -di /f > NEW");
	check_text(PEM_CERTIFICATE, in_base64(material.der, material.der_length),
		   "contains a certificate in base64, without its BEGIN and END lines; "
		   "convert it with: base64 -di /f | openssl x509 -inform DER -out NEW");
	check_text(PEM_CERTIFICATE, in_base64(material.pkcs7, material.pkcs7_length),
		   "contains a PKCS #7 bundle in base64, without its BEGIN and END lines; convert "
		   "it with: base64 -di /f | openssl pkcs7 -inform DER -print_certs -out NEW");
	check_text(PEM_PRIVATE_KEY, in_base64(material.key_der, material.key_der_length),
		   "contains a private key in base64, without its BEGIN and END lines; "
		   "convert it with: base64 -di /f | openssl pkey -inform DER -out NEW");
	check_text(PEM_CERTIFICATE, in_base64(material.key_der, material.key_der_length),
		   "contains a private key in base64, without its BEGIN and END lines, "
		   "not a certificate; it must contain PEM text "
		   "that begins with -----BEGIN CERTIFICATE-----");
}

static void test_der(void **state)
{
	(void)state;
	check("DER", PEM_CERTIFICATE, material.der, material.der_length,
	      "contains a certificate in DER form; convert it with: "
	      "openssl x509 -inform DER -in /f -out NEW");
	check("PKCS #7", PEM_CERTIFICATE, material.pkcs7, material.pkcs7_length,
	      "contains a PKCS #7 bundle in DER form; "
	      "convert it with: openssl pkcs7 -inform DER -print_certs -in /f -out NEW");
	check("PKCS #12", PEM_CERTIFICATE, material.pkcs12, material.pkcs12_length,
	      "contains a PKCS #12 file; convert it with: openssl pkcs12 -in /f -nokeys -out NEW");
	check("PKCS #12 for a key", PEM_PRIVATE_KEY, material.pkcs12, material.pkcs12_length,
	      "contains a PKCS #12 file; convert it with: "
	      "openssl pkcs12 -in /f -nocerts -nodes -out NEW");
	check("key", PEM_PRIVATE_KEY, material.key_der, material.key_der_length,
	      "contains a private key in DER form; convert it with: "
	      "openssl pkey -inform DER -in /f -out NEW");
	check("certificate for a key", PEM_PRIVATE_KEY, material.der, material.der_length,
	      "contains a certificate in DER form, not a private key; "
	      "it must contain PEM text that begins with -----BEGIN PRIVATE KEY-----");
	check("cut", PEM_CERTIFICATE, material.der, material.der_length / 2,
	      "contains no PEM data; it must contain PEM text "
	      "that begins with -----BEGIN CERTIFICATE-----");
}

static void test_kinds(void **state)
{
	char *pkcs7 = in_base64(material.pkcs7, material.pkcs7_length), *crl;

	(void)state;
	check_text(PEM_CERTIFICATE, joined(material.key, "", ""),
		   "contains a private key, not a certificate; "
		   "it must contain PEM text that begins with -----BEGIN CERTIFICATE-----");
	check_text(PEM_PRIVATE_KEY, joined(material.certificate, "", ""),
		   "contains a certificate, not a private key; "
		   "it must contain PEM text that begins with -----BEGIN PRIVATE KEY-----");
	check_text(PEM_CERTIFICATE, with(material.certificate, " CERT", " TRUSTED CERT"),
		   "contains an OpenSSL TRUSTED CERTIFICATE; "
		   "convert it with: openssl x509 -in /f -out NEW");
	check_text(PEM_CERTIFICATE, with(material.certificate, "CERTIFICATE", "PKCS7"),
		   "contains a PKCS #7 bundle; convert it with: "
		   "openssl pkcs7 -print_certs -in /f -out NEW");
	check_text(PEM_CERTIFICATE,
		   joined("-----BEGIN CERTIFICATE-----\n", pkcs7, "\n-----END CERTIFICATE-----\n"),
		   "contains a PKCS #7 bundle under the name of a certificate; convert it with: "
		   "sed 's/ CERTIFICATE-/ PKCS7-/' /f | openssl pkcs7 -print_certs -out NEW");
	free(pkcs7);
	check_text(PEM_CERTIFICATE, with(material.certificate, "ATE-", "ATE REQUEST-"),
		   "contains a certificate request, not a certificate; "
		   "have a CA sign it, and use the certificate that the CA issues");
	check_text(PEM_CERTIFICATE, with(material.certificate, "CERTIFICATE", "X509 CRL"),
		   "contains a revocation list, not a certificate; "
		   "it must contain PEM text that begins with -----BEGIN CERTIFICATE-----");
	crl = with(material.certificate, "CERTIFICATE", "X509 CRL");
	check_text(PEM_CERTIFICATE, joined(material.key, crl, ""),
		   "contains a private key, not a certificate; "
		   "it must contain PEM text that begins with -----BEGIN CERTIFICATE-----");
	free(crl);
	check_text(PEM_CERTIFICATE, with(material.certificate, "CERTIFICATE", "SOMETHING"),
		   "contains PEM data of another kind, not a certificate; "
		   "it must contain PEM text that begins with -----BEGIN CERTIFICATE-----");
	check_text(PEM_PRIVATE_KEY, with(material.key, "PRIVATE", "OPENSSH PRIVATE"),
		   "contains an OpenSSH key, not a private key; "
		   "convert a copy of it with: ssh-keygen -p -m PKCS8 -f COPY");
}

static void test_other_files(void **state)
{
	static const struct {
		const char *text, *said;
	} rows[] = {
		{ "", "is empty; "
		      "it must contain PEM text that begins with -----BEGIN CERTIFICATE-----" },
		{ " \r\n\n", "is empty; it must contain PEM text "
			     "that begins with -----BEGIN CERTIFICATE-----" },
		{ "nothing to see here\n", "contains no PEM data; it must contain PEM text "
					   "that begins with -----BEGIN CERTIFICATE-----" },
		{ "\n<!DOCTYPE html><title>404</title>",
		  "contains HTML or XML, not a certificate; "
		  "a web server may have sent an error page; download the file again" },
		{ "{ \"ca\": \"-----BEGIN CERTIFICATE-----\\nMII\" }",
		  "contains JSON, not a certificate; extract the PEM text, for example with: "
		  "jq -r .NAME" },
		{ "sha256//KY/gAspD5Tga6f/dNFIKFMM525pZcJux7sOur0AsuV0=\n",
		  "contains a pin, not a certificate; set pin in [tls] to it instead" },
		{ "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 a@b\n",
		  "contains an OpenSSH public key, not a certificate; "
		  "it must contain PEM text that begins with -----BEGIN CERTIFICATE-----" },
		{ "PK\x03\x04", "contains a ZIP archive, not a certificate; unpack it" },
		{ "-----BEGIN ", "contains no PEM data; it must contain PEM text "
				 "that begins with -----BEGIN CERTIFICATE-----" },
		{ "-----BEGIN CERTIFICATE-----",
		  "contains a certificate "
		  "whose line breaks are lost; convert it with: "
		  "sed 's/-----[A-Z0-9 ]*-----/\\n&\\n/g' /f | sed '/^ *$/d' > NEW" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check(rows[i].text, PEM_CERTIFICATE, rows[i].text, strlen(rows[i].text),
		      rows[i].said);
}

static void test_utf16(void **state)
{
	static const char *const said[] = {
		"contains text in UTF-16; convert it with: iconv -f UTF-16LE -t UTF-8 /f > NEW",
		"contains text in UTF-16; convert it with: iconv -f UTF-16BE -t UTF-8 /f > NEW"
	};
	static const char marks[][2] = { { '\xff', '\xfe' }, { '\xfe', '\xff' } };

	(void)state;
	for (int big = 0; big < 2; big++) {
		size_t length = 2 * strlen(material.certificate);
		char *text = in_utf16(material.certificate, big), *marked = malloc(length + 2);

		check("UTF-16", PEM_CERTIFICATE, text, length, said[big]);
		assert_non_null(marked);
		memcpy(marked, marks[big], 2);
		memcpy(marked + 2, text, length);
		check("UTF-16 with its mark", PEM_CERTIFICATE, marked, length + 2,
		      "contains text in UTF-16; convert it with: "
		      "iconv -f UTF-16 -t UTF-8 /f > NEW");
		free(text);
		free(marked);
	}
}

/* Every beginning of every shape: nothing is read that is not there (for the sanitizers). */
static void test_beginnings(void **state)
{
	const struct pem_subject subject = { "CA file", "/f", PEM_CERTIFICATE };
	char *shapes[] = { with(material.certificate, "\n", "\\n"),
			   with(material.certificate, "\n", "\n "),
			   joined(material.certificate, material.key, ""),
			   in_base64(material.certificate, strlen(material.certificate)) };

	(void)state;
	for (size_t i = 0; i < COUNT(shapes); i++) {
		for (size_t length = 0; length <= strlen(shapes[i]); length += 7) {
			char *copy = malloc(length ? length : 1);
			struct reason why = { "" };

			assert_non_null(copy);
			memcpy(copy, shapes[i], length);
			pem_diagnose(&subject, copy, length, &why);
			assert_true(why.text[0] != '\0');
			free(copy);
		}
		free(shapes[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_line_breaks), cmocka_unit_test(test_lines),
		cmocka_unit_test(test_base64),      cmocka_unit_test(test_der),
		cmocka_unit_test(test_kinds),       cmocka_unit_test(test_other_files),
		cmocka_unit_test(test_utf16),       cmocka_unit_test(test_beginnings),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
