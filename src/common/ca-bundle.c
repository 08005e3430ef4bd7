/* SPDX-License-Identifier: ISC */
#include "common/ca-bundle.h"

#include "common/certificate-names.h"
#include "common/cleanup.h"
#include "common/library-memory.h"
#include "common/must-check.h"
#include "common/pem-diagnosis.h"
#include "common/tls-context.h"

#include <inttypes.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TITLE "## wazuh-ca-bundle\n"
#define GENERATION "## generation: "
#define BOUNDARY "-----BEGIN"
#define GENERATION_DIGITS 18 /* at most; Unix time has 10 */

/* ------------------------------------------------------------------ reading */

uint64_t ca_bundle_generation(const char *text, size_t length)
{
	uint64_t generation = 0;

	if (length == 0 || length > GENERATION_DIGITS)
		return 0;
	for (size_t i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return 0;
		generation = generation * 10 + (uint64_t)(text[i] - '0');
	}
	return generation;
}

static bool begins_with(const char *line, size_t length, const char *words)
{
	return length >= strlen(words) && memcmp(line, words, strlen(words)) == 0;
}

/* What is noted in front of the first certificate. */
static uint64_t noted_generation(const char *text, size_t length)
{
	while (length > 0) {
		const char *newline = memchr(text, '\n', length);
		size_t line = newline ? (size_t)(newline - text) : length, end = line;

		if (end > 0 && text[end - 1] == '\r')
			end--;
		if (begins_with(text, end, BOUNDARY))
			break;
		if (begins_with(text, end, GENERATION))
			return ca_bundle_generation(text + strlen(GENERATION),
						    end - strlen(GENERATION));
		line += newline ? 1 : 0;
		text += line;
		length -= line;
	}
	return 0;
}

/* Takes the certificate over, in any case. */
static int add(struct ca_bundle *bundle, X509 *certificate)
{
	if (!bundle->certificates)
		bundle->certificates = sk_X509_new_null();
	if (bundle->certificates && sk_X509_push(bundle->certificates, certificate) > 0)
		return 0;
	X509_free(certificate);
	return -ENOMEM;
}

/* Returns 1 with one more certificate, 0 at the end of the text, or -ENOMEM. */
static int read_next(struct ca_bundle *bundle, BIO *source)
{
	const unsigned long shortages = library_memory_shortages();
	X509 *certificate = PEM_read_bio_X509(source, NULL, NULL, NULL);
	unsigned long error = certificate ? 0 : ERR_peek_last_error();
	int r;

	if (!certificate) {
		ERR_clear_error(); /* the end of the text is one */
		bundle->is_damaged |= ERR_GET_LIB(error) != ERR_LIB_PEM ||
				      ERR_GET_REASON(error) != PEM_R_NO_START_LINE;
		return library_memory_shortages() == shortages ? 0 : -ENOMEM;
	}
	r = add(bundle, certificate);
	return r < 0 ? r : 1;
}

int ca_bundle_read(struct ca_bundle *ret, const char *text, size_t length)
{
	cleanup(release_bio) BIO *source = BIO_new_mem_buf(text, (int)length);
	cleanup(ca_bundle_clear) struct ca_bundle bundle = { 0 };
	int r = source ? 1 : -ENOMEM;

	while (r > 0)
		r = read_next(&bundle, source);
	if (r < 0)
		return r;
	bundle.is_damaged |= pem_has_more(text, length, ca_bundle_count(&bundle));
	bundle.generation = noted_generation(text, length);
	*ret = bundle;
	bundle = (struct ca_bundle){ 0 };
	return 0;
}

void ca_bundle_clear(struct ca_bundle *bundle)
{
	sk_X509_pop_free(bundle->certificates, X509_free);
	*bundle = (struct ca_bundle){ 0 };
}

/* ------------------------------------------------------------------ what is in it */

