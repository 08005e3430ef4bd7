/* SPDX-License-Identifier: ISC */
#include "client/net/tls-chain.h"

#include "common/certificate-names.h"
#include "common/setting-words.h"
#include "common/tls-context.h"

#include <openssl/evp.h>
#include <string.h>
#include <time.h>

#define NAME_SIZE 256

/* OpenSSL's level 1 demands 80 bits of security, which RSA of 1024 bits has, and SHA-1 has not. */
#define LEVEL_ONE_BITS 80

static const struct {
	int error;
	const char *fault, *remedy;
	bool pin_helps; /* it replaces the check of the chain */
} rows[] = {
	{ X509_V_ERR_INVALID_CA, "is used as a CA, but is not one (no basicConstraints CA:TRUE)",
	  "reissue it as a CA", true },
	{ X509_V_ERR_INVALID_NON_CA, "is a CA where none is allowed",
	  "reissue it with basicConstraints CA:FALSE", true },
	{ X509_V_ERR_INVALID_PURPOSE, "is not valid for servers",
	  "reissue it with extendedKeyUsage serverAuth and keyUsage digitalSignature "
	  "(or without both)",
	  true },
	{ X509_V_ERR_KEYUSAGE_NO_CERTSIGN,
	  "must not issue certificates (keyUsage without keyCertSign)",
	  "reissue it with keyCertSign", true },
	{ X509_V_ERR_KEYUSAGE_NO_DIGITAL_SIGNATURE, "must not sign (keyUsage)",
	  "reissue it with keyUsage digitalSignature" },
	{ X509_V_ERR_PATH_LENGTH_EXCEEDED, "allows fewer CAs below it than there are (pathlen)",
	  "reissue it with a larger pathlen, or put the CA "
	  "that issued the manager's certificate into the CA file" },
	{ X509_V_ERR_CERT_CHAIN_TOO_LONG, "is behind too many others",
	  "put the CA that issued the manager's certificate into the CA file" },
	{ X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION,
	  "has a critical extension that OpenSSL does not know",
	  "reissue it without that extension", true },
	{ X509_V_ERR_INVALID_EXTENSION, "has an invalid extension", "reissue it", true },
	{ X509_V_ERR_PERMITTED_VIOLATION,
	  "contains a name that its CA must not certify (nameConstraints, permitted)",
	  "reissue it with permitted names only, or by a CA without this constraint" },
	{ X509_V_ERR_EXCLUDED_VIOLATION,
	  "contains a name that its CA must not certify (nameConstraints, excluded)",
	  "reissue it without that name, or by a CA without this constraint" },
	{ X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE,
	  "is below a CA with nameConstraints that OpenSSL does not know",
	  "reissue the CA without them", true },
	{ X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX,
	  "is below a CA with nameConstraints that OpenSSL does not know",
	  "reissue the CA without them", true },
	{ X509_V_ERR_UNSUPPORTED_NAME_SYNTAX, "contains a name that nameConstraints cannot judge",
	  "reissue it without that name", true },
	{ X509_V_ERR_CERT_REVOKED, "has been revoked", "give the manager a new one" },
	{ X509_V_ERR_UNABLE_TO_GET_CRL, "cannot be checked for revocation",
	  "switch the check off in openssl.cnf: revocation lists are not loaded" },
	{ X509_V_ERR_CRL_HAS_EXPIRED, "cannot be checked: the revocation list has expired",
	  "update the list, or switch the check off in openssl.cnf" },
	{ X509_V_ERR_CRL_NOT_YET_VALID, "cannot be checked: the revocation list is not yet valid",
	  "check this machine's clock" },
	{ X509_V_ERR_CRL_SIGNATURE_FAILURE, "cannot be checked: the revocation list is forged",
	  "replace the list, or switch the check off in openssl.cnf" },
	{ X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD, "has an unreadable start date", "reissue it" },
	{ X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD, "has an unreadable end date", "reissue it" },
	{ X509_V_ERR_EC_KEY_EXPLICIT_PARAMS, "has a key with explicit curve parameters",
	  "reissue it with a named curve" },
	{ X509_V_ERR_UNSUPPORTED_SIGNATURE_ALGORITHM,
	  "is signed with an algorithm that OpenSSL does not know", "reissue it" },
};

const char *tls_pin_alternative(void)
{
	return setting_words(", or use pin instead of ca_file");
}

static void describe_now(char *buffer, size_t size)
{
	time_t now = time(NULL);
	struct tm broken_down;

	if (!gmtime_r(&now, &broken_down) || strftime(buffer, size, "%F %T UTC", &broken_down) == 0)
		buffer[0] = '\0';
}

/*
 * Is a CA with the name of the issuer among ours? If it is not the issuer, OpenSSL speaks of a
 * signature that is wrong only if no identifier of a key tells the two apart before.
 */
static bool is_namesake_there(X509_STORE_CTX *store, const X509 *certificate)
{
	X509_OBJECT *found = X509_STORE_CTX_get_obj_by_subject(store, X509_LU_X509,
							       X509_get_issuer_name(certificate));

	X509_OBJECT_free(found);
	return found != NULL;
}

