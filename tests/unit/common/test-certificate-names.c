/* SPDX-License-Identifier: ISC */
/*
 * Which names a certificate has. The first rows are those that a real agent-auth was run against;
 * where this client differs on purpose, the row says so.
 */
#include "tests/unit/support.h"

#include "common/certificate-names.h"
#include "tests/unit/certificates.h"

#include <openssl/x509v3.h>

static const struct {
	struct certificate_plan plan;
	const char *name;
	bool named;
} rows[] = {
	{ { .alternative_names = "DNS:localhost,IP:127.0.0.1" }, "127.0.0.1", true },
	{ { .alternative_names = "DNS:localhost,IP:127.0.0.1" }, "localhost", true },
	{ { .alternative_names = "IP:127.0.0.1" }, "127.0.0.1", true },
	{ { .alternative_names = "IP:127.0.0.1" }, "localhost", false },
	{ { .alternative_names = "DNS:127.0.0.1" }, "127.0.0.1", false },
	{ { .alternative_names = "DNS:127.0.0.1" }, "localhost", false },
	{ { .common_names = { "wrong" } }, "127.0.0.1", false },
	{ { .common_names = { "wrong" } }, "localhost", false },
	{ { .common_names = { "127.0.0.1" } }, "127.0.0.1", true },
	{ { .common_names = { "127.0.0.1" } }, "localhost", false },
	{ { .organization = "x", .common_names = { "127.0.0.1" } }, "127.0.0.1", true },
	{ { .organization = "Acme", .common_names = { "localhost" } }, "localhost", true },
	{ { .organization = "Acme",
	    .common_names = { "localhost" },
	    .alternative_names = "DNS:other" },
	  "localhost",
	  true },
	{ { .alternative_names = "DNS:LOCALHOST" }, "localhost", true },
	/* agent-auth overlooks a common name that stands first; that is a fault of its own */
	{ { .common_names = { "localhost" } }, "localhost", true },
	/* agent-auth takes a star for any one label; here a label must follow it */
	{ { .alternative_names = "DNS:*" }, "localhost", false },
	{ { .alternative_names = "DNS:*.lan" }, "m.lan", true },
	{ { .alternative_names = "DNS:*.LAN" }, "M-1.lan", true },
	{ { .common_names = { "*.lan" } }, "m.lan", true },
	{ { .alternative_names = "DNS:*.lan" }, "a.m.lan", false },
	{ { .alternative_names = "DNS:*.lan" }, "lan", false },
	{ { .alternative_names = "DNS:*.lan" }, ".lan", false },
	{ { .alternative_names = "DNS:*.lan" }, "m.land", false },
	{ { .alternative_names = "DNS:*.lan" }, "m_1.lan", false },
	{ { .alternative_names = "DNS:*.a.lan" }, "m.a.lan", true },
	{ { .alternative_names = "DNS:*.a.lan" }, "m_1.a.lan", false },
	{ { .alternative_names = "DNS:*.a_b.lan" }, "m.a_b.lan", false },
	{ { .alternative_names = "DNS:*.lan" }, "", false },
	{ { .alternative_names = "DNS:*.*" }, "m.lan", false },
	{ { .alternative_names = "DNS:*." }, "m.", false },
	{ { .alternative_names = "DNS:m.example.org." }, "m.example.org", true },
	{ { .alternative_names = "DNS:m.example.org." }, "m.example.org.", true },
	{ { .alternative_names = "DNS:m.example.org" }, "m.example.org.", true },
	{ { .alternative_names = "DNS:." }, ".", false },

	{ { .alternative_names = "DNS:*.example.org" }, "m.example.org", true },
	{ { .alternative_names = "DNS:*.example.org" }, "M.EXAMPLE.ORG", true },
	{ { .alternative_names = "DNS:*.example.org" }, "a.m.example.org", false },
	{ { .alternative_names = "DNS:*.example.org" }, "example.org", false },
	{ { .alternative_names = "DNS:*.example.org" }, ".example.org", false },
	{ { .alternative_names = "DNS:m*.example.org" }, "manager.example.org", false },
	{ { .alternative_names = "DNS:*r.example.org" }, "manager.example.org", false },
	{ { .alternative_names = "DNS:m.*.org" }, "m.example.org", false },
	{ { .common_names = { "*.example.org" } }, "m.example.org", true },
	{ { .alternative_names = "DNS:a,DNS:b,DNS:m.example.org" }, "m.example.org", true },
	{ { .common_names = { "a", "b", "m.example.org" } }, "m.example.org", true },
	{ { .common_names = { "10.0.0.1", "10.0.0.2" } }, "10.0.0.2", true },
	{ { .alternative_names = "DNS:m.example.org" }, "m.example.or", false },
	{ { .alternative_names = "DNS:m.example.org" }, "m.example.orgs", false },
	{ { .alternative_names = "DNS:m.example.org" }, "example.org", false },
	{ { .alternative_names = "email:m.example.org@x" }, "m.example.org", false },
	{ { .organization = "m.example.org" }, "m.example.org", false },
	{ { .alternative_names = "DNS:web_1.example.org" }, "web_1.example.org", true },

	{ { .alternative_names = "IP:10.0.0.1" }, "10.0.0.10", false },
	{ { .alternative_names = "IP:2001:db8::1" }, "2001:DB8:0:0::1", true },
	{ { .alternative_names = "IP:2001:db8::1" }, "2001:db8::2", false },
	{ { .alternative_names = "IP:fe80::1" }, "fe80::1%eth0", true },
	{ { .common_names = { "::1" } }, "::1", true },
	{ { .common_names = { "::1" } }, "0:0:0:0:0:0:0:1", false },
	{ { .common_names = { "2001:DB8::1" } }, "2001:db8::1", true },
	{ { .common_names = { "10.0.0.1" }, .alternative_names = "DNS:m" }, "10.0.0.1", false },
	{ { .common_names = { "10.0.0.1" }, .alternative_names = "IP:10.0.0.2" },
	  "10.0.0.1",
	  false },
	{ { .common_names = { "*" } }, "10.0.0.1", false },
	{ { .common_names = { "10.0.0.*" } }, "10.0.0.1", false },
	{ { .organization = "nobody" }, "localhost", false },
};

