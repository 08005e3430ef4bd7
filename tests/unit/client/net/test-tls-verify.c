/* SPDX-License-Identifier: ISC */
/* Is this the manager? Every combination of CA, pins and name. */
#include "common/tls-pin.h"
#include "tests/unit/support.h"

#include "client/net/tls-verify.h"
#include "tests/unit/certificates.h"

#define HOUR 3600

enum { CA_NONE, CA_RIGHT, CA_OTHER, CA_LIMITED };
enum { PIN_NONE, PIN_RIGHT, PIN_OTHER, PIN_BOTH };
enum {
	CERTIFICATE_GOOD,
	CERTIFICATE_EXPIRED,
	CERTIFICATE_EARLY,
	CERTIFICATE_CLIENT,
	CERTIFICATE_SELF_SIGNED,
	CERTIFICATE_LIMITED,      /* both by a CA for example.org */
	CERTIFICATE_BEYOND_LIMIT, /* its common name is in another domain */
	CERTIFICATES
};

static struct {
	EVP_PKEY *ca_key, *key;
	X509 *ca, *other_ca, *limited_ca, *certificates[CERTIFICATES];
	char pin[TLS_PIN_SIZE], other_pin[TLS_PIN_SIZE];
} world;

static int setup_world(void **state)
{
	static const struct certificate_plan ca_plan = { .common_names = { "CA" }, .is_ca = true },
					     limited_plan = { .common_names = { "CA" },
							      .is_ca = true,
							      .constraints = "permitted;DNS:"
									     "example.org" };
	static const struct certificate_plan plans[CERTIFICATES] = {
		[CERTIFICATE_GOOD] = { .common_names = { "m.example.org" },
				       .purpose = "serverAuth" },
		[CERTIFICATE_EXPIRED] = { .common_names = { "m.example.org" },
					  .from = -2 * HOUR,
					  .until = -HOUR },
		[CERTIFICATE_EARLY] = { .common_names = { "m.example.org" }, .from = HOUR },
		[CERTIFICATE_CLIENT] = { .common_names = { "m.example.org" },
					 .purpose = "clientAuth" },
		[CERTIFICATE_SELF_SIGNED] = { .common_names = { "m.example.org" } },
		[CERTIFICATE_LIMITED] = { .common_names = { "n.example.org" },
					  .alternative_names = "DNS:m.example.org" },
		[CERTIFICATE_BEYOND_LIMIT] = { .common_names = { "n.example.net" },
					       .alternative_names = "DNS:m.example.org" },
	};

	(void)state;
	world.ca_key = make_key();
	world.key = make_key();
	world.ca = make_certificate(&ca_plan, world.ca_key, NULL, NULL);
	world.other_ca = make_certificate(&ca_plan, world.key, NULL, NULL);
	world.limited_ca = make_certificate(&limited_plan, world.ca_key, NULL, NULL);
	for (int i = 0; i < CERTIFICATES; i++)
		world.certificates[i] = make_certificate(
			&plans[i], world.key, i == CERTIFICATE_SELF_SIGNED ? NULL : world.ca,
			world.ca_key);
	return tls_certificate_pin(world.certificates[0], world.pin) |
	       tls_certificate_pin(world.ca, world.other_pin);
}

static int teardown_world(void **state)
{
	(void)state;
	for (int i = 0; i < CERTIFICATES; i++)
		X509_free(world.certificates[i]);
	X509_free(world.ca);
	X509_free(world.other_ca);
	X509_free(world.limited_ca);
	EVP_PKEY_free(world.key);
	EVP_PKEY_free(world.ca_key);
	return 0;
}