/* No CA of ours stands at the end of the chain. */
static void explain_issuer(int error, X509 *certificate, const char *manager, const char *ca_file,
			   struct reason *why)
{
	char name[NAME_SIZE];
	const char *issuer = certificate_describe_name(X509_get_issuer_name(certificate), name,
						       sizeof name);
	char detail[2 * NAME_SIZE];

	switch (error) {
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
		(void)snprintf(detail, sizeof detail,
			       "it is self-signed; use it as the CA file itself%s",
			       setting_words(", or use its pin"));
		break;
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
		(void)snprintf(detail, sizeof detail,
			       "its chain ends at the CA '%s', which is not there", issuer);
		break;
	case X509_V_ERR_CERT_SIGNATURE_FAILURE:
		(void)snprintf(detail, sizeof detail,
			       "a CA named '%s' is there, but with another key", issuer);
		break;
	default:
		(void)snprintf(detail, sizeof detail,
			       "its issuer '%s' is not there, and the manager does not send it; "
			       "add that CA to the CA file, or to the chain that the manager sends",
			       issuer);
	}
	reason_set(why,
		   "The certificate of %s was not issued by a CA in %s (%s); "
		   "compare with: agent-register pin %s",
		   manager, ca_file, detail, manager);
}

/* A key or a signature that is too weak for OpenSSL's security level. */
static void explain_weakness(int error, const char *whose, X509 *certificate, const char *manager,
			     struct reason *why)
{
	EVP_PKEY *key = X509_get0_pubkey(certificate);
	int digest = NID_undef, bits = 0;

	if (error == X509_V_ERR_CA_MD_TOO_WEAK) {
		(void)X509_get_signature_info(certificate, &digest, NULL, &bits, NULL);
		reason_set(why,
			   "%s of %s has a signature that is too weak (%s); "
			   "reissue it with SHA-256, or allow it by %s: DEFAULT@SECLEVEL=%d",
			   whose, manager, OBJ_nid2sn(digest), setting_words("ciphers in [tls]"),
			   bits >= LEVEL_ONE_BITS);
		return;
	}
	bits = key ? EVP_PKEY_get_security_bits(key) : 0;
	reason_set(why,
		   "%s of %s has a key that is too small (%s, %d bits); reissue it with RSA of "
		   "2048 bits or more, or with an EC key, or allow it by %s: DEFAULT@SECLEVEL=%d",
		   whose, manager, key ? EVP_PKEY_get0_type_name(key) : "?",
		   key ? EVP_PKEY_get_bits(key) : 0, setting_words("ciphers in [tls]"),
		   bits >= LEVEL_ONE_BITS);
}

static void explain_dates(int error, const char *whose, X509 *certificate, const char *manager,
			  struct reason *why)
{
	char when[64], now[64];

	describe_now(now, sizeof now);
	if (error == X509_V_ERR_CERT_HAS_EXPIRED) {
		tls_describe_time(X509_get0_notAfter(certificate), when, sizeof when);
		reason_set(why,
			   "%s of %s expired on %s (this machine's clock says %s; if that is "
			   "right, renew it)",
			   whose, manager, when, now);
		return;
	}
	tls_describe_time(X509_get0_notBefore(certificate), when, sizeof when);
	reason_set(why, "%s of %s is not valid before %s (this machine's clock says %s; check it)",
		   whose, manager, when, now);
}

static void explain_rest(int error, const char *whose, const char *manager, struct reason *why)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (rows[i].error == error) {
			reason_set(why, "%s of %s %s; %s%s", whose, manager, rows[i].fault,
				   rows[i].remedy, rows[i].pin_helps ? tls_pin_alternative() : "");
			return;
		}
	reason_set(why, "%s of %s was rejected: %s", whose, manager,
		   X509_verify_cert_error_string(error));
}

void tls_chain_explain(X509_STORE_CTX *store, const char *manager, const char *ca_file,
		       struct reason *why)
{
	int error = X509_STORE_CTX_get_error(store), depth = X509_STORE_CTX_get_error_depth(store);
	X509 *certificate = X509_STORE_CTX_get_current_cert(store);
	char whose[NAME_SIZE + 64] = "The certificate", name[NAME_SIZE];

	if (depth > 0 && certificate)
		(void)snprintf(whose, sizeof whose, "The CA certificate '%s' in the chain",
			       certificate_describe_name(X509_get_subject_name(certificate), name,
							 sizeof name));
	switch (certificate ? error : X509_V_ERR_UNSPECIFIED) {
	case X509_V_ERR_CERT_HAS_EXPIRED:
	case X509_V_ERR_CERT_NOT_YET_VALID:
		explain_dates(error, whose, certificate, manager, why);
		break;
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
		if (is_namesake_there(store, certificate))
			error = X509_V_ERR_CERT_SIGNATURE_FAILURE;
		explain_issuer(error, certificate, manager, ca_file, why);
		break;
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_CERT_SIGNATURE_FAILURE:
		explain_issuer(error, certificate, manager, ca_file, why);
		break;
	case X509_V_ERR_EE_KEY_TOO_SMALL:
	case X509_V_ERR_CA_KEY_TOO_SMALL:
	case X509_V_ERR_CA_MD_TOO_WEAK:
		explain_weakness(error, whose, certificate, manager, why);
		break;
	default:
		explain_rest(error, whose, manager, why);
	}
}
