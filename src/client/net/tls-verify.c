/* SPDX-License-Identifier: ISC */
#include "client/net/tls-verify.h"

#include "client/net/tls-chain.h"
#include "common/escape.h"
#include "common/setting-words.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

/* ------------------------------------------------------------------ describing */

/* Append "LABELtext", escaped, with a separator. */
static void append_name(char *buffer, size_t size, const char *label, const void *text,
			size_t length)
{
	size_t used = strlen(buffer);
	char shown[256];

	(void)snprintf(buffer + used, size - used, "%s%s%s", used ? ", " : "", label,
		       escape_bytes(shown, sizeof shown, text, length));
}

static void append_address(char *buffer, size_t size, const ASN1_OCTET_STRING *address)
{
	int length = ASN1_STRING_length(address);
	char text[INET6_ADDRSTRLEN] = "?";

	if (length == 4 || length == 16)
		(void)inet_ntop(length == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(address),
				text, sizeof text);
	append_name(buffer, size, "IP:", text, strlen(text));
}

void tls_certificate_describe_names(X509 *certificate, char *buffer, size_t size)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	const X509_NAME *subject = X509_get_subject_name(certificate);

	buffer[0] = '\0';
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type == GEN_DNS)
			append_name(buffer, size, "DNS:", ASN1_STRING_get0_data(name->d.dNSName),
				    (size_t)ASN1_STRING_length(name->d.dNSName));
		else if (name->type == GEN_IPADD)
			append_address(buffer, size, name->d.iPAddress);
	}
	GENERAL_NAMES_free(names);

	for (int i = -1; (i = X509_NAME_get_index_by_NID(subject, NID_commonName, i)) >= 0;) {
		const ASN1_STRING *text = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, i));

		append_name(buffer, size, "CN=", ASN1_STRING_get0_data(text),
			    (size_t)ASN1_STRING_length(text));
	}
	if (buffer[0] == '\0')
		(void)snprintf(buffer, size, "no name");
}

/* ------------------------------------------------------------------ the name rule */

/*
 * Call `matches` with the DNS alternative names and the common names of a certificate until it says
 * yes. Returns whether it did.
 */
static bool any_dns_name(X509 *certificate,
			 bool (*matches)(const char *pattern, size_t length, const char *name),
			 const char *name)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	const X509_NAME *subject = X509_get_subject_name(certificate);
	bool found = false;

	for (int i = 0; !found && i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *each = sk_GENERAL_NAME_value(names, i);

		found = each->type == GEN_DNS &&
			matches((const char *)ASN1_STRING_get0_data(each->d.dNSName),
				(size_t)ASN1_STRING_length(each->d.dNSName), name);
	}
	GENERAL_NAMES_free(names);
	for (int i = -1;
	     !found && (i = X509_NAME_get_index_by_NID(subject, NID_commonName, i)) >= 0;) {
		const ASN1_STRING *text = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, i));

		found = matches((const char *)ASN1_STRING_get0_data(text),
				(size_t)ASN1_STRING_length(text), name);
	}
	return found;
}

static bool is_text(const char *pattern, size_t length, const char *name)
{
	return length == strlen(name) && strncasecmp(pattern, name, length) == 0;
}

/*
 * What agent-auth accepts beyond OpenSSL: a name with the dot of the root domain, and a wildcard in
 * front of one label ("*.lan"), which stands for one label of letters, digits and hyphens.
 */
static bool is_agent_auth_form(const char *pattern, size_t length, const char *name)
{
	size_t first = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "-");

	if (length > 1 && pattern[length - 1] == '.')
		length--;
	if (length < 3 || memcmp(pattern, "*.", 2) != 0)
		return is_text(pattern, length, name);
	return first > 0 && name[first] == '.' && !memchr(pattern + 2, '.', length - 2) &&
	       is_text(pattern + 1, length - 1, name + first);
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