static const struct row {
	const char *label;
	int certificate, ca, pin;
	const char *host, *verify_name;
	bool accepted;
	int error; /* of the store, where refused */
	/* in the reason where refused, in the warning where accepted; null: nothing */
	const char *said;
} rows[] = {
	{ "CA and name", CERTIFICATE_GOOD, CA_RIGHT, PIN_NONE, "m.example.org", NULL, true },
	{ "CA, pin and name", CERTIFICATE_GOOD, CA_RIGHT, PIN_RIGHT, "m.example.org", NULL, true },
	{ "the second pin", CERTIFICATE_GOOD, CA_RIGHT, PIN_BOTH, "m.example.org", NULL, true },
	{ "another name", CERTIFICATE_GOOD, CA_RIGHT, PIN_NONE, "10.0.0.1", NULL, false,
	  X509_V_ERR_HOSTNAME_MISMATCH, "is valid for CN=m.example.org, not for 10.0.0.1" },
	{ "another name, but verify_name", CERTIFICATE_GOOD, CA_RIGHT, PIN_NONE, "10.0.0.1",
	  "m.example.org", true },
	{ "verify_name is not there", CERTIFICATE_GOOD, CA_RIGHT, PIN_NONE, "m.example.org",
	  "n.example.org", false, X509_V_ERR_HOSTNAME_MISMATCH, "not for n.example.org" },
	{ "a name that begins like the certificate's", CERTIFICATE_GOOD, CA_RIGHT, PIN_NONE,
	  "m.example.or", NULL, false, X509_V_ERR_HOSTNAME_MISMATCH, "set address to one" },
	{ "another name in spite of a pin", CERTIFICATE_GOOD, CA_RIGHT, PIN_RIGHT, "other", NULL,
	  false, X509_V_ERR_HOSTNAME_MISMATCH, "not for other" },
	{ "another CA of the same name", CERTIFICATE_GOOD, CA_OTHER, PIN_NONE, "m.example.org",
	  NULL, false, -1, "was not issued by a CA in /the/ca" },
	{ "another CA, right pin", CERTIFICATE_GOOD, CA_OTHER, PIN_RIGHT, "m.example.org", NULL,
	  false, -1, "was not issued" },
	{ "right CA, another pin", CERTIFICATE_GOOD, CA_RIGHT, PIN_OTHER, "m.example.org", NULL,
	  false, X509_V_ERR_CERT_UNTRUSTED, "does not match pin in [tls]" },
	{ "self-signed", CERTIFICATE_SELF_SIGNED, CA_RIGHT, PIN_NONE, "m.example.org", NULL, false,
	  X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, "was not issued by a CA in /the/ca" },
	{ "expired", CERTIFICATE_EXPIRED, CA_RIGHT, PIN_NONE, "m.example.org", NULL, false,
	  X509_V_ERR_CERT_HAS_EXPIRED, "expired on 2" },
	{ "expired, pinned too", CERTIFICATE_EXPIRED, CA_RIGHT, PIN_RIGHT, "m.example.org", NULL,
	  false, X509_V_ERR_CERT_HAS_EXPIRED, "expired on 2" },
	{ "not valid yet", CERTIFICATE_EARLY, CA_RIGHT, PIN_NONE, "m.example.org", NULL, false,
	  X509_V_ERR_CERT_NOT_YET_VALID, "is not valid before 2" },
	{ "for clients", CERTIFICATE_CLIENT, CA_RIGHT, PIN_NONE, "m.example.org", NULL, false,
	  X509_V_ERR_INVALID_PURPOSE, "is not valid for servers" },
	{ "names that its CA may certify", CERTIFICATE_LIMITED, CA_LIMITED, PIN_NONE,
	  "m.example.org", NULL, true },
	/* although the manager is not called by it */
	{ "a common name that its CA must not certify", CERTIFICATE_BEYOND_LIMIT, CA_LIMITED,
	  PIN_NONE, "m.example.org", NULL, false, X509_V_ERR_PERMITTED_VIOLATION,
	  "contains a name that its CA must not certify" },
	{ "pin alone", CERTIFICATE_SELF_SIGNED, CA_NONE, PIN_RIGHT, "10.0.0.1", NULL, true },
	{ "pin alone, expired", CERTIFICATE_EXPIRED, CA_NONE, PIN_RIGHT, "10.0.0.1", NULL, true, 0,
	  "expired on 2" },
	{ "pin alone, not valid yet", CERTIFICATE_EARLY, CA_NONE, PIN_RIGHT, "10.0.0.1", NULL, true,
	  0, "is not valid before 2" },
	{ "another pin alone", CERTIFICATE_GOOD, CA_NONE, PIN_OTHER, "m.example.org", NULL, false,
	  X509_V_ERR_CERT_UNTRUSTED, "agent-register pin m.example.org:1515" },
	{ "pin and verify_name", CERTIFICATE_GOOD, CA_NONE, PIN_RIGHT, "10.0.0.1", "m.example.org",
	  true },
	{ "pin and a wrong verify_name", CERTIFICATE_GOOD, CA_NONE, PIN_RIGHT, "m.example.org", "n",
	  false, X509_V_ERR_HOSTNAME_MISMATCH, "not for n" },
};

