/* SPDX-License-Identifier: ISC */
/*
 * The names in a certificate that anybody may have sent: they can be described, and what the
 * certificate is taken for it either is or is not allowed to be; without memory it is taken for
 * nothing that it is not. The first byte chooses the name that is looked for; certificates in DER
 * follow, the second and later ones are the CAs above. With 8 in the first byte, the last one says
 * how many pieces of memory OpenSSL gets.
 */
#include "fuzz.h"

#include "common/certificate-names.h"
#include "common/name-constraints.h"

#include <limits.h>
#include <openssl/err.h>

#define CHAIN_MAX 3
#define LONG_NAME_SIZE 300

static const char *const names[] = {
	"web-01.example.org", "web-01.example.org.", "a.lan",        ".example.org",
	"192.0.2.1",          "2001:db8::1",         "fe80::1%eth0", ""
};

/* ------------------------------------------------------------------ memory of OpenSSL */

static unsigned int pieces = UINT_MAX; /* that it gets; UINT_MAX: any number */

static bool is_short(void)
{
	if (pieces == UINT_MAX)
		return false;
	if (pieces == 0)
		return true;
	pieces--;
	return false;
}

static void *take(size_t size, const char *file, int line)
{
	(void)file, (void)line;
	return size == 0 || is_short() ? NULL : malloc(size);
}

static void *resize(void *memory, size_t size, const char *file, int line)
{
	(void)file, (void)line;
	if (size > 0)
		return is_short() ? NULL : realloc(memory, size);
	free(memory);
	return NULL;
}

static void give_back(void *memory, const char *file, int line)
{
	(void)file, (void)line;
	free(memory);
}

/* Before OpenSSL has any. */
static void watch_memory(void)
{
	static bool is_watched;

	if (!is_watched)
		HOLDS(CRYPTO_set_mem_functions(take, resize, give_back) == 1);
	is_watched = true;
}

/* ------------------------------------------------------------------ certificates */

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

/* What is right is right without memory as well. */
static void check_short(const uint8_t *data, size_t size, const char *name, unsigned int given)
{
	STACK_OF(X509) *chain = read_chain(data, size), *other = read_chain(data, size);
	X509 *certificate = sk_X509_value(chain, 0);
	bool has, is_limited;

	if (certificate) {
		pieces = given;
		has = certificate_has_name(certificate, chain, name);
		pieces = UINT_MAX;
		HOLDS(!has || certificate_has_name(sk_X509_value(other, 0), other, name));
		pieces = given;
		is_limited = name_constraints_limit_addresses(chain);
		check_description(certificate, 512);
		pieces = UINT_MAX;
		HOLDS(is_limited || !name_constraints_limit_addresses(other));
	}
	sk_X509_pop_free(chain, X509_free);
	sk_X509_pop_free(other, X509_free);
	ERR_clear_error();
}

static const char *choose_name(uint8_t which)
{
	static char long_name[LONG_NAME_SIZE];

	memset(long_name, 'a', sizeof long_name - 1);
	return which & 128 ? long_name : names[which % 8];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *name = size > 0 ? choose_name(data[0]) : "";
	STACK_OF(X509) * chain;
	X509 *certificate;

	watch_memory();
	if (size > 2 && data[0] & 8)
		check_short(data + 1, size - 2, name, data[size - 1]);
	chain = size > 1 ? read_chain(data + 1, size - 1) : NULL;
	certificate = sk_X509_value(chain, 0);
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
