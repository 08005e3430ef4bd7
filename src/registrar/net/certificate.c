/* SPDX-License-Identifier: ISC */
#include "registrar/net/certificate.h"

#include "common/cleanup.h"
#include "common/ip-address.h"

#include <errno.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <string.h>

#define COMMON_NAME_MAX 64 /* bytes, X.520 */
#define SERIAL_BITS 159    /* RFC 5280: positive and at most 20 octets */
#define CLOCK_SLACK 86400  /* seconds: a machine at its first boot may be behind */

DEFINE_RELEASE(extension, X509_EXTENSION *, X509_EXTENSION_free)
DEFINE_RELEASE(alternatives, GENERAL_NAMES *, GENERAL_NAMES_free)
DEFINE_RELEASE(bignum, BIGNUM *, BN_free)

/* A host name, or a wildcard for one. */
static bool is_host_name(const char *name)
{
	size_t length = strlen(name);

	return length >= 1 && length <= 253 && name[0] != '.' && name[0] != '-' &&
	       strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_*") ==
		       length;
}

int certificate_names_add(struct certificate_names *names, const char *name)
{
	if (!ip_address_is_valid(name) && !is_host_name(name))
		return -EINVAL;
	for (size_t i = 0; i < names->count; i++)
		if (strcasecmp(names->names[i], name) == 0)
			return 0;
	if (names->count == CERTIFICATE_NAMES_MAX)
		return -EINVAL;
	names->names[names->count++] = name;
	return 0;
}

EVP_PKEY *certificate_make_key(void)
{
	return EVP_EC_gen("P-256");
}

EVP_PKEY *certificate_make_rsa_key(unsigned int bits)
{
	return EVP_RSA_gen(bits);
}

static bool set_serial(X509 *certificate)
{
	cleanup(release_bignum) BIGNUM *number = BN_new();

	return number && BN_rand(number, SERIAL_BITS, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1 &&
	       BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
}

static bool add_name_entry(X509_NAME *name, const char *field, const char *text, size_t length)
{
	return X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, (const unsigned char *)text,
					  (int)length, -1, 0) == 1;
}

static bool set_names(X509 *certificate, const char *common_name)
{
	X509_NAME *name = X509_get_subject_name(certificate);
	size_t length = strlen(common_name);

	/*
	 * A longer name does not fit; the alternative names, which is what clients look at, hold it
	 * whole.
	 */
	return add_name_entry(name, "O", "agent-registrar", strlen("agent-registrar")) &&
	       add_name_entry(name, "CN", common_name,
			      length > COMMON_NAME_MAX ? COMMON_NAME_MAX : length) &&
	       X509_set_issuer_name(certificate, name) == 1;
}

static bool add_alternative(GENERAL_NAMES *alternatives, const char *name)
{
	GENERAL_NAME *alternative = a2i_GENERAL_NAME(
		NULL, NULL, NULL, ip_address_is_valid(name) ? GEN_IPADD : GEN_DNS, name, 0);

	if (!alternative)
		return false;
	if (sk_GENERAL_NAME_push(alternatives, alternative) > 0)
		return true;
	GENERAL_NAME_free(alternative);
	return false;
}

static bool add_alternatives(X509 *certificate, const struct certificate_names *names)
{
	cleanup(release_alternatives) GENERAL_NAMES *alternatives = sk_GENERAL_NAME_new_null();

	for (size_t i = 0; i < names->count; i++)
		if (!alternatives || !add_alternative(alternatives, names->names[i]))
			return false;
	return alternatives && X509_add1_ext_i2d(certificate, NID_subject_alt_name, alternatives, 0,
						 X509V3_ADD_APPEND) == 1;
}

static bool add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
	cleanup(release_extension) X509_EXTENSION *extension = NULL;
	X509V3_CTX context;

	X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	return extension && X509_add_ext(certificate, extension, -1) == 1;
}

/* Valid from now on, or as many seconds earlier. */
static bool begin_earlier(X509 *certificate, long seconds, int days)
{
	return X509_set_version(certificate, X509_VERSION_3) == 1 && set_serial(certificate) &&
	       X509_gmtime_adj(X509_getm_notBefore(certificate), -seconds) &&
	       X509_time_adj_ex(X509_getm_notAfter(certificate), days, 0, NULL);
}

static bool begin_for_days(X509 *certificate, int days)
{
	return begin_earlier(certificate, CLOCK_SLACK, days);
}

/*
 * No key usage: a self-signed certificate that names one without certificate signing is not
 * accepted as its own issuer, and one with it would be a CA.
 */
static bool add_server_extensions(X509 *certificate)
{
	return add_extension(certificate, certificate, NID_basic_constraints,
			     "critical,CA:FALSE") &&
	       add_extension(certificate, certificate, NID_ext_key_usage, "serverAuth") &&
	       add_extension(certificate, certificate, NID_subject_key_identifier, "hash");
}