static void test_rows(void **state)
{
	cleanup_pkey EVP_PKEY *key = make_key();

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		cleanup_x509 X509 *certificate = make_certificate(&rows[i].plan, key, NULL, NULL);

		if (certificate_has_name(certificate, NULL, rows[i].name) != rows[i].named)
			fail_msg("row %zu: CN %s, SAN %s: %s must %sbe a name of it", i,
				 rows[i].plan.common_names[0], rows[i].plan.alternative_names,
				 rows[i].name, rows[i].named ? "" : "not ");
	}
}

/* ------------------------------------------------------------------ constraints of the CAs */

static const struct {
	const char *constraints; /* of a CA */
	struct certificate_plan plan;
	const char *name;
	bool is_named, is_forbidden;
} constrained[] = {
	{ NULL, { .common_names = { "m.corp.example" } }, "m.corp.example", true, false },
	{ "permitted;DNS:corp.example",
	  { .alternative_names = "DNS:m.corp.example" },
	  "m.corp.example",
	  true,
	  false },
	{ "permitted;DNS:corp.example",
	  { .common_names = { "m.corp.example" } },
	  "m.corp.example",
	  true,
	  false },
	{ "permitted;DNS:corp.example",
	  { .common_names = { "evil.example" }, .alternative_names = "DNS:m.corp.example" },
	  "evil.example",
	  false,
	  true },
	{ "permitted;DNS:corp.example",
	  { .common_names = { "evil.example" }, .alternative_names = "DNS:m.corp.example" },
	  "m.corp.example",
	  true,
	  false },
	/* forms that OpenSSL does not hold to the constraints */
	{ "permitted;DNS:corp.example",
	  { .common_names = { "evil.example." } },
	  "evil.example",
	  false,
	  true },
	{ "permitted;DNS:corp.example",
	  { .common_names = { "*.evil.example" } },
	  "m.evil.example",
	  false,
	  true },
	{ "permitted;DNS:corp.example", { .common_names = { "*.lan" } }, "m.lan", false, true },
	{ "permitted;DNS:corp.example", { .common_names = { "manager" } }, "manager", false, true },
	{ "excluded;DNS:evil.example",
	  { .alternative_names = "DNS:evil.example." },
	  "evil.example",
	  false,
	  true },
	{ "excluded;DNS:host.lan", { .alternative_names = "DNS:*.lan" }, "host.lan", false, true },
	{ "excluded;DNS:host.lan", { .alternative_names = "DNS:*.lan" }, "m.lan", true, false },
	/* addresses */
	{ "permitted;IP:10.0.0.0/255.0.0.0",
	  { .alternative_names = "IP:10.1.2.3" },
	  "10.1.2.3",
	  true,
	  false },
	{ "permitted;IP:10.0.0.0/255.0.0.0",
	  { .alternative_names = "IP:192.0.2.1" },
	  "192.0.2.1",
	  false,
	  true },
	{ "permitted;IP:10.0.0.0/255.0.0.0",
	  { .common_names = { "10.1.2.3" } },
	  "10.1.2.3",
	  false,
	  true },
	{ "permitted;IP:10.0.0.0/255.0.0.0",
	  { .common_names = { "192.0.2.1" } },
	  "192.0.2.1",
	  false,
	  true },
	{ "excluded;IP:10.0.0.0/255.0.0.0",
	  { .common_names = { "192.0.2.1" } },
	  "192.0.2.1",
	  false,
	  true },
	{ "permitted;DNS:corp.example",
	  { .common_names = { "192.0.2.1" } },
	  "192.0.2.1",
	  true,
	  false },
	{ "permitted;DNS:corp.example",
	  { .alternative_names = "IP:192.0.2.1" },
	  "192.0.2.1",
	  true,
	  false },
	{ "permitted;DNS:corp.example",
	  { .alternative_names = "DNS:m.corp.example" },
	  "other.corp.example",
	  false,
	  false },
};

