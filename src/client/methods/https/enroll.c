/* SPDX-License-Identifier: ISC */
/*
 * The method of Wazuh 5: POST /wazuh-manager/enroll on port 1517, with a bearer token that proves a
 * password, token or secret.
 */
#include "client/methods/https/https-methods.h"

#include "client/config/duration.h"
#include "client/methods/enroll-token.h"
#include "client/methods/https/enroll-answer.h"
#include "client/methods/https/enroll-renewal.h"
#include "client/methods/https/enroll-trust.h"
#include "client/methods/https/wiping-memory.h"
#include "common/cleanup.h"
#include "common/enroll-jwt.h"

#include <ctype.h>
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
#define CREDENTIALS_MAX 3
#define CLOCK_TEXT_SIZE 400

/* A secret to prove. Nothing is owned. */
struct credential {
	enum enroll_secret kind;
	const char *key_id; /* null: a password */
	const void *secret;
	size_t length;
};

/* Those of this attempt, in the order in which they are tried. */
struct credentials {
	struct credential at[CREDENTIALS_MAX];
	size_t count;
	unsigned char own_secret[REENROLL_SECRET_SIZE];
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

/*
 * Without the hash of the key that is still there: it makes a manager refuse to replace the agent
 * that has this key, and the agent's own tool sends none when it is to enroll again.
 */
static int compose_body(struct enroll_session *session)
{
	const struct attempt *attempt = &session->trust->attempt;
	struct reason *why = &session->report->why;
	json_t *object = json_object();

	if (set_member(object, "name", attempt->agent.name) &&
	    set_member(object, "version", attempt->agent.version ?: OLDEST_VERSION) &&
	    set_member(object, "groups", attempt->agent.groups) &&
	    set_member(object, "ip", attempt->agent.ip))
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
	if (enrolled.secret.text[0] == '\0')
		reason_add(&report->warning,
			   "%s sent no re-enrollment secret: if it loses this agent's key, "
			   "the agent must be enrolled again manually",
			   session->manager);
	*ret = enrolled.key;
	report->reenroll_secret = enrolled.secret;
	report->anchor = take_pointer(session->trust->anchor);
	return OUTCOME_REGISTERED;
}

/* How far the manager's clock is ahead of ours, in seconds; 0: not worth mentioning, or unknown. */
static int64_t clock_ahead(const struct https_reply *reply)
{
	time_t theirs = https_reply_date(reply);
	int64_t ahead = (int64_t)theirs - (int64_t)time(NULL);

	return theirs <= 0 || (ahead > -2 && ahead < 2) ? 0 : ahead;
}

/*
 * The manager rejected the time of our token. Use the time in its response for a second attempt.
 * Returns false when that is not different.
 */
static bool set_clock_by(struct enroll_session *session, const struct https_reply *reply)
{
	if (session->clock_offset != 0)
		return false;
	session->clock_offset = clock_ahead(reply);
	return session->clock_offset != 0;
}

/* "This machine's clock is 1 d behind that of MANAGER" */
static void describe_clock(char *ret, size_t size, const struct enroll_session *session)
{
	int64_t ahead = session->clock_offset;
	char difference[DURATION_TEXT_SIZE];

	(void)snprintf(ret, size, "this machine's clock is %s %s that of %s",
		       duration_text((uint64_t)(ahead > 0 ? ahead : -ahead) * USEC_PER_SEC,
				     difference),
		       ahead > 0 ? "behind" : "ahead of", session->manager);
}

static void warn_of_clock(const struct enroll_session *session)
{
	struct reason *warning = &session->report->warning;
	const bool is_first = !warning->text[0];
	char difference[CLOCK_TEXT_SIZE];

	if (session->clock_offset == 0)
		return;
	describe_clock(difference, sizeof difference, session);
	reason_add(warning,
		   "%c%s, whose time was used to enroll; correct the clock "
		   "(timedatectl set-ntp true), otherwise the manager will ignore the agent",
		   is_first ? toupper((unsigned char)difference[0]) : difference[0],
		   difference + 1);
}

/* It refused the time of our token, and the one in its own response as well, or has none. */
static void hint_clock(char *ret, size_t size, const struct enroll_session *session,
		       const struct https_reply *reply)
{
	if (session->clock_offset != 0) {
		describe_clock(ret, size, session);
		(void)snprintf(ret + strlen(ret), size - strlen(ret),
			       " (its Date), but a request with the latter's time was refused, "
			       "too; set the clock here (timedatectl set-ntp true), and see "
			       "whether machines with other clocks answer at that address");
	} else if (https_reply_date(reply) > 0)
		(void)snprintf(ret, size,
			       "its time (Date) is this machine's, so a machine with another "
			       "clock must have judged: check the clocks behind that address");
	else
		(void)snprintf(ret, size,
			       "it sent no time (Date) to compare with: set the clock of this "
			       "machine (timedatectl set-ntp true), and check the manager's");
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

static const char wrong_password[] =
	"the password in password_file is not the one in its etc/authd.pass";
static const char wrong_token[] =
	"the token in token_file is not one of its own, or was changed: " ENROLL_TOKEN_ANOTHER;

/* The remedy, where it depends on more than the refusal; static, or in `buffer`; null: none. */
static const char *remedy(const struct enroll_session *session, const struct credential *credential,
			  const struct enroll_refusal *refusal, const struct https_reply *reply,
			  char *buffer, size_t size)
{
	const bool is_refused = refusal->is_credential && refusal->outcome == OUTCOME_REFUSED;

	if (refusal->is_stale) {
		hint_clock(buffer, size, session, reply);
		return buffer;
	}
	if (is_refused && credential && credential->kind == ENROLL_AGENT_SECRET) {
		(void)snprintf(buffer, size,
			       "it does not take the re-enrollment secret in %s any more (the "
			       "agent was removed there, the manager was built anew, or its answer "
			       "with a newer secret was lost), and there is no other credential: "
			       "set token_file or password_file in [auth] to enroll as a new agent",
			       session->trust->attempt.enroll.secret_file);
		return buffer;
	}
	if (refusal->is_wrong && credential)
		return credential->kind == ENROLL_PASSWORD ? wrong_password : wrong_token;
	return refusal->hint;
}

/* What a refusal says, and what follows from it. */
static int refuse(struct enroll_session *session, const struct credential *credential,
		  const struct enroll_refusal *refusal, const struct https_reply *reply)
{
	struct attempt_report *report = session->report;
	char buffer[512];

	reason_set_manager_message(&report->why, session->manager, refusal->text, "",
				   remedy(session, credential, refusal, reply, buffer,
					  sizeof buffer));
	report->answered = refusal->is_final;
	report->subject = refusal->subject;
	report->retry_after = https_reply_retry_after(reply);
	return (int)refusal->outcome;
}

/*
 * Request a key with one credential (null: none), and a second time if the clocks differ.
 * `ret_refusal` is written when the manager refuses.
 */
static int enroll_with(struct enroll_session *session, const struct credential *credential,
		       struct agent_key *ret, struct enroll_refusal *ret_refusal)
{
	for (;;) {
		cleanup(https_reply_wipe) struct https_reply reply = { 0 };
		cleanup(wipe_bearer) struct bearer bearer;
		char challenge[256];
		int r = compose_bearer(session, credential, &bearer);

		if (r == OUTCOME_OK)
			r = send_once(session, bearer.text, &reply);
		if (r != OUTCOME_OK)
			return r;
		if (reply.status == 200)
			return accept_answer(session, &reply, ret);
		enroll_answer_refuse(ret_refusal, reply.status,
				     https_reply_field(&reply, "WWW-Authenticate", challenge,
						       sizeof challenge),
				     reply.body, reply.length,
				     credential ? bearer.text + strlen("Bearer ") : NULL);
		if (ret_refusal->is_stale && set_clock_by(session, &reply))
			continue;
		return refuse(session, credential, ret_refusal, &reply);
	}
}

/* ------------------------------------------------------------------ the credentials */

static void wipe_credentials(struct credentials *credentials)
{
	explicit_bzero(credentials, sizeof *credentials);
}

static void add_credential(struct credentials *credentials, enum enroll_secret kind,
			   const char *key_id, const void *secret, size_t length)
{
	credentials->at[credentials->count++] = (struct credential){ kind, key_id, secret, length };
}

/* This agent's own secret first, which keeps its identity; then what makes a new agent. */
static void list_credentials(struct credentials *ret, const struct attempt *attempt)
{
	const struct enrollment_token *token = attempt->enroll.token;
	const struct reenroll_secret *own = attempt->enroll.secret;

	if (own) {
		reenroll_secret_decode(ret->own_secret, own);
		add_credential(ret, ENROLL_AGENT_SECRET, own->id, ret->own_secret,
			       sizeof ret->own_secret);
	}
	if (token && token->has_credential)
		add_credential(ret, ENROLL_TOKEN_SECRET, token->id, token->secret,
			       ENROLLMENT_SECRET_SIZE);
	if (attempt->password)
		add_credential(ret, ENROLL_PASSWORD, NULL, attempt->password,
			       strlen(attempt->password));
}

/* Said once the next one was tried, whatever has come of that. */
static void warn_of_refused(struct enroll_session *session, const struct credential *credential,
			    const struct credential *next, const struct enroll_refusal *refusal)
{
	static const char *const names[] = {
		[ENROLL_PASSWORD] = "the password",
		[ENROLL_TOKEN_SECRET] = "the enrollment token",
		[ENROLL_AGENT_SECRET] = "the re-enrollment secret in ",
	};
	const bool is_own = credential->kind == ENROLL_AGENT_SECRET;

	reason_add(&session->report->warning, "%s refused %s%s: %s; %s was tried instead",
		   session->manager, names[credential->kind],
		   is_own ? session->trust->attempt.enroll.secret_file : "", refusal->text,
		   names[next->kind]);
}

/* What the manager refuses with its last credential may be worse than with one before. */
static int choose_failure(struct attempt_report *report, int r, const struct attempt_report *soon)
{
	if (r != OUTCOME_REFUSED || !soon->is_soon)
		return r;
	report->why = soon->why;
	report->subject = soon->subject;
	report->retry_after = soon->retry_after;
	report->is_soon = true;
	return OUTCOME_BUSY;
}

/* Try each credential once, as long as it is the credential that is refused. */
static int request_key(struct enroll_session *session, struct agent_key *ret)
{
	cleanup(wipe_credentials) struct credentials credentials = { 0 };
	const struct credential *at = credentials.at;
	struct attempt_report *report = session->report, soon = { 0 };
	size_t i = 0;
	int r;

	list_credentials(&credentials, &session->trust->attempt);
	for (;;) {
		struct enroll_refusal refusal = { 0 };

		r = enroll_with(session, credentials.count > 0 ? &at[i] : NULL, ret, &refusal);
		report->is_soon = refusal.is_not_known_yet;
		if (report->is_soon)
			soon = *report;
		if (!refusal.is_credential || i + 1 >= credentials.count)
			return choose_failure(report, r, &soon);
		report->secret_refused |= at[i].kind == ENROLL_AGENT_SECRET;
		warn_of_refused(session, &at[i], &at[i + 1], &refusal);
		/* not to be said of the next one, whose answer may be lost */
		report->why = (struct reason){ 0 };
		report->answered = false;
		report->subject = REFUSED_OTHER;
		report->retry_after = 0;
		i++;
	}
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
	.renew_trust = enroll_renewal_fetch,
	.check_renewed = enroll_renewal_check,
};