bool tls_certificate_names(X509 *certificate, const char *name)
{
	const unsigned int host_flags = X509_CHECK_FLAG_ALWAYS_CHECK_SUBJECT |
					X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS;
	char address[256];
	size_t length = strcspn(name, "%"); /* a certificate contains no zone ... */
	struct in6_addr scratch;

	if (length >= sizeof address)
		return false;
	memcpy(address, name, length);
	address[length] = '\0';
	if (length > 0 && address[length - 1] == '.')
		address[--length] = '\0'; /* ... and no root domain */
	if (inet_pton(AF_INET, address, &scratch) != 1 &&
	    inet_pton(AF_INET6, address, &scratch) != 1)
		/* With a leading dot OpenSSL would accept every name below the domain. */
		return address[0] != '.' &&
		       (X509_check_host(certificate, address, 0, host_flags, NULL) == 1 ||
			any_dns_name(certificate, is_agent_auth_form, address));
	if (X509_check_ip_asc(certificate, address, 0) == 1)
		return true;

	/* An IP literal as common name, as accepted by agent-auth: the text must be equal. */
	const X509_NAME *subject = X509_get_subject_name(certificate);

	for (int i = -1; (i = X509_NAME_get_index_by_NID(subject, NID_commonName, i)) >= 0;) {
		const ASN1_STRING *text = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, i));

		if ((size_t)ASN1_STRING_length(text) == length &&
		    strncasecmp((const char *)ASN1_STRING_get0_data(text), address, length) == 0)
			return true;
	}
	return false;
}

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
			   "The certificate of %s expired on %s; accepted because its key is "
			   "pinned",
			   manager, when);
	} else if (X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0) {
		tls_describe_time(X509_get0_notBefore(certificate), when, sizeof when);
		reason_set(warning,
			   "The certificate of %s is not valid before %s; accepted because its key "
			   "is pinned",
			   manager, when);
	}
}

/* None of the certificate's names counts: say why, also when one looks as if it did. */
static void explain_names(X509 *certificate, const char *name, const char *manager,
			  struct reason *why)
{
	char names[512];
	struct in6_addr scratch;
	bool is_address = inet_pton(AF_INET, name, &scratch) == 1 ||
			  inet_pton(AF_INET6, name, &scratch) == 1;

	tls_certificate_describe_names(certificate, names, sizeof names);
	if (is_address && any_dns_name(certificate, is_text, name))
		reason_set(why,
			   "The certificate of %s contains %s as a DNS name, which does not count "
			   "for an IP address; reissue it with the alternative name IP:%s%s",
			   manager, name, name, tls_pin_alternative());
	else if (!is_address && any_dns_name(certificate, is_wildcard_for, name))
		reason_set(why,
			   "The certificate of %s is valid for %s, not for %s: a wildcard stands "
			   "for exactly one label of letters, digits and hyphens in front of a "
			   "domain; reissue it with DNS:%s%s",
			   manager, names, name, name, setting_words(", or set verify_name"));
	else
		reason_set(why, "The certificate of %s is valid for %s, not for %s: %s", manager,
			   names, name,
			   setting_words("set address to one of its names, or set verify_name"));
}

int tls_verify_manager(X509_STORE_CTX *store, const struct endpoint *endpoint,
		       const struct tls_trust *trust, struct reason *why, struct reason *warning)
{
	X509 *certificate = X509_STORE_CTX_get0_cert(store);
	const char *name = trust->verify_name ?: endpoint->host;
	bool pinned = trust->pins && trust->pins->count > 0;
	char manager[ENDPOINT_TEXT_SIZE];

	endpoint_text(endpoint, manager);
	if (!trust->verify)
		return 1;
	if (trust->ca_file && X509_verify_cert(store) != 1) {
		tls_chain_explain(store, manager, trust->ca_file, why);
		return 0;
	}
	if (pinned && !tls_key_is_pinned(certificate, trust->pins)) {
		X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_UNTRUSTED);
		reason_set(why,
			   "The key of %s does not match pin in [tls]; compare with: "
			   "agent-register pin %s",
			   manager, manager);
		return 0;
	}
	if ((trust->ca_file || trust->verify_name) && !tls_certificate_names(certificate, name)) {
		X509_STORE_CTX_set_error(store, X509_V_ERR_HOSTNAME_MISMATCH);
		explain_names(certificate, name, manager, why);
		return 0;
	}
	if (!trust->ca_file)
		warn_of_dates(certificate, manager, warning);
	X509_STORE_CTX_set_error(store, X509_V_OK);
	return 1;
}
