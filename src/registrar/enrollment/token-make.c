/* SPDX-License-Identifier: ISC */
#include "registrar/enrollment/token-make.h"

#include "common/ca-bundle.h"
#include "common/cleanup.h"
#include "common/escape.h"
#include "common/library-memory.h"
#include "common/pem-file.h"
#include "common/random-bytes.h"
#include "common/tls-pin.h"
#include "registrar/net/authorities.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_TTL (30u * 86400)
#define TTL_MAX (ENROLL_TOKEN_DAYS_MAX * 86400)

/* ------------------------------------------------------------------ what is wished for */

enum token_fault token_wish_check(const struct token_wish *wish)
{
	if (!wish->address)
		return TOKEN_ADDRESS;
	if (wish->has_no_credential && (wish->ttl || wish->most || wish->description))
		return TOKEN_NOT_KEPT;
	if (wish->description && !enroll_token_description_is_valid(wish->description))
		return TOKEN_DESCRIPTION;
	return wish->ttl > TTL_MAX ? TOKEN_TTL : TOKEN_OK;
}

static enum token_fault make_address(struct enrollment_token *token, const struct token_wish *wish,
				     struct reason *why)
{
	const char *prefix = wish->prefix ?: ENROLLMENT_PREFIX;
	char shown[128];

	prefix += prefix[0] == '/';
	if (endpoint_parse(&token->manager, wish->address,
			   (uint16_t)(wish->port ?: ENROLLMENT_PORT)) < 0) {
		reason_set(why, "--address is a host name or an address, not '%s'",
			   escape_string(shown, sizeof shown, wish->address));
		return TOKEN_ADDRESS;
	}
	if (endpoint_prefix_parse(token->prefix, prefix) < 0) {
		reason_set(why, "--prefix is the beginning of a path like %s, not '%s'",
			   ENROLLMENT_PREFIX, escape_string(shown, sizeof shown, wish->prefix));
		return TOKEN_PREFIX;
	}
	return TOKEN_OK;
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

static int write_ca(struct enrollment_token *token, const struct known_cas *known)
{
	token->ca = ca_bundle_count(&known->bundle) > 0
			    ? authorities_print(&known->bundle)
			    : authorities_print_chain(known->own, known->chain);
	return token->ca ? 0 : -ENOMEM;
}

static int find_cas(struct known_cas *known, const struct token_files *files, struct reason *why)
{
	int r = read_certificates(&known->own, known->chain, files->certificate, why);

	if (r >= 0 && access(files->bundle, F_OK) == 0)
		r = authorities_read_bundle(&known->bundle, files->bundle, why);
	if (r < 0)
		return r;
	known->issuer = authorities_issuer(&known->bundle, known->own);
	if (!known->issuer) {
		ca_bundle_clear(&known->bundle);
		known->issuer = authorities_root(known->own, known->chain);
	}
	return 0;
}

/* What GET /wazuh-manager/cacerts hands out (authorities_find()). */
static int make_ca(struct enrollment_token *token, bool embeds_ca, const struct token_files *files,
		   struct reason *why)
{
	cleanup(known_cas_clear) struct known_cas known = { .chain = sk_X509_new_null() };
	const unsigned long shortages = library_memory_shortages();
	const char *path = files->certificate;
	int r = known.chain ? find_cas(&known, files, why) : no_memory(path, why);

	if (library_memory_shortages() != shortages) /* then they may be right, or there are more */
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
	r = embeds_ca ? write_ca(token, &known) : tls_certificate_digest(known.issuer, token->pin);
	return r < 0 ? no_memory(path, why) : 0;
}

/* ------------------------------------------------------------------ the credential */

/* An id that begins with a hyphen would look like an option. */
static int make_credential(struct enrollment_token *token, struct reason *why)
{
	unsigned char id[ENROLLMENT_ID_SIZE];
	char text[BASE64_SIZE(ENROLLMENT_ID_SIZE)];
	int r;

	do {
		r = random_bytes(id, sizeof id);
		if (r == 0)
			r = random_bytes(token->secret, sizeof token->secret);
		if (r < 0)
			return reason_errno(why, r, "Cannot make a secret");
		(void)base64_encode(text, BASE64_URL, id, sizeof id);
	} while (text[0] == '-');
	memcpy(token->id, text, sizeof token->id);
	token->has_credential = true;
	return 0;
}

/* ------------------------------------------------------------------ the whole */

/* -ENOMEM is this machine's fault; whatever else keeps the CA out is that of the files. */
static int make(struct enrollment_token *token, const struct token_wish *wish,
		const struct token_files *files, enum token_fault *ret_fault, struct reason *why)
{
	int r;

	*ret_fault = make_address(token, wish, why);
	if (*ret_fault != TOKEN_OK)
		return -EINVAL;
	r = make_ca(token, wish->embeds_ca, files, why);
	*ret_fault = r == -ENOMEM ? TOKEN_INTERNAL : TOKEN_NO_CA;
	if (r < 0 || wish->has_no_credential)
		return r;
	*ret_fault = TOKEN_INTERNAL;
	return make_credential(token, why);
}

int token_make(struct enrollment_token *ret, const struct token_wish *wish,
	       const struct token_files *files, enum token_fault *ret_fault, struct reason *why)
{
	cleanup(enrollment_token_wipe) struct enrollment_token token = { .ca = NULL };
	int r = make(&token, wish, files, ret_fault, why);

	if (r < 0)
		return r;
	*ret_fault = TOKEN_OK;
	*ret = token;
	token.ca = NULL;
	return 0;
}

void token_describe(struct enroll_token *ret, const struct enrollment_token *token,
		    const struct token_wish *wish, uint64_t now)
{
	*ret = (struct enroll_token){
		.created = now,
		.expires = now + (wish->ttl ?: DEFAULT_TTL),
		.most = wish->most,
	};
	memcpy(ret->id, token->id, sizeof ret->id);
	memcpy(ret->secret, token->secret, sizeof ret->secret);
	enrollment_address_format(ret->address, &token->manager, token->prefix);
	(void)snprintf(ret->description, sizeof ret->description, "%s", wish->description ?: "");
}
