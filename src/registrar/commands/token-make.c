/* SPDX-License-Identifier: ISC */
#include "registrar/commands/token-make.h"

#include "common/ca-bundle.h"
#include "common/cleanup.h"
#include "common/escape.h"
#include "common/library-memory.h"
#include "common/pem-file.h"
#include "common/tls-context.h"
#include "common/tls-pin.h"
#include "registrar/commands/init-files.h"
#include "registrar/net/authorities.h"
#include "registrar/net/certificate.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

/* ------------------------------------------------------------------ the address */

static int make_address(struct enrollment_token *token, const struct token_options *options,
			struct reason *why)
{
	const char *prefix = options->prefix ?: ENROLLMENT_PREFIX;
	char shown[128];

	prefix += prefix[0] == '/';
	if (endpoint_parse(&token->manager, options->address,
			   (uint16_t)(options->port ?: ENROLLMENT_PORT)) < 0) {
		reason_set(why, "--address is a host name or an address, not '%s'",
			   escape_string(shown, sizeof shown, options->address));
		return -EINVAL;
	}
	if (endpoint_prefix_parse(token->prefix, prefix) < 0) {
		reason_set(why, "--prefix is the beginning of a path like %s, not '%s'",
			   ENROLLMENT_PREFIX, escape_string(shown, sizeof shown, options->prefix));
		return -EINVAL;
	}
	return 0;
}

/* ------------------------------------------------------------------ the CA */

static int no_memory(const char *path, struct reason *why)
{
	return reason_errno(why, ENOMEM, "Cannot read the certificate file %s", path);
}

/* The certificate and its chain, as they are sent to clients. */
static int read_certificates(X509 **ret_own, STACK_OF(X509) * chain, const char *path,
			     struct reason *why)
{
	const struct pem_subject subject = { "certificate file", path, PEM_CERTIFICATE };
	cleanup(pem_file_close) struct pem_file file = { 0 };
	X509 *certificate;
	int r = pem_file_open(&file, &subject, why);

	if (r < 0)
		return r;
	*ret_own = PEM_read_bio_X509_AUX(file.bio, NULL, NULL, NULL);
	if (!*ret_own)
		return pem_file_refuse(&file, why);
	while ((certificate = PEM_read_bio_X509(file.bio, NULL, NULL, NULL)))
		if (sk_X509_push(chain, certificate) <= 0) {
			X509_free(certificate);
			return no_memory(path, why);
		}
	ERR_clear_error(); /* the end of the file is one */
	return 0;
}

/* The CAs that are handed out, and the one that has issued the certificate. */
struct known_cas {
	X509 *own; /* the certificate */
	STACK_OF(X509) * chain;
	struct ca_bundle bundle; /* the registrar's own; empty: those of the certificate's file */
	X509 *issuer;            /* null: there are none */
};

static void known_cas_clear(struct known_cas *known)
{
	X509_free(known->own);
	sk_X509_pop_free(known->chain, X509_free);
	ca_bundle_clear(&known->bundle);
}

/* While a CA is being changed there are two, of which the certificate has one. */
static X509 *find_issuer(const struct ca_bundle *bundle, X509 *certificate)
{
	for (size_t i = 0; i < ca_bundle_count(bundle); i++)
		if (certificate_is_issued_by(certificate, ca_bundle_at(bundle, i)))
			return ca_bundle_at(bundle, i);
	return NULL;
}

static bool write_bundle(BIO *pem, const struct ca_bundle *bundle)
{
	for (size_t i = 0; i < ca_bundle_count(bundle); i++)
		if (PEM_write_bio_X509(pem, ca_bundle_at(bundle, i)) != 1)
			return false;
	return true;
}

static int write_ca(struct enrollment_token *token, const struct known_cas *known)
{
	cleanup(release_bio) BIO *pem = BIO_new(BIO_s_mem());
	bool has_bundle = ca_bundle_count(&known->bundle) > 0;
	char *text;
	long length;

	if (!pem || !(has_bundle ? write_bundle(pem, &known->bundle)
				 : authorities_write(pem, known->own, known->chain)))
		return -ENOMEM;
	length = BIO_get_mem_data(pem, &text);
	token->ca = strndup(text, (size_t)length);
	return token->ca ? 0 : -ENOMEM;
}

static int find_cas(struct known_cas *known, const struct options *options, struct reason *why)
{
	const char *bundle = options->paths.ca_file;
	int r = read_certificates(&known->own, known->chain, options->tls.certificate_file, why);

	if (r >= 0 && access(bundle, F_OK) == 0)
		r = init_read_certificates(&known->bundle, bundle, why);
	if (r < 0)
		return r;
	known->issuer = find_issuer(&known->bundle, known->own);
	if (!known->issuer) {
		ca_bundle_clear(&known->bundle);
		known->issuer = authorities_root(known->own, known->chain);
	}
	return 0;
}

/* What GET /wazuh-manager/cacerts hands out (authorities_find()). */
static int make_ca(struct enrollment_token *token, const struct options *options,
		   struct reason *why)
{
	cleanup(known_cas_clear) struct known_cas known = { .chain = sk_X509_new_null() };
	const char *path = options->tls.certificate_file;
	int r = known.chain ? find_cas(&known, options, why) : no_memory(path, why);

	if (library_memory_was_short()) /* then they may be right, or more than were read */
		return no_memory(path, why);
	if (r < 0)
		return r;
	if (!known.issuer) {
		reason_set(why,
			   "%s holds no CA that agents could know this manager by: append the "
			   "certificate of the CA that has issued the one in it",
			   path);
		return -EINVAL;
	}
	if (options->token.embeds_ca)
		r = write_ca(token, &known);
	else
		r = tls_certificate_digest(known.issuer, token->pin);
	return r < 0 ? no_memory(path, why) : 0;
}

/* ------------------------------------------------------------------ the credential */

/* An id that begins with a hyphen would look like an option. */
static int make_credential(struct enrollment_token *token, struct reason *why)
{
	unsigned char id[ENROLLMENT_ID_SIZE];
	char text[BASE64_SIZE(ENROLLMENT_ID_SIZE)];

	do {
		if (getrandom(id, sizeof id, 0) != sizeof id ||
		    getrandom(token->secret, sizeof token->secret, 0) != sizeof token->secret)
			return reason_errno(why, errno, "Cannot make a secret");
		(void)base64_encode(text, BASE64_URL, id, sizeof id);
	} while (text[0] == '-');
	memcpy(token->id, text, sizeof token->id);
	token->has_credential = true;
	return 0;
}

int token_make(struct enrollment_token *ret, const struct options *options, struct reason *why)
{
	cleanup(enrollment_token_wipe) struct enrollment_token token = { .ca = NULL };
	int r = make_address(&token, &options->token, why);

	if (r >= 0)
		r = make_ca(&token, options, why);
	if (r >= 0 && !options->token.has_no_credential)
		r = make_credential(&token, why);
	if (r < 0)
		return r;
	*ret = token;
	token.ca = NULL;
	return 0;
}
