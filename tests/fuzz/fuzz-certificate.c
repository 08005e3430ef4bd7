/* SPDX-License-Identifier: ISC */
/*
 * The names in a certificate that anybody may have sent: they can be described, and what the
 * certificate is taken for it either is or is not allowed to be. The first byte chooses the name
 * that is looked for; certificates in DER follow, the second and later ones are the CAs above.
 */
#include "fuzz.h"

#include "common/certificate-names.h"
#include "common/name-constraints.h"

#include <openssl/err.h>

#define CHAIN_MAX 3

static const char *const names[] = {
	"web-01.example.org", "web-01.example.org.", "a.lan",        ".example.org",
	"192.0.2.1",          "2001:db8::1",         "fe80::1%eth0", ""
};

static STACK_OF(X509) * read_chain(const uint8_t *data, size_t size)
{
	STACK_OF(X509) *chain = sk_X509_new_null();
	const unsigned char *at = data;

	HOLDS(chain);
	while (sk_X509_num(chain) < CHAIN_MAX) {
		X509 *certificate = d2i_X509(NULL, &at, (long)(data + size - at));

		if (!certificate)
			break;
		HOLDS(sk_X509_push(chain, certificate) > 0);
	}
	ERR_clear_error();
	return chain;
}

static bool matches_none(const char *pattern, size_t length, const char *name)
{
	volatile char sum = 0;

	(void)name;
	for (size_t i = 0; i < length; i++)
		sum = (char)(sum + pattern[i]);
	return false;
}

static void check_description(X509 *certificate, size_t size)
{
	char text[512];

	certificate_describe_names(certificate, text, size);
	HOLDS(text[0] && strlen(text) < size);
	for (const char *at = text; *at; at++)
		HOLDS(*at >= ' ' && *at <= '~');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	STACK_OF(X509) *chain = size > 1 ? read_chain(data + 1, size - 1) : NULL;
	const char *name = size > 0 ? names[data[0] % 8] : "";
	X509 *certificate = sk_X509_value(chain, 0);

	if (certificate) {
		bool has = certificate_has_name(certificate, chain, name);

		HOLDS(!has || certificate_has_name(certificate, NULL, name));
		HOLDS(!has || name_constraints_allow(chain, name));
		HOLDS(!has || !certificate_name_is_forbidden(certificate, chain, name));
		HOLDS(!certificate_any_host_name(certificate, matches_none, name));
		check_description(certificate, 512);
		check_description(certificate, 24);
	}
	sk_X509_pop_free(chain, X509_free);
	ERR_clear_error();
	return 0;
}
