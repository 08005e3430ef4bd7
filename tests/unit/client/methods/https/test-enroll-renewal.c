/* SPDX-License-Identifier: ISC */
/* What the parent believes of CA certificates that the process with a manager has sent. */
#include "tests/unit/support.h"

#include "client/methods/https/enroll-renewal.h"
#include "tests/unit/certificates.h"

#include <errno.h>

#define COUNT_OF_CAS 2

static struct {
	char *ca[COUNT_OF_CAS], *leaf; /* PEM */
	unsigned char pin[COUNT_OF_CAS][ENROLLMENT_PIN_SIZE];
} made;

/* A certificate and its key in PEM and as a pin. */
static X509 *make_ca(size_t i, EVP_PKEY *key)
{
	const struct certificate_plan plan = { .common_names = { "ca" }, .is_ca = true };
	X509 *certificate = make_certificate(&plan, key, NULL, key);
	unsigned char *der = NULL;
	int length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);

	assert_true(EVP_Digest(der, (size_t)length, made.pin[i], NULL, EVP_sha256(), NULL));
	OPENSSL_free(der);
	made.ca[i] = print_certificate(certificate);
	return certificate;
}

static int make_all(void **state)
{
	const struct certificate_plan plan = { .common_names = { "leaf" } };
	cleanup_pkey EVP_PKEY *leaf_key = make_key();

	(void)state;
	for (size_t i = 0; i < COUNT_OF_CAS; i++) {
		cleanup_pkey EVP_PKEY *key = make_key();
		cleanup_x509 X509 *ca = make_ca(i, key);
		cleanup_x509 X509 *leaf = make_certificate(&plan, leaf_key, ca, key);

		free(made.leaf);
		made.leaf = print_certificate(leaf);
	}
	return 0;
}

static int free_all(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF_CAS; i++)
		free(made.ca[i]);
	free(made.leaf);
	return 0;
}

enum trust { BY_CA_FILE, BY_PIN_OF_TOKEN, BY_CA_OF_TOKEN, BY_CONFIGURED_PIN, BY_NOTHING };

/* The first CA is trusted, in that way. */
static int check(enum trust by, const char *anchor)
{
	static char configured[] = "sha256//pin", *items[] = { configured };
	const struct string_list pins = { .items = items, .count = 1 };
	struct enrollment_token token = { 0 };
	const struct tls_trust trust = {
		.verify = by != BY_NOTHING,
		.ca_file = by == BY_CA_FILE ? "ca.pem" : NULL,
		.pins = by == BY_CONFIGURED_PIN ? &pins : NULL,
	};
	const struct attempt attempt = {
		.connection = { .trust = &trust },
		.enroll = { .token = &token, .ca = made.ca[0], .ca_length = strlen(made.ca[0]) },
	};

	memcpy(token.pin, made.pin[0], sizeof token.pin);
	if (by == BY_CA_OF_TOKEN)
		token.ca = made.ca[0];
	return enroll_renewal_check(&attempt, anchor);
}

static char *joined(const char *one, const char *two)
{
	char *text;

	assert_true(asprintf(&text, "%s%s", one, two) > 0);
	return text;
}

static void test_check(void **state)
{
	char *both = joined(made.ca[1], made.ca[0]), *leaf = joined(made.ca[0], made.leaf);
	char *behind = joined(made.ca[0], "secret\n"), *before = joined("# x\n", made.ca[0]);
	char *noted = joined("## wazuh-ca-bundle\n## generation: 7\n", made.ca[0]);
	const struct {
		const char *label, *anchor;
		bool is_right, by_pin; /* for a pin in the configuration */
	} rows[] = {
		{ "the one", made.ca[0], true, true },   { "both", both, true, true },
		{ "its generation", noted, true, true }, { "another", made.ca[1], false, true },
		{ "a leaf", leaf, false, false },        { "more", behind, false, false },
		{ "a comment", before, false, false },   { "nothing", "", false, false },
		{ "none", NULL, false, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		for (enum trust by = BY_CA_FILE; by <= BY_CA_OF_TOKEN; by++)
			check_row(rows[i].label,
				  check(by, rows[i].anchor) == (rows[i].is_right ? 0 : -EBADMSG));
		check_row(rows[i].label, check(BY_CONFIGURED_PIN, rows[i].anchor) ==
						 (rows[i].by_pin ? 0 : -EBADMSG));
		check_row(rows[i].label, check(BY_NOTHING, rows[i].anchor) == -EBADMSG);
	}
	free(both);
	free(leaf);
	free(behind);
	free(before);
	free(noted);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_check) };

	return cmocka_run_group_tests(tests, make_all, free_all);
}
