/* SPDX-License-Identifier: ISC */
#include "common/certificate-names.h"

#include "common/escape.h"
#include "common/ip-address.h"
#include "common/name-constraints.h"
#include "common/tls-context.h"

#include <arpa/inet.h>
#include <openssl/x509v3.h>
#include <string.h>

#define NAME_SIZE 256

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

const char *certificate_describe_name(const X509_NAME *name, char *buffer, size_t size)
{
	cleanup(release_bio) BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	long length;

	(void)snprintf(buffer, size, "?");
	if (!bio || X509_NAME_print_ex(bio, name, 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB) < 0)
		return buffer;
	length = BIO_get_mem_data(bio, &text);
	return escape_bytes(buffer, size, text, (size_t)length);
}

void certificate_describe_names(X509 *certificate, char *buffer, size_t size)
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

bool certificate_any_host_name(X509 *certificate, certificate_name_matcher *matches,
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
 * front of one label ("*.lan"), which stands for one label of letters, digits and hyphens. The name
 * does not begin with a dot.
 */
static bool is_agent_auth_form(const char *pattern, size_t length, const char *name)
{
	size_t first = strspn(name,
			      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");

	if (length > 1 && pattern[length - 1] == '.')
		length--;
	if (length < 3 || memcmp(pattern, "*.", 2) != 0)
		return is_text(pattern, length, name);
	return name[first] == '.' && !memchr(pattern + 2, '.', length - 2) &&
	       is_text(pattern + 1, length - 1, name + first);
}

/*
 * An IP literal as common name, as agent-auth accepts it: the text must be equal. OpenSSL does not
 * hold it to the constraints of a CA, so it counts only where nobody has set any, and where there
 * are no alternative names.
 */
static bool has_address_as_common_name(X509 *certificate, const STACK_OF(X509) * chain,
				       const char *address)
{
	const X509_NAME *subject = X509_get_subject_name(certificate);

	if (X509_get_ext_by_NID(certificate, NID_subject_alt_name, -1) >= 0 ||
	    name_constraints_limit_addresses(chain))
		return false;
	for (int i = -1; (i = X509_NAME_get_index_by_NID(subject, NID_commonName, i)) >= 0;) {
		const ASN1_STRING *text = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, i));

		if (is_text((const char *)ASN1_STRING_get0_data(text),
			    (size_t)ASN1_STRING_length(text), address))
			return true;
	}
	return false;
}

static bool has_name(X509 *certificate, const STACK_OF(X509) * chain, const char *name)
{
	if (ip_address_is_valid(name))
		return X509_check_ip_asc(certificate, name, 0) == 1 ||
		       has_address_as_common_name(certificate, chain, name);
	/* With a leading dot OpenSSL would accept every name below the domain. */
	return name[0] != '.' &&
	       (X509_check_host(certificate, name, 0, CERTIFICATE_HOST_FLAGS, NULL) == 1 ||
		certificate_any_host_name(certificate, is_agent_auth_form, name));
}

/* A certificate contains no zone of an IPv6 address, and no dot of the root domain. */
static bool canonical_name(char ret[static NAME_SIZE], const char *name)
{
	size_t length = strcspn(name, "%");

	if (length >= NAME_SIZE)
		return false;
	memcpy(ret, name, length);
	ret[length] = '\0';
	if (length > 0 && ret[length - 1] == '.')
		ret[length - 1] = '\0';
	return true;
}

bool certificate_has_name(X509 *certificate, const STACK_OF(X509) * chain, const char *name)
{
	char canonical[NAME_SIZE];

	return canonical_name(canonical, name) && has_name(certificate, chain, canonical) &&
	       name_constraints_allow(chain, canonical);
}

bool certificate_name_is_forbidden(X509 *certificate, const STACK_OF(X509) * chain,
				   const char *name)
{
	char canonical[NAME_SIZE];

	return canonical_name(canonical, name) && has_name(certificate, NULL, canonical) &&
	       !certificate_has_name(certificate, chain, canonical);
}