/* Leaf, intermediate CA, root: the constraints stand in the one or the other CA. */
static void test_constraints(void **state)
{
	cleanup_pkey EVP_PKEY *key = make_key();

	(void)state;
	for (size_t i = 0; i < 2 * COUNT(constrained); i++) {
		size_t row = i / 2;
		struct certificate_plan plans[3] = { constrained[row].plan,
						     { .is_ca = true },
						     { .is_ca = true } };
		STACK_OF(X509) *chain = sk_X509_new_null();
		const char *name = constrained[row].name;

		plans[1 + i % 2].constraints = constrained[row].constraints;
		for (size_t n = 0; n < COUNT(plans); n++)
			sk_X509_push(chain, make_certificate(&plans[n], key, NULL, NULL));
		if (certificate_has_name(sk_X509_value(chain, 0), chain, name) !=
			    constrained[row].is_named ||
		    certificate_name_is_forbidden(sk_X509_value(chain, 0), chain, name) !=
			    constrained[row].is_forbidden)
			fail_msg("constrained row %zu, CA %zu: %s", row, i % 2, name);
		sk_X509_pop_free(chain, X509_free);
	}
}

/* A NUL in a certificate's name must not hide what stands behind it. */
static void test_nul_in_common_name(void **state)
{
	static const unsigned char address[] = "127.0.0.1\0.evil.example.org",
				   host[] = "localhost\0.evil.example.org";
	cleanup_x509 X509 *certificate = X509_new();
	X509_NAME *name = X509_get_subject_name(certificate);
	char shown[256];

	(void)state;
	assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, address,
						    sizeof address - 1, -1, 0),
			 1);
	assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, host, sizeof host - 1,
						    -1, 0),
			 1);
	assert_false(certificate_has_name(certificate, NULL, "127.0.0.1"));
	assert_false(certificate_has_name(certificate, NULL, "localhost"));
	certificate_describe_names(certificate, shown, sizeof shown);
	assert_string_equal(shown, "CN=127.0.0.1\\x00.evil.example.org, "
				   "CN=localhost\\x00.evil.example.org");
}

static void test_name_too_long(void **state)
{
	const struct certificate_plan plan = { .common_names = { "localhost" } };
	cleanup_pkey EVP_PKEY *key = make_key();
	cleanup_x509 X509 *certificate = make_certificate(&plan, key, NULL, NULL);
	char name[4096];

	(void)state;
	memset(name, 'a', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	assert_false(certificate_has_name(certificate, NULL, name));
}

/* ------------------------------------------------------------------ describing */

static void test_describe(void **state)
{
	static const struct {
		struct certificate_plan plan;
		const char *shown;
	} described[] = {
		{ { .organization = "x" }, "no name" },
		{ { .common_names = { "m" } }, "CN=m" },
		{ { .common_names = { "a", "b" },
		    .alternative_names = "DNS:c,IP:10.0.0.1,IP:2001:db8::1,email:x@y" },
		  "DNS:c, IP:10.0.0.1, IP:2001:db8::1, CN=a, CN=b" },
		{ { .common_names = { "\x1b[31mred" } }, "CN=\\x1b[31mred" },
	};
	cleanup_pkey EVP_PKEY *key = make_key();

	(void)state;
	for (size_t i = 0; i < COUNT(described); i++) {
		cleanup_x509 X509 *certificate = make_certificate(&described[i].plan, key, NULL,
								  NULL);
		char shown[256];

		certificate_describe_names(certificate, shown, sizeof shown);
		assert_string_equal(shown, described[i].shown);
		for (size_t size = 1; size < 64; size++) {
			char *cut = malloc(size);

			certificate_describe_names(certificate, cut, size);
			assert_true(strlen(cut) < size);
			assert_memory_equal(cut, described[i].shown, strlen(cut));
			free(cut);
		}
	}
}

static void test_describe_time(void **state)
{
	ASN1_TIME *time = ASN1_TIME_new();
	char shown[64];

	(void)state;
	assert_int_equal(ASN1_TIME_set_string(time, "20261121201500Z"), 1);
	tls_describe_time(time, shown, sizeof shown);
	assert_string_equal(shown, "2026-11-21 20:15:00 UTC");
	ASN1_TIME_free(time);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_constraints),
		cmocka_unit_test(test_nul_in_common_name),
		cmocka_unit_test(test_name_too_long),
		cmocka_unit_test(test_describe),
		cmocka_unit_test(test_describe_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
