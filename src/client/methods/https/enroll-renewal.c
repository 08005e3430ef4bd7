/* SPDX-License-Identifier: ISC */
#include "client/methods/https/enroll-renewal.h"

#include "client/methods/https/enroll-trust.h"
#include "common/ca-bundle.h"
#include "common/cleanup.h"
#include "common/library-memory.h"

#include <errno.h>
#include <string.h>

/* The name of what the manager hands out in messages, which otherwise name the ca_file. */
#define HANDED_OUT "the CA certificates that it hands out"

/* ------------------------------------------------------------------ what is trusted already */

/* Has one of the certificates a key that is trusted? Returns 1, 0 or -ENOMEM. */
static int is_known(const struct attempt *attempt, const struct ca_bundle *bundle)
{
	const struct attempt_enroll *enroll = &attempt->enroll;
	cleanup(ca_bundle_clear) struct ca_bundle trusted = { 0 };
	char pin[TLS_PIN_SIZE];
	int r;

	if (attempt->connection.trust->ca_file) {
		r = ca_bundle_read(&trusted, enroll->ca, enroll->ca_length);
	} else if (enroll_trust_is_configured(attempt->connection.trust)) {
		return 1; /* a pin in the configuration is of the manager's own key */
	} else if (enroll->token->ca) {
		r = ca_bundle_read(&trusted, enroll->token->ca, strlen(enroll->token->ca));
	} else {
		tls_pin_format(pin, enroll->token->pin);
		return ca_bundle_has_pin(bundle, pin);
	}
	return r < 0 ? r : ca_bundle_shares_key(bundle, &trusted);
}

static int check(const struct attempt *attempt, const char *anchor)
{
	cleanup(ca_bundle_clear) struct ca_bundle bundle = { 0 };
	cleanup_free char *expected = NULL;
	int r;

	if (!anchor || !attempt->connection.trust->verify)
		return -EBADMSG;
	r = ca_bundle_read(&bundle, anchor, strlen(anchor));
	if (r < 0)
		return r;
	if (ca_bundle_fault(&bundle))
		return -EBADMSG;
	expected = ca_bundle_format(&bundle);
	if (!expected)
		return -ENOMEM;
	if (strcmp(anchor, expected) != 0)
		return -EBADMSG; /* something else is in it */
	r = is_known(attempt, &bundle);
	return r < 0 ? r : r > 0 ? 0 : -EBADMSG;
}

/* Without memory, OpenSSL takes a CA for none, and a key for another one. */
int enroll_renewal_check(const struct attempt *attempt, const char *anchor)
{
	int r = check(attempt, anchor);

	return r == -EBADMSG && library_memory_was_short() ? -ENOMEM : r;
}

/* ------------------------------------------------------------------ the manager's answer */

static int not_served(const struct attempt *attempt, int status, struct reason *why)
{
	char manager[ENDPOINT_TEXT_SIZE];

	endpoint_text(attempt->manager, manager);
	if (status == 503 || status == 429) {
		reason_set(why,
			   "%s does not serve its CA certificates at the moment (HTTP %d): its "
			   "certificate was not issued by one of them, or it is busy",
			   manager, status);
		return OUTCOME_BUSY;
	}
	reason_set(
		why,
		"%s does not serve its CA certificates (HTTP %d): check prefix in [manager], and "
		"the manager's remote.https.ca_certificate",
		manager, status);
	return OUTCOME_PROTOCOL_ERROR;
}

static int judge(struct ca_bundle *ret, const struct attempt *attempt,
		 const struct https_reply *reply, struct reason *why)
{
	char manager[ENDPOINT_TEXT_SIZE], generation[32] = "";
	const char *fault;
	int r = ca_bundle_read(ret, reply->body, reply->length);

	if (r < 0)
		return reason_errno(why, r, "Cannot load the manager's CA");
	endpoint_text(attempt->manager, manager);
	fault = ca_bundle_fault(ret);
	if (fault) {
		reason_set(why, "What %s hands out as its CA certificates %s", manager, fault);
		return OUTCOME_PROTOCOL_ERROR;
	}
	r = is_known(attempt, ret);
	if (r < 0)
		return reason_errno(why, r, "Cannot compare the manager's CA");
	if (r == 0) {
		reason_set(why,
			   "%s hands out no CA certificate that is trusted already: during a "
			   "change of its CA it must hand out the old one as well; otherwise a new "
			   "enrollment token or ca_file in [tls] has to name the new one",
			   manager);
		return OUTCOME_UNTRUSTED;
	}
	if (https_reply_field(reply, "Wazuh-CA-Generation", generation, sizeof generation))
		ret->generation = ca_bundle_generation(generation, strlen(generation));
	return OUTCOME_OK;
}

/* `verified` is the attempt with what the manager is verified by. */
static int fetch(struct ca_bundle *ret, const struct attempt *attempt,
		 const struct attempt *verified, struct attempt_report *report)
{
	cleanup(https_reply_wipe) struct https_reply reply = { 0 };
	cleanup(release_https) struct https *session = NULL;
	int r = https_new(&session, verified, report);

	if (r == OUTCOME_OK)
		r = enroll_trust_get(session, attempt->enroll.prefix, &reply);
	if (r != OUTCOME_OK)
		return r;
	return reply.status == 200 ? judge(ret, attempt, &reply, &report->why)
				   : not_served(attempt, reply.status, &report->why);
}

/* ------------------------------------------------------------------ verifying by it alone */

static X509_STORE *store_of(const struct ca_bundle *bundle)
{
	X509_STORE *store = X509_STORE_new();

	for (size_t i = 0; store && i < ca_bundle_count(bundle); i++) {
		if (X509_STORE_add_cert(store, ca_bundle_at(bundle, i)) != 1) {
			X509_STORE_free(store);
			return NULL;
		}
	}
	if (store) /* as in every context of ours (tls-context.c) */
		(void)X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
	return store;
}

/* As the agent will: what it would not reach its manager with takes no place. */
static int verify_with(struct enroll_trust *trust, const struct ca_bundle *bundle,
		       struct attempt_report *report)
{
	cleanup(release_tls_client) struct tls_client *client = NULL;
	X509_STORE *store = store_of(bundle);

	if (!store)
		return reason_errno(&report->why, ENOMEM, "Cannot load the manager's CA");
	SSL_CTX_set_cert_store(trust->attempt.connection.context, store); /* takes it over */
	trust->trust.ca_file = HANDED_OUT;
	return method_connect(&trust->attempt, &client, report);
}

int enroll_renewal_fetch(const struct attempt *attempt, struct attempt_report *report)
{
	cleanup(enroll_trust_clear) struct enroll_trust trust = { 0 };
	cleanup(ca_bundle_clear) struct ca_bundle bundle = { 0 };
	int r = enroll_trust_establish(&trust, attempt, report);

	if (r == OUTCOME_OK)
		r = fetch(&bundle, attempt, &trust.attempt, report);
	if (r == OUTCOME_OK)
		r = verify_with(&trust, &bundle, report);
	if (r != OUTCOME_OK)
		return r;
	report->anchor = ca_bundle_format(&bundle);
	return report->anchor ? OUTCOME_OK
			      : reason_errno(&report->why, ENOMEM, "Cannot keep the manager's CA");
}