size_t ca_bundle_count(const struct ca_bundle *bundle)
{
	return bundle->certificates ? (size_t)sk_X509_num(bundle->certificates) : 0;
}

X509 *ca_bundle_at(const struct ca_bundle *bundle, size_t index)
{
	return sk_X509_value(bundle->certificates, (int)index);
}

bool ca_bundle_has(const struct ca_bundle *bundle, const X509 *certificate)
{
	for (size_t i = 0; i < ca_bundle_count(bundle); i++)
		if (X509_cmp(ca_bundle_at(bundle, i), certificate) == 0)
			return true;
	return false;
}

bool ca_bundle_has_pin(const struct ca_bundle *bundle, const char *pin)
{
	char own[TLS_PIN_SIZE];

	for (size_t i = 0; i < ca_bundle_count(bundle); i++)
		if (tls_certificate_pin(ca_bundle_at(bundle, i), own) == 0 && strcmp(own, pin) == 0)
			return true;
	return false;
}

bool ca_bundle_shares_key(const struct ca_bundle *bundle, const struct ca_bundle *other)
{
	char pin[TLS_PIN_SIZE];

	for (size_t i = 0; i < ca_bundle_count(other); i++)
		if (tls_certificate_pin(ca_bundle_at(other, i), pin) == 0 &&
		    ca_bundle_has_pin(bundle, pin))
			return true;
	return false;
}

/* A CA, or what nobody else has issued, as the certificate that a registrar has made itself. */
static bool may_be_trusted(X509 *certificate)
{
	return X509_check_ca(certificate) != 0 || X509_self_signed(certificate, 0) == 1;
}

const char *ca_bundle_fault(const struct ca_bundle *bundle)
{
	if (bundle->is_damaged)
		return "contains a certificate that cannot be read";
	if (ca_bundle_count(bundle) == 0)
		return "contains no CA certificate";
	if (ca_bundle_count(bundle) > CA_BUNDLE_MAX)
		return "contains more than 6 certificates";
	for (size_t i = 0; i < ca_bundle_count(bundle); i++)
		if (!may_be_trusted(ca_bundle_at(bundle, i)))
			return "contains a certificate that is neither of a CA nor self-signed";
	return NULL;
}

/* ------------------------------------------------------------------ writing */

static bool write_all(BIO *pem, const struct ca_bundle *bundle)
{
	if (bundle->generation > 0 &&
	    BIO_printf(pem, TITLE GENERATION "%" PRIu64 "\n", bundle->generation) <= 0)
		return false;
	for (size_t i = 0; i < ca_bundle_count(bundle); i++)
		if (PEM_write_bio_X509(pem, ca_bundle_at(bundle, i)) != 1)
			return false;
	return true;
}

char *ca_bundle_format(const struct ca_bundle *bundle)
{
	cleanup(release_bio) BIO *pem = BIO_new(BIO_s_mem());
	char *text;
	long length;

	if (!pem || !write_all(pem, bundle)) {
		ERR_clear_error();
		return NULL;
	}
	length = BIO_get_mem_data(pem, &text);
	return length > 0 ? strndup(text, (size_t)length) : strdup("");
}

void ca_describe(X509 *certificate, char ret[static CA_TEXT_SIZE])
{
	char subject[256], begin[64], end[64], pin[TLS_PIN_SIZE] = "no pin";

	certificate_describe_name(X509_get_subject_name(certificate), subject, sizeof subject);
	tls_describe_time(X509_get0_notBefore(certificate), begin, sizeof begin);
	tls_describe_time(X509_get0_notAfter(certificate), end, sizeof end);
	ignore_result(tls_certificate_pin(certificate, pin)); /* then "no pin" says so */
	(void)snprintf(
		ret, CA_TEXT_SIZE, "%s, valid from %s to %s, %s%s%s", subject, begin, end, pin,
		X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0 ? ", expired" : "",
		X509_check_ca(certificate) == 0 ? ", not of a CA" : "");
}
