/* SPDX-License-Identifier: ISC */
#include "client/methods/https/enroll-trust.h"

#include "client/methods/enroll-token.h"
#include "common/cleanup.h"
#include "common/library-memory.h"
#include "common/tls-context.h"
#include "common/tls-pin.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

/* The name of a token's CA in messages, which otherwise name the ca_file. */
#define CA_OF_TOKEN "the enrollment token"

/* ------------------------------------------------------------------ certificates */

/* Append the certificate to `pem`, and add it to the trusted ones of `store` (null: do not). */
static bool take_certificate(X509 *certificate, BIO *pem, X509_STORE *store)
{
	return PEM_write_bio_X509(pem, certificate) == 1 &&
	       (!store || X509_STORE_add_cert(store, certificate) == 1);
}

static char *text_of(BIO *pem)
{
	char *text;
	long length = BIO_get_mem_data(pem, &text);

	return length > 0 ? strndup(text, (size_t)length) : NULL;
}

/*
 * Extract the certificates from PEM text; with a `pin` only those with its key. They are added to
 * the trusted ones of `store` (null: not), and `*ret` is set to their PEM, owned by the caller: the
 * text may contain a key or other data as well. Returns how many were extracted, with `*ret_seen`
 * set to how many there are, or -ENOMEM.
 */
static int take_certificates(char **ret, int *ret_seen, BIO *source, const char *pin,
			     X509_STORE *store)
{
	const unsigned long shortages = library_memory_shortages();
	cleanup(release_bio) BIO *pem = BIO_new(BIO_s_mem());
	int taken = 0;

	*ret_seen = 0;
	while (pem) {
		cleanup(release_x509)
			X509 *certificate = PEM_read_bio_X509(source, NULL, NULL, NULL);
		char own_pin[TLS_PIN_SIZE];

		if (!certificate)
			break;
		++*ret_seen;
		if (pin &&
		    (tls_certificate_pin(certificate, own_pin) < 0 || strcmp(own_pin, pin) != 0))
			continue;
		if (!take_certificate(certificate, pem, store))
			return -ENOMEM;
		taken++;
	}
	ERR_clear_error();                           /* the end of the text is one */
	if (library_memory_shortages() != shortages) /* another, behind which there may be more */
		return -ENOMEM;
	*ret = pem && taken > 0 ? text_of(pem) : NULL;
	return !pem || (taken > 0 && !*ret) ? -ENOMEM : taken;
}

static int take_from_text(char **ret, int *ret_seen, const char *text, size_t length,
			  const char *pin, X509_STORE *store)
{
	cleanup(release_bio) BIO *source = BIO_new_mem_buf(text, (int)length);

	return source ? take_certificates(ret, ret_seen, source, pin, store) : -ENOMEM;
}

/* ------------------------------------------------------------------ the manager's own word */

int enroll_trust_get(struct https *session, const char *prefix, struct https_reply *ret)
{
	char path[ENDPOINT_PREFIX_SIZE + 16];
	const struct https_request request = { .method = "GET", .path = path };

	(void)snprintf(path, sizeof path, "%s%s/cacerts", *prefix ? "/" : "", prefix);
	return https_send(session, &request, ret);
}

static int no_certificates(const struct attempt *attempt, int status, struct reason *why)
{
	char manager[ENDPOINT_TEXT_SIZE];

	endpoint_text(attempt->manager, manager);
	if (status == 503 || status == 429) {
		reason_set(why,
			   "%s does not serve its CA certificate at the moment (HTTP %d): "
			   "its remote.https.ca_certificate is not the CA of its certificate, "
			   "or it is busy",
			   manager, status);
		return OUTCOME_BUSY;
	}
	reason_set(why,
		   "%s does not serve a CA certificate (HTTP %d), so the enrollment token's pin "
		   "cannot be verified: check its remote.https.ca_certificate "
		   "and prefix in [manager], or set ca_file in [tls]",
		   manager, status);
	return OUTCOME_UNTRUSTED;
}

static int judge_certificates(struct enroll_trust *trust, const struct https_reply *reply,
			      struct reason *why)
{
	X509_STORE *store = SSL_CTX_get_cert_store(trust->attempt.connection.context);
	char manager[ENDPOINT_TEXT_SIZE], pin[TLS_PIN_SIZE];
	int seen, taken;

	tls_pin_format(pin, trust->attempt.enroll.token->pin);
	taken = take_from_text(&trust->anchor, &seen, reply->body, reply->length, pin, store);
	if (taken < 0)
		return reason_errno(why, taken, "Cannot load the manager's CA");
	if (taken > 0)
		return OUTCOME_OK;
	endpoint_text(trust->attempt.manager, manager);
	if (seen == 0)
		reason_set(why,
			   "%s did not send a CA certificate; check that it is a Wazuh 5 manager",
			   manager);
	else
		reason_set(why,
			   "%s is not the manager of the enrollment token: "
			   "no CA certificate that it sent (%d) matches the token's pin; "
			   "the connection may be intercepted, or its CA was changed: "
			   "then a token is needed that was made since",
			   manager, seen);
	return OUTCOME_UNTRUSTED;
}

