/* SPDX-License-Identifier: ISC */
/*
 * The method of Wazuh 5: POST /wazuh-manager/enroll on port 1517, with a bearer token that proves a
 * password, token or secret.
 */
#include "client/methods/https/https-methods.h"

#include "client/methods/enroll-token.h"
#include "client/methods/https/enroll-answer.h"
#include "client/methods/https/enroll-trust.h"
#include "client/methods/https/wiping-memory.h"
#include "common/cleanup.h"
#include "common/enroll-jwt.h"

#include <curl/curl.h>
#include <jansson.h>
#include <openssl/rand.h>
#include <string.h>
#include <time.h>

/*
 * The oldest manager with this endpoint: every manager accepts agents that are not newer than
 * itself.
 */
#define OLDEST_VERSION "5.0.0"
#define BODY_MAX 16384

/* A secret to prove. Nothing is owned. */
struct credential {
	enum enroll_secret kind;
	const char *key_id; /* null: a password */
	const void *secret;
	size_t length;
};

/* One enrollment: what is sent over its connection, and where the results go. */
struct enroll_session {
	struct enroll_trust *trust;
	struct https *https;
	struct attempt_report *report;
	char manager[ENDPOINT_TEXT_SIZE];
	char path[ENDPOINT_PREFIX_SIZE + 16];
	char *body;
	/* how far the manager's clock is ahead of ours, in seconds; 0: not relevant */
	int64_t clock_offset;
};

/* ------------------------------------------------------------------ the request */

static void free_body(struct enroll_session *session)
{
	wiping_free(session->body);
}

static bool set_member(json_t *object, const char *name, const char *text)
{
	return !text || json_object_set_new(object, name, json_string(text)) == 0;
}

static int compose_body(struct enroll_session *session)
{
	const struct attempt *attempt = &session->trust->attempt;
	struct reason *why = &session->report->why;
	json_t *object = json_object();

	if (set_member(object, "name", attempt->agent.name) &&
	    set_member(object, "version", attempt->agent.version ?: OLDEST_VERSION) &&
	    set_member(object, "groups", attempt->agent.groups) &&
	    set_member(object, "ip", attempt->agent.ip) &&
	    set_member(object, "key_hash", attempt->agent.key_hash))
		session->body = json_dumps(object, JSON_COMPACT);
	json_decref(object);
	if (!session->body) {
		reason_set(why, "A configured value is not valid UTF-8");
		return OUTCOME_MISCONFIGURED;
	}
	if (strlen(session->body) > BODY_MAX) {
		reason_set(why, "The request exceeds the 16384 bytes that managers accept; "
				"configure fewer groups");
		return OUTCOME_MISCONFIGURED;
	}
	return OUTCOME_OK;
}

/* "Bearer JWT", or empty without a credential. */
struct bearer {
	char text[sizeof "Bearer " + ENROLL_JWT_SIZE];
};

static void wipe_bearer(struct bearer *bearer)
{
	explicit_bzero(bearer, sizeof *bearer);
}

static int compose_bearer(const struct enroll_session *session, const struct credential *credential,
			  struct bearer *ret)
{
	unsigned char key[ENROLL_KEY_SIZE], nonce[ENROLL_NONCE_SIZE];
	uint64_t now = (uint64_t)((int64_t)time(NULL) + session->clock_offset);
	int r = -EIO;

	ret->text[0] = '\0';
	if (!credential)
		return 0;
	(void)strcpy(ret->text, "Bearer ");
	if (RAND_bytes(nonce, sizeof nonce) == 1)
		r = enroll_jwt_derive(key, credential->kind, credential->secret,
				      credential->length);
	if (r == 0)
		r = enroll_jwt_sign(ret->text + strlen(ret->text), key, credential->key_id, now,
				    nonce);
	explicit_bzero(key, sizeof key);
	return r < 0 ? reason_errno(&session->report->why, r, "Cannot sign the request") : 0;
}

/* ------------------------------------------------------------------ the answer */

static int accept_answer(struct enroll_session *session, const struct https_reply *reply,
			 struct agent_key *ret)
{
	cleanup(enrolled_wipe) struct enrolled enrolled = { 0 };
	struct attempt_report *report = session->report;
	struct reason problem = { 0 };

	if (enroll_answer_accept(&enrolled, reply->body, reply->length, &problem) < 0) {
		reason_set(&report->why, "%s %s", session->manager, problem.text);
		return OUTCOME_PROTOCOL_ERROR;
	}
	if (enrolled.secret.text[0] == '\0' && !report->warning.text[0])
		reason_set(&report->warning,
			   "%s sent no re-enrollment secret: if it loses this agent's key, "
			   "the agent must be enrolled again manually",
			   session->manager);
	*ret = enrolled.key;
	report->reenroll_secret = enrolled.secret;
	report->anchor = take_pointer(session->trust->anchor);
	return OUTCOME_REGISTERED;
}

/*
 * The manager rejected the time of our token. Use the time in its response for a second attempt.
 * Returns false when that is not different.
 */
static bool set_clock_by(struct enroll_session *session, const struct https_reply *reply)
{
	char date[64];
	time_t theirs = https_reply_field(reply, "Date", date, sizeof date)
				? curl_getdate(date, NULL)
				: -1;
	int64_t offset = (int64_t)theirs - (int64_t)time(NULL);

	if (theirs <= 0 || session->clock_offset != 0 || (offset > -2 && offset < 2))
		return false;
	session->clock_offset = offset;
	return true;
}

