/* SPDX-License-Identifier: ISC */
#include "tests/unit/support.h"

#include "common/ca-bundle.h"
#include "tests/unit/certificates.h"

#include <errno.h>

#define MOST 7

/* PEM of CAs, and of what is none; made once. */
static struct {
	char *ca[MOST];
	char pin[MOST][TLS_PIN_SIZE];
	char *leaf, *own; /* of no CA: issued by one, and by itself */
} made;

static int make_all(void **state)
{
	(void)state;
	for (size_t i = 0; i <= MOST; i++) {
		const struct certificate_plan plan = { .common_names = { i < MOST ? "ca" : "leaf" },
						       .is_ca = i < MOST };
		cleanup_pkey EVP_PKEY *key = make_key();
		cleanup_x509 X509 *certificate = make_certificate(&plan, key, NULL, key);

		if (i == MOST) {
			cleanup_pkey EVP_PKEY *other_key = make_key();
			const struct certificate_plan other = { .common_names = { "issuer" },
								.is_ca = true };
			cleanup_x509 X509 *issuer = make_certificate(&other, other_key, NULL,
								     other_key);
			cleanup_x509 X509 *leaf = make_certificate(&plan, key, issuer, other_key);

			made.own = print_certificate(certificate);
			made.leaf = print_certificate(leaf);
			break;
		}
		made.ca[i] = print_certificate(certificate);
		assert_int_equal(tls_certificate_pin(certificate, made.pin[i]), 0);
	}
	return 0;
}

static int free_all(void **state)
{
	(void)state;
	for (size_t i = 0; i < MOST; i++)
		free(made.ca[i]);
	free(made.leaf);
	free(made.own);
	return 0;
}

static void read_text(struct ca_bundle *ret, const char *text)
{
	assert_int_equal(ca_bundle_read(ret, text, strlen(text)), 0);
}

/*
 * In the texts, digits stand for the CAs, L for what is none, and S for what has issued itself; the
 * caller frees it.
 */
static char *written(const char *plan)
{
	char *text = strdup("");

	for (; *plan; plan++) {
		char letter[2] = { *plan, '\0' }, *longer;
		const char *part = *plan == 'L'                         ? made.leaf
				   : *plan == 'S'                       ? made.own
				   : *plan >= '0' && *plan < '0' + MOST ? made.ca[*plan - '0']
									: letter;

		assert_true(asprintf(&longer, "%s%s", text, part) > 0);
		free(text);
		text = longer;
	}
	return text;
}

static void test_reads(void **state)
{
	static const struct {
		const char *text;
		size_t count;
		uint64_t generation;
		const char *fault; /* a word of it; null: none */
	} rows[] = {
		{ "0", 1, 0, NULL },
		{ "01", 2, 0, NULL },
		{ "012345", 6, 0, NULL },
		{ "0123456", 7, 0, "more than 6" },
		{ "## wazuh-ca-bundle\n## generation: @\n01", 2, 17, NULL },
		{ "## wazuh-ca-bundle\r\n## generation: @\r\n0", 1, 17, NULL },
		{ "## Wazuh CA bundle\n\n# old\n0\n# new: -----BEGIN\n\n1\nend\n", 2, 0, NULL },
		{ "0## generation: @\n1", 2, 0, NULL },
		{ "## generation:@\n0", 1, 0, NULL },
		{ "## generation: x@\n0", 1, 0, NULL },
		{ "## generation: @@@@@@@@@@@@@\n0", 1, 0, NULL },
		{ "", 0, 0, "no CA" },
		{ "<html>\n", 0, 0, "no CA" },
		{ "## generation: @\n", 0, 17, "no CA" },
		{ "L", 1, 0, "neither of a CA" },
		{ "0L", 2, 0, "neither of a CA" },
		{ "S", 1, 0, NULL },
		{ "0S", 2, 0, NULL },
		{ "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", 0, 0,
		  "cannot be read" },
		{ "0-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n1", 1, 0,
		  "cannot be read" },
		{ "0-----BEGIN CERTIFICATE-----\nMIIB", 1, 0, "cannot be read" },
		{ "0-----BEGIN CERTIFICATE----- MIIB -----END CERTIFICATE-----\n", 1, 0,
		  "cannot be read" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		cleanup(ca_bundle_clear) struct ca_bundle bundle = { 0 };
		char *text = written(rows[i].text), *at;
		const char *fault;

		while ((at = strchr(text, '@'))) { /* digits stand for certificates */
			char *longer;

			*at = '\0';
			assert_true(asprintf(&longer, "%s17%s", text, at + 1) > 0);
			free(text);
			text = longer;
		}
		read_text(&bundle, text);
		fault = ca_bundle_fault(&bundle);
		check_row(rows[i].text, ca_bundle_count(&bundle) == rows[i].count);
		check_row(rows[i].text, bundle.generation == rows[i].generation);
		if (fault && rows[i].fault)
			check_row(rows[i].text, strstr(fault, rows[i].fault));
		else
			check_row(rows[i].text, fault == rows[i].fault);
		free(text);
	}
}

static void test_compares(void **state)
{
	cleanup(ca_bundle_clear) struct ca_bundle one = { 0 }, both = { 0 }, other = { 0 };
	char *text = written("01");

	(void)state;
	read_text(&one, made.ca[0]);
	read_text(&both, text);
	read_text(&other, made.ca[2]);
	assert_true(ca_bundle_has(&both, ca_bundle_at(&one, 0)));
	assert_false(ca_bundle_has(&one, ca_bundle_at(&both, 1)));
	assert_true(ca_bundle_has_pin(&both, made.pin[1]));
	assert_false(ca_bundle_has_pin(&one, made.pin[1]));
	assert_true(ca_bundle_shares_key(&both, &one));
	assert_false(ca_bundle_shares_key(&both, &other));
	free(text);
}

/* Nothing but certificates and the generation comes out again. */
static void test_formats(void **state)
{
	cleanup(ca_bundle_clear) struct ca_bundle bundle = { 0 };
	char *text = written("#x\n0\nsecret\n1"), *expected = written("01"), *out;

	(void)state;
	read_text(&bundle, text);
	out = ca_bundle_format(&bundle);
	assert_string_equal(out, expected);
	free(out);
	bundle.generation = 1789000012;
	out = ca_bundle_format(&bundle);
	assert_true(strncmp(out, "## wazuh-ca-bundle\n## generation: 1789000012\n-----BEGIN", 55) ==
		    0);
	ca_bundle_clear(&bundle);
	read_text(&bundle, out);
	assert_int_equal(bundle.generation, 1789000012);
	free(out);
	free(text);
	free(expected);
}

static void test_describes(void **state)
{
	cleanup(ca_bundle_clear) struct ca_bundle bundle = { 0 };
	char *text = written("0L"), shown[CA_TEXT_SIZE];

	(void)state;
	read_text(&bundle, text);
	ca_describe(ca_bundle_at(&bundle, 0), shown);
	assert_non_null(strstr(shown, "CN = ca, valid from "));
	assert_non_null(strstr(shown, made.pin[0]));
	assert_null(strstr(shown, "not of a CA"));
	ca_describe(ca_bundle_at(&bundle, 1), shown);
	assert_non_null(strstr(shown, ", not of a CA"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads),
		cmocka_unit_test(test_compares),
		cmocka_unit_test(test_formats),
		cmocka_unit_test(test_describes),
	};

	return cmocka_run_group_tests(tests, make_all, free_all);
}