/* Request the certificates without verification: only the pin makes them trusted. */
static int fetch_pinned(struct enroll_trust *trust, struct attempt_report *report)
{
	static const struct tls_trust anybody = { .verify = false };
	cleanup(https_reply_wipe) struct https_reply reply = { 0 };
	cleanup(release_https) struct https *session = NULL;
	struct attempt unverified = trust->attempt;
	int r;

	unverified.connection.trust = &anybody;
	r = https_new(&session, &unverified, report);
	if (r == OUTCOME_OK)
		r = enroll_trust_get(session, trust->attempt.enroll.prefix, &reply);
	if (r == OUTCOME_OK && reply.status != 200)
		r = no_certificates(&trust->attempt, reply.status, &report->why);
	return r == OUTCOME_OK ? judge_certificates(trust, &reply, &report->why) : r;
}

/* ------------------------------------------------------------------ establishing */

static int trust_embedded(struct enroll_trust *trust, struct reason *why)
{
	const char *ca = trust->attempt.enroll.token->ca;
	int seen, taken;

	taken = take_from_text(&trust->anchor, &seen, ca, strlen(ca), NULL,
			       SSL_CTX_get_cert_store(trust->attempt.connection.context));
	if (taken < 0)
		return reason_errno(why, taken, "Cannot read the enrollment token's CA");
	if (taken > 0)
		return OUTCOME_OK;
	reason_set(why, "The CA in the enrollment token is not a certificate; %s, with --embed-ca",
		   ENROLL_TOKEN_ANOTHER);
	return OUTCOME_MISCONFIGURED;
}

/* The context has already loaded the file; this is for the agent. */
static int take_ca_file(struct enroll_trust *trust, struct reason *why)
{
	const struct attempt_enroll *enroll = &trust->attempt.enroll;
	int seen, taken = take_from_text(&trust->anchor, &seen, enroll->ca, enroll->ca_length, NULL,
					 NULL);

	if (taken > 0)
		return OUTCOME_OK;
	return reason_errno(why, taken ?: -EINVAL, "Cannot use the CA file %s",
			    trust->trust.ca_file);
}

bool enroll_trust_is_configured(const struct tls_trust *trust)
{
	return !trust->verify || trust->ca_file || (trust->pins && trust->pins->count > 0);
}

int enroll_trust_establish(struct enroll_trust *ret, const struct attempt *attempt,
			   struct attempt_report *report)
{
	int r;

	*ret = (struct enroll_trust){ .attempt = *attempt, .trust = *attempt->connection.trust };
	ret->attempt.connection.trust = &ret->trust;
	if (ret->trust.ca_file)
		return take_ca_file(ret, &report->why);
	if (enroll_trust_is_configured(&ret->trust))
		return OUTCOME_OK;
	r = attempt->enroll.token->ca ? trust_embedded(ret, &report->why)
				      : fetch_pinned(ret, report);
	ret->trust.ca_file = CA_OF_TOKEN;
	return r;
}

int enroll_trust_complete(struct enroll_trust *trust, struct https *session,
			  struct attempt_report *report)
{
	cleanup(https_reply_wipe) struct https_reply reply = { 0 };
	char manager[ENDPOINT_TEXT_SIZE];
	int seen, r;

	if (trust->anchor || !trust->trust.verify)
		return OUTCOME_OK;
	r = enroll_trust_get(session, trust->attempt.enroll.prefix, &reply);
	if (r != OUTCOME_OK)
		return r;
	if (reply.status == 200 &&
	    take_from_text(&trust->anchor, &seen, reply.body, reply.length, NULL, NULL) < 0)
		return reason_errno(&report->why, ENOMEM, "Cannot load the manager's CA");
	if (!trust->anchor)
		reason_add(&report->warning,
			   "%s does not serve a CA certificate (HTTP %d), "
			   "so none is stored for the agent; install it as etc/certs/root-ca.pem",
			   endpoint_text(trust->attempt.manager, manager), reply.status);
	return OUTCOME_OK;
}

/* ------------------------------------------------------------------ checking */

/* Is the anchor what is taken from this text: the same certificates, and nothing else? */
static int compare_anchor(const char *anchor, const char *text, size_t length, const char *pin)
{
	cleanup_free char *expected = NULL;
	int seen, taken = take_from_text(&expected, &seen, text, length, pin, NULL);

	if (taken < 0)
		return taken;
	return taken > 0 && anchor && strcmp(anchor, expected) == 0 ? 0 : -EBADMSG;
}

int enroll_trust_check_anchor(const struct attempt *attempt, const char *anchor)
{
	const struct tls_trust *trust = attempt->connection.trust;
	const struct attempt_enroll *enroll = &attempt->enroll;
	char pin[TLS_PIN_SIZE];

	if (trust->ca_file)
		return compare_anchor(anchor, enroll->ca, enroll->ca_length, NULL);
	if (enroll_trust_is_configured(trust)) {
		if (!anchor)
			return 0;
		return trust->verify ? compare_anchor(anchor, anchor, strlen(anchor), NULL)
				     : -EBADMSG;
	}
	if (enroll->token->ca)
		return compare_anchor(anchor, enroll->token->ca, strlen(enroll->token->ca), NULL);
	tls_pin_format(pin, enroll->token->pin);
	return anchor ? compare_anchor(anchor, anchor, strlen(anchor), pin) : -EBADMSG;
}

void enroll_trust_clear(struct enroll_trust *trust)
{
	free(trust->anchor);
	trust->anchor = NULL;
}
