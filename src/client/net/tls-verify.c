/* SPDX-License-Identifier: ISC */
#include "client/net/tls-verify.h"

#include "client/net/tls-chain.h"
#include "common/certificate-names.h"
#include "common/escape.h"
#include "common/ip-address.h"
#include "common/setting-words.h"
#include "common/tls-pin.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

/* ------------------------------------------------------------------ verification */

bool tls_key_is_pinned(X509 *certificate, const struct string_list *pins)
{
	char pin[TLS_PIN_SIZE];

	if (tls_certificate_pin(certificate, pin) < 0)
		return false;
	for (size_t i = 0; i < pins->count; i++)
		if (strcmp(pin, pins->items[i]) == 0)
			return true;
	return false;
}

/* With a pin the dates are not checked, but worth a warning. */
static void warn_of_dates(X509 *certificate, const char *manager, struct reason *warning)
{
	char when[64];

	if (X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0) {
		tls_describe_time(X509_get0_notAfter(certificate), when, sizeof when);
		reason_set(warning,
			   "The certificate of %s expired on %s; "
			   "accepted because its key is pinned",
			   manager, when);
	} else if (X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0) {
		tls_describe_time(X509_get0_notBefore(certificate), when, sizeof when);
		reason_set(warning,
			   "The certificate of %s is not valid before %s; "
			   "accepted because its key is pinned",
			   manager, when);
	}
}

static bool is_text(const char *pattern, size_t length, const char *name)
{
	return length == strlen(name) && strncasecmp(pattern, name, length) == 0;
}

/* A wildcard that a person might think to cover the name. */
static bool is_wildcard_for(const char *pattern, size_t length, const char *name)
{
	size_t name_length = strlen(name);

	if (length == 1 && *pattern == '*')
		return true;
	return length > 2 && memcmp(pattern, "*.", 2) == 0 && name_length + 1 >= length - 1 &&
	       (is_text(pattern + 2, length - 2, name) ||
		(name_length >= length - 1 &&
		 is_text(pattern + 1, length - 1, name + name_length - (length - 1))));
}

/* Also when one looks as if it did. */
void tls_verify_explain_name(X509 *certificate, const STACK_OF(X509) * chain, const char *name,
			     const char *manager, struct reason *why)
{
	char names[512];
	bool is_address = ip_address_is_valid(name);

	certificate_describe_names(certificate, names, sizeof names);
	if (certificate_name_is_forbidden(certificate, chain, name))
		reason_set(why,
			   "The certificate of %s is valid for %s, "
			   "but a CA that issued it must not certify %s (nameConstraints); "
			   "reissue it by a CA without this constraint%s",
			   manager, names, name, tls_pin_alternative());
	else if (is_address && X509_check_host(certificate, name, 0,
					       X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL) == 1)
		reason_set(why,
			   "The certificate of %s contains %s as a DNS name, which does not count "
			   "for an IP address; reissue it with the alternative name IP:%s%s",
			   manager, name, name, tls_pin_alternative());
	else if (is_address && certificate_any_host_name(certificate, is_text, name))
		reason_set(why,
			   "The certificate of %s is valid for %s, not for %s: "
			   "an IP address as common name does not count beside alternative names; "
			   "reissue it with the alternative name IP:%s%s",
			   manager, names, name, name, setting_words(", or set verify_name"));
	else if (!is_address && certificate_any_host_name(certificate, is_wildcard_for, name))
		reason_set(why,
			   "The certificate of %s is valid for %s, not for %s: "
			   "a wildcard stands for exactly one label of letters, "
			   "digits and hyphens in front of a domain; reissue it with DNS:%s%s",
			   manager, names, name, name, setting_words(", or set verify_name"));
	else
		reason_set(why, "The certificate of %s is valid for %s, not for %s: %s", manager,
			   names, name,
			   setting_words("set address to one of its names, or set verify_name"));
}

void tls_verify_explain_pin(const char *manager, struct reason *why)
{
	reason_set(why,
		   "The key of %s does not match pin in [tls]; compare with: agent-register pin %s",
		   manager, manager);
}

int tls_verify_manager(X509_STORE_CTX *store, const struct endpoint *endpoint,
		       const struct tls_trust *trust, struct reason *why, struct reason *warning)
{
	X509 *certificate = X509_STORE_CTX_get0_cert(store);
	const STACK_OF(X509) *chain = NULL;
	const char *name = trust->verify_name ?: endpoint->host;
	bool pinned = trust->pins && trust->pins->count > 0;
	char manager[ENDPOINT_TEXT_SIZE];

	endpoint_text(endpoint, manager);
	if (!trust->verify)
		return 1;
	X509_VERIFY_PARAM_set_hostflags(X509_STORE_CTX_get0_param(store), CERTIFICATE_HOST_FLAGS);
	if (trust->ca_file && X509_verify_cert(store) != 1) {
		tls_chain_explain(store, manager, trust->ca_file, why);
		return 0;
	}
	if (pinned && !tls_key_is_pinned(certificate, trust->pins)) {
		X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_UNTRUSTED);
		tls_verify_explain_pin(manager, why);
		return 0;
	}
	if (trust->ca_file)
		chain = X509_STORE_CTX_get0_chain(store);
	if ((trust->ca_file || trust->verify_name) &&
	    !certificate_has_name(certificate, chain, name)) {
		X509_STORE_CTX_set_error(store, X509_V_ERR_HOSTNAME_MISMATCH);
		tls_verify_explain_name(certificate, chain, name, manager, why);
		return 0;
	}
	if (!trust->ca_file)
		warn_of_dates(certificate, manager, warning);
	X509_STORE_CTX_set_error(store, X509_V_OK);
	return 1;
}