static void warn_of_clock(const struct enroll_session *session)
{
	int64_t offset = session->clock_offset;

	if (offset != 0 && !session->report->warning.text[0])
		reason_set(&session->report->warning,
			   "This machine's clock is %lld s %s that of %s, whose time was used to "
			   "enroll; correct the clock, otherwise the manager will ignore the agent",
			   (long long)(offset > 0 ? offset : -offset),
			   offset > 0 ? "behind" : "ahead of", session->manager);
}

/* ------------------------------------------------------------------ the request */

static int send_once(struct enroll_session *session, const char *bearer, struct https_reply *ret)
{
	static const char *const fields[] = { "protocol-version: 1", NULL };
	const struct https_request request = {
		.method = "POST",
		.path = session->path,
		.authorization = *bearer ? bearer : NULL,
		.fields = fields,
		.body = session->body,
		.changes = true,
	};

	return https_send(session->https, &request, ret);
}

/*
 * Request a key with one credential (null: none), and a second time if the clocks differ.
 * `*ret_unknown` is set when the manager does not know the agent of this secret.
 */
static int enroll_with(struct enroll_session *session, const struct credential *credential,
		       struct agent_key *ret, bool *ret_unknown)
{
	for (;;) {
		cleanup(https_reply_wipe) struct https_reply reply = { 0 };
		cleanup(wipe_bearer) struct bearer bearer;
		struct enroll_refusal refusal;
		char challenge[256];
		int r = compose_bearer(session, credential, &bearer);

		if (r == OUTCOME_OK)
			r = send_once(session, bearer.text, &reply);
		if (r != OUTCOME_OK)
			return r;
		if (reply.status == 200)
			return accept_answer(session, &reply, ret);
		enroll_answer_refuse(&refusal, reply.status,
				     https_reply_field(&reply, "WWW-Authenticate", challenge,
						       sizeof challenge),
				     reply.body, reply.length,
				     credential ? bearer.text + strlen("Bearer ") : NULL);
		if (refusal.is_stale && set_clock_by(session, &reply))
			continue;
		reason_set_manager_message(&session->report->why, session->manager, refusal.text,
					   "", refusal.hint);
		session->report->answered = refusal.is_final;
		session->report->subject = refusal.subject;
		session->report->retry_after = https_reply_retry_after(&reply);
		*ret_unknown = refusal.is_unknown;
		return (int)refusal.outcome;
	}
}

/*
 * Use this agent's own secret first, which keeps its identity; then a credential for a new agent.
 */
static int request_key(struct enroll_session *session, struct agent_key *ret)
{
	const struct attempt *attempt = &session->trust->attempt;
	const struct enrollment_token *token = attempt->enroll.token;
	const struct credential by_token = { ENROLL_TOKEN_SECRET, token ? token->id : NULL,
					     token ? token->secret : NULL, ENROLLMENT_SECRET_SIZE };
	const struct credential by_password = { ENROLL_PASSWORD, NULL, attempt->password,
						attempt->password ? strlen(attempt->password) : 0 };
	const struct credential *credential = token && token->has_credential ? &by_token
					      : attempt->password            ? &by_password
									     : NULL;
	bool is_unknown = false;

	if (attempt->enroll.secret) {
		unsigned char secret[REENROLL_SECRET_SIZE];
		const struct credential by_secret = { ENROLL_AGENT_SECRET,
						      attempt->enroll.secret->id, secret,
						      sizeof secret };
		int r;

		reenroll_secret_decode(secret, attempt->enroll.secret);
		r = enroll_with(session, &by_secret, ret, &is_unknown);
		explicit_bzero(secret, sizeof secret);
		if (!is_unknown || !credential)
			return r;
	}
	return enroll_with(session, credential, ret, &is_unknown);
}

static int enroll_run(const struct attempt *attempt, struct agent_key *ret,
		      struct attempt_report *report)
{
	cleanup(enroll_trust_clear) struct enroll_trust trust = { 0 };
	cleanup(release_https) struct https *https = NULL;
	cleanup(free_body) struct enroll_session session = { .trust = &trust, .report = report };
	int r = enroll_trust_establish(&trust, attempt, report);

	endpoint_text(attempt->manager, session.manager);
	(void)snprintf(session.path, sizeof session.path, "%s%s/enroll",
		       *attempt->enroll.prefix ? "/" : "", attempt->enroll.prefix);
	if (r == OUTCOME_OK)
		r = https_new(&https, &trust.attempt, report);
	session.https = https;
	if (r == OUTCOME_OK)
		r = https_connect(https);
	if (r == OUTCOME_OK)
		r = compose_body(&session);
	if (r == OUTCOME_OK)
		r = enroll_trust_complete(&trust, https, report);
	if (r == OUTCOME_OK)
		r = request_key(&session, ret);
	if (r == OUTCOME_REGISTERED)
		warn_of_clock(&session);
	return r;
}

static int enroll_parse_token(struct enrollment_token *ret, const struct secret *token,
			      struct reason *why)
{
	return enrollment_token_parse(ret, token->text, token->length, why);
}

static int enroll_fetch_ca(const struct attempt *attempt, struct attempt_report *report)
{
	cleanup(enroll_trust_clear) struct enroll_trust trust = { 0 };

	return enroll_trust_establish(&trust, attempt, report);
}

const struct method method_enroll = {
	.name = "enroll",
	.run = enroll_run,
	.parse_token = enroll_parse_token,
	.fetch_ca = enroll_fetch_ca,
	.check_anchor = enroll_trust_check_anchor,
};