/* Sign it, by a CA or, with null, by its own key. */
static bool sign(X509 *certificate, EVP_PKEY *key, const struct certificate_issuer *issuer)
{
	if (!issuer)
		return X509_sign(certificate, key, EVP_sha256()) > 0;
	return X509_set_issuer_name(certificate, X509_get_subject_name(issuer->certificate)) == 1 &&
	       add_extension(certificate, issuer->certificate, NID_authority_key_identifier,
			     "keyid") &&
	       X509_sign(certificate, issuer->key, EVP_sha256()) > 0;
}

static bool fill(X509 *certificate, EVP_PKEY *key, const struct certificate_names *names,
		 const struct certificate_issuer *issuer)
{
	return begin_for_days(certificate, CERTIFICATE_DAYS) &&
	       set_names(certificate, names->names[0]) && X509_set_pubkey(certificate, key) == 1 &&
	       add_alternatives(certificate, names) && add_server_extensions(certificate) &&
	       sign(certificate, key, issuer);
}

static int cannot_make(struct reason *why)
{
	char text[256];

	reason_set(why, "OpenSSL cannot make a certificate: %s", tls_error_text(text, sizeof text));
	return -EIO;
}

int certificate_make(X509 **ret, EVP_PKEY *key, const struct certificate_names *names,
		     const struct certificate_issuer *issuer, struct reason *why)
{
	cleanup(release_x509) X509 *certificate = X509_new();

	if (!certificate || !fill(certificate, key, names, issuer))
		return cannot_make(why);
	*ret = take_pointer(certificate);
	return 0;
}

/* ------------------------------------------------------------------ by a CA of our own */

static bool copy_names(X509 *certificate, X509 *old)
{
	int place = X509_get_ext_by_NID(old, NID_subject_alt_name, -1);

	return X509_set_subject_name(certificate, X509_get_subject_name(old)) == 1 &&
	       (place < 0 || X509_add_ext(certificate, X509_get_ext(old, place), -1) == 1);
}

int certificate_renew(X509 **ret, X509 *old, const struct certificate_issuer *issuer,
		      struct reason *why)
{
	cleanup(release_x509) X509 *certificate = X509_new();

	if (!certificate || !begin_for_days(certificate, CERTIFICATE_DAYS) ||
	    !copy_names(certificate, old) ||
	    X509_set_pubkey(certificate, X509_get0_pubkey(old)) != 1 ||
	    !add_server_extensions(certificate) || !sign(certificate, NULL, issuer))
		return cannot_make(why);
	*ret = take_pointer(certificate);
	return 0;
}

/* With what makes it a CA that has issued itself. */
static bool add_authority_key(X509 *certificate, EVP_PKEY *key)
{
	return X509_set_pubkey(certificate, key) == 1 &&
	       add_extension(certificate, certificate, NID_subject_key_identifier, "hash") &&
	       add_extension(certificate, certificate, NID_authority_key_identifier, "keyid") &&
	       add_extension(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE");
}

static bool fill_authority(X509 *certificate, EVP_PKEY *key, const char *common_name)
{
	return begin_for_days(certificate, AUTHORITY_DAYS) && set_names(certificate, common_name) &&
	       add_authority_key(certificate, key) &&
	       add_extension(certificate, certificate, NID_key_usage,
			     "critical,keyCertSign,cRLSign") &&
	       sign(certificate, key, NULL);
}

int certificate_make_authority(X509 **ret, EVP_PKEY *key, const char *common_name,
			       struct reason *why)
{
	cleanup(release_x509) X509 *certificate = X509_new();

	if (!certificate || !fill_authority(certificate, key, common_name))
		return cannot_make(why);
	*ret = take_pointer(certificate);
	return 0;
}

bool certificate_is_issued_by(X509 *certificate, X509 *authority)
{
	EVP_PKEY *key = X509_get0_pubkey(authority);
	bool is_issued = key && X509_check_issued(authority, certificate) == X509_V_OK &&
			 X509_verify(certificate, key) == 1;

	ERR_clear_error();
	return is_issued;
}

/* ------------------------------------------------------------------ of a CA */

/* "/C=US/ST=California/CN=Wazuh": what is no FIELD=VALUE is passed over, as there. */
static bool set_subject(X509 *certificate, const char *subject)
{
	X509_NAME *name = X509_get_subject_name(certificate);
	cleanup_free char *copy = strdup(subject);
	char *rest = copy, *part;

	while (rest && (part = strsep(&rest, "/"))) {
		char *value = strchr(part, '=');

		if (!value || value[1] == '\0')
			continue;
		*value++ = '\0';
		if (!add_name_entry(name, part, value, strlen(value)))
			return false;
	}
	return copy && X509_set_issuer_name(certificate, name) == 1;
}

static bool fill_ca(X509 *certificate, EVP_PKEY *key, const char *subject, unsigned int days)
{
	return begin_earlier(certificate, 0, (int)days) && set_subject(certificate, subject) &&
	       add_authority_key(certificate, key) && sign(certificate, key, NULL);
}

int certificate_make_ca(X509 **ret, EVP_PKEY *key, const char *subject, unsigned int days,
			struct reason *why)
{
	cleanup(release_x509) X509 *certificate = X509_new();

	if (!certificate || !fill_ca(certificate, key, subject, days))
		return cannot_make(why);
	*ret = take_pointer(certificate);
	return 0;
}