static int judge(const struct row *row, bool verify, int *ret_error, struct reason *why,
		 struct reason *warning)
{
	const char *pin_texts[] = { world.pin, world.other_pin, world.pin };
	const struct string_list pins = {
		.items = (char **)(uintptr_t)(row->pin == PIN_RIGHT ? pin_texts : pin_texts + 1),
		.count = row->pin == PIN_NONE   ? 0
			 : row->pin == PIN_BOTH ? 2
						: 1,
	};
	const struct tls_trust trust = { .verify = verify,
					 .ca_file = row->ca == CA_NONE ? NULL : "/the/ca",
					 .pins = &pins,
					 .verify_name = row->verify_name };
	struct endpoint endpoint = { .port = 1515 };
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *context = X509_STORE_CTX_new();
	int r;

	(void)snprintf(endpoint.host, sizeof endpoint.host, "%s", row->host);
	if (row->ca != CA_NONE)
		X509_STORE_add_cert(store, row->ca == CA_RIGHT     ? world.ca
					   : row->ca == CA_LIMITED ? world.limited_ca
								   : world.other_ca);
	assert_int_equal(
		X509_STORE_CTX_init(context, store, world.certificates[row->certificate], NULL), 1);
	/* as a TLS client does */
	assert_int_equal(X509_STORE_CTX_set_default(context, "ssl_server"), 1);
	r = tls_verify_manager(context, &endpoint, &trust, why, warning);
	*ret_error = X509_STORE_CTX_get_error(context);
	X509_STORE_CTX_free(context);
	X509_STORE_free(store);
	return r;
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct reason why = { "" }, warning = { "" };
		int error, r = judge(&rows[i], true, &error, &why, &warning);

		check_row(rows[i].label, r == (rows[i].accepted ? 1 : 0));
		if (rows[i].accepted) {
			check_row(rows[i].label, error == X509_V_OK && why.text[0] == '\0');
			check_row(rows[i].label,
				  rows[i].said ? strstr(warning.text, rows[i].said) != NULL
					       : warning.text[0] == '\0');
			continue;
		}
		check_row(rows[i].label,
			  rows[i].error < 0 ? error != X509_V_OK : error == rows[i].error);
		if (!strstr(why.text, rows[i].said))
			fail_msg("row '%s': %s", rows[i].label, why.text);
	}
}

/* Only when verification is switched off is everything taken. */
static void test_without_verification(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct reason why = { "" }, warning = { "" };
		int error;

		check_row(rows[i].label, judge(&rows[i], false, &error, &why, &warning) == 1 &&
						 why.text[0] == '\0');
	}
}

/* All of a pin counts, not only how it begins. */
static void test_whole_pin(void **state)
{
	char *right[] = { world.pin }, similar[TLS_PIN_SIZE], *wrong[] = { similar };
	const struct string_list pins = { .items = right, .count = 1 },
				 others = { .items = wrong, .count = 1 };

	(void)state;
	assert_true(tls_key_is_pinned(world.certificates[0], &pins));
	for (size_t i = strlen("sha256//"); i < strlen(world.pin) - 1; i++) {
		(void)strcpy(similar, world.pin);
		similar[i] = similar[i] == 'A' ? 'E' : 'A';
		assert_false(tls_key_is_pinned(world.certificates[0], &others));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_without_verification),
		cmocka_unit_test(test_whole_pin),
	};

	return cmocka_run_group_tests(tests, setup_world, teardown_world);
}
