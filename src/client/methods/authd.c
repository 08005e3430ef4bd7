/* SPDX-License-Identifier: ISC */
/*
 * The method of agent-auth: one line to the manager's registration service over TLS, and one line
 * back.
 */
#include "client/methods/methods.h"

#include "common/authd-message.h"
#include "common/cleanup.h"
#include "common/peer-text.h"
#include "common/setting-words.h"

#include <string.h>

/*
 * How long to wait for the rest of an error text: Wazuh 4 managers end it with the connection, not
 * with a newline.
 */
#define ERROR_GRACE_USEC (2 * USEC_PER_SEC)

/* A likely cause in a sentence. */
#define CAUSE_SIZE 256

/* ------------------------------------------------------------------ the request */

struct request_line {
	char bytes[AUTHD_REQUEST_MAX];
	size_t length;
};

static void wipe_request(struct request_line *line)
{
	explicit_bzero(line->bytes, line->length);
}

static int compose(struct request_line *line, const struct attempt *attempt, struct reason *why)
{
	const struct authd_request request = {
		.password = attempt->password,
		.name = attempt->agent.name,
		.version = attempt->agent.version,
		.groups = attempt->agent.groups,
		.ip = attempt->agent.ip,
		.key_hash = attempt->agent.key_hash,
	};
	ssize_t length = authd_request_format(line->bytes, sizeof line->bytes, &request);

	if (length > 0) {
		line->length = (size_t)length;
		return OUTCOME_OK;
	}
	line->length = sizeof line->bytes;
	reason_set(why, length == -EMSGSIZE ? "The request exceeds the 16384 bytes "
					      "that managers accept; configure fewer groups"
					    : "A configured value contains a quote or a newline, "
					      "which the protocol does not allow");
	return OUTCOME_MISCONFIGURED;
}

/* ------------------------------------------------------------------ the reply */

static const char our_certificate[] = "the certificate in certificate_file";

static int was_reset(const char *manager, const struct tls_client *client, struct reason *why)
{
	if (tls_client_sent_certificate(client))
		reason_set(why,
			   "%s reset the connection instead of responding to the request; managers "
			   "with ssl_verify_host do that if %s is not for the address of this host",
			   manager, setting_words(our_certificate));
	else
		reason_set(why,
			   "%s reset the connection instead of responding to the request; "
			   "if this happens again, check whether a load balancer "
			   "or proxy in front of it terminates TLS",
			   manager);
	return OUTCOME_BUSY;
}

/*
 * ossec-authd, which says nothing about a wrong password, has no TLS 1.3; agent-registrar in its
 * place has, and so has whatever else terminates TLS.
 */
static const char *another_cause(const struct tls_client *client)
{
	return strncmp(tls_client_version(client), "TLSv1.3", strlen("TLSv1.3")) == 0
		       ? "; or a load balancer or proxy in front of it terminates TLS"
		       : "";
}

/*
 * The connection ended without a response. ossec-authd does that if the password is wrong, but
 * without the close_notify alert; managers of Wazuh respond with a text then.
 */
static void explain_silence(const struct attempt *attempt, const struct tls_client *client,
			    const char *manager, struct reason *why)
{
	char cause[CAUSE_SIZE];
	const char *certificate = setting_words(our_certificate);
	const char *password = setting_words("the password in password_file");

	if (tls_client_lacks_certificate(client))
		(void)snprintf(cause, sizeof cause, "it requires a client certificate: %s",
			       setting_words("set certificate_file and private_key_file in [tls]"));
	else if (tls_client_sent_certificate(client) && attempt->password)
		(void)snprintf(cause, sizeof cause,
			       "either %s is wrong or not required, "
			       "or %s is not for the address of this host (ssl_verify_host)",
			       password, certificate);
	else if (tls_client_sent_certificate(client))
		(void)snprintf(cause, sizeof cause,
			       "either it requires a password, "
			       "or %s is not for the address of this host (ssl_verify_host)",
			       certificate);
	else if (tls_client_was_closed_in_order(client))
		(void)snprintf(cause, sizeof cause,
			       "managers do not close like that because of a password; check "
			       "whether a load balancer or proxy in front of it terminates TLS");
	else if (attempt->password)
		(void)snprintf(cause, sizeof cause, "usually %s is wrong, or it requires none%s",
			       password, another_cause(client));
	else
		(void)snprintf(cause, sizeof cause, "usually it requires a password: %s%s",
			       setting_words("set password_file in [auth]"), another_cause(client));
	reason_set(why, "%s closed the connection without a response; %s", manager, cause);
}

static int silent(const struct attempt *attempt, const struct tls_client *client,
		  struct reason *why)
{
	char manager[ENDPOINT_TEXT_SIZE];

	endpoint_text(attempt->manager, manager);
	if (tls_client_was_reset(client))
		return was_reset(manager, client, why);
	explain_silence(attempt, client, manager, why);
	return OUTCOME_REFUSED;
}

static const char *show(const struct attempt *attempt, char *buffer, size_t size, const char *bytes,
			size_t length)
{
	/* the beginning of the request, before as much of a password as was echoed */
	static const char prefix[] = "OSSEC PASS:";
	const char *const secrets[PEER_TEXT_SECRETS] = { attempt->password, prefix };

	return peer_text_show(buffer, size, bytes, length, secrets);
}

static int refused(const struct attempt *attempt, const struct authd_reply *reply,
		   struct attempt_report *report)
{
	char manager[ENDPOINT_TEXT_SIZE], shown[REASON_MESSAGE_SIZE];
	const char *hint, *text;
	size_t length;
	int outcome;

	text = authd_reply_text(reply, &length);
	outcome = authd_error_outcome(text, length, &hint);
	report->subject = authd_error_subject(text, length);
	reason_set_manager_message(&report->why, endpoint_text(attempt->manager, manager),
				   show(attempt, shown, sizeof shown, text, length), "", hint);
	return outcome;
}

static int accept_key(const struct attempt *attempt, const struct authd_reply *reply,
		      struct agent_key *ret, struct reason *why)
{
	char manager[ENDPOINT_TEXT_SIZE];
	size_t length;
	const char *line = authd_reply_text(reply, &length);
	enum agent_key_fault fault = agent_key_parse_received(ret, line, length);

	if (fault == AGENT_KEY_OK)
		return OUTCOME_REGISTERED;
	reason_set(why, "%s sent an invalid key: %s", endpoint_text(attempt->manager, manager),
		   agent_key_fault_text(fault));
	return OUTCOME_PROTOCOL_ERROR;
}

static int judge(const struct attempt *attempt, const struct tls_client *client,
		 const struct authd_reply *reply, struct agent_key *ret,
		 struct attempt_report *report)
{
	struct reason *why = &report->why;
	char manager[ENDPOINT_TEXT_SIZE], shown[120];

	switch (reply->state) {
	case AUTHD_REPLY_KEY:
		return accept_key(attempt, reply, ret, why);
	case AUTHD_REPLY_ERROR:
		return refused(attempt, reply, report);
	case AUTHD_REPLY_SILENT:
		return silent(attempt, client, why);
	default:
		/* The bytes may be most of a key: show them only when they do not look like one. */
		endpoint_text(attempt->manager, manager);
		if (memmem(reply->bytes, reply->length, "OSSEC K:", strlen("OSSEC K:")))
			reason_set(why,
				   "%s sent a key that is truncated, "
				   "too long or contains an invalid byte",
				   manager);
		else
			reason_set(why, "%s did not respond in the authd protocol but with: %s",
				   manager,
				   show(attempt, shown, sizeof shown, reply->bytes, reply->length));
		return OUTCOME_PROTOCOL_ERROR;
	}
}

static int timed_out(const struct attempt *attempt, const struct authd_reply *reply,
		     struct reason *why)
{
	char manager[ENDPOINT_TEXT_SIZE];

	reason_set(why,
		   reply->length ? "%s stopped in the middle of its response"
				 : "%s did not respond to the request in time",
		   endpoint_text(attempt->manager, manager));
	return OUTCOME_BUSY;
}

/* Read until the reply is complete. */
static int read_reply(const struct attempt *attempt, struct tls_client *client,
		      struct authd_reply *reply, struct reason *why)
{
	struct deadline deadline = *attempt->deadline;
	enum authd_reply_state state = AUTHD_REPLY_MORE;

	while (state == AUTHD_REPLY_MORE || state == AUTHD_REPLY_ERROR_OPEN) {
		char bytes[4096];
		size_t length = 0;
		int r = tls_client_read(client, bytes, sizeof bytes, &deadline, &length, why);

		if (r == -ETIMEDOUT && state == AUTHD_REPLY_MORE)
			return timed_out(attempt, reply, why);
		if (r == OUTCOME_OK && length > 0) {
			bool opened = state != AUTHD_REPLY_ERROR_OPEN;

			state = authd_reply_feed(reply, bytes, length);
			explicit_bzero(bytes, length);
			if (state == AUTHD_REPLY_ERROR_OPEN && opened)
				deadline = deadline_in(ERROR_GRACE_USEC, attempt->deadline);
			continue;
		}
		/* An alert after an error text changes nothing: the text is sufficient. */
		if (r != OUTCOME_OK && r != -ETIMEDOUT && (r < 0 || state == AUTHD_REPLY_MORE))
			return r;
		state = authd_reply_finish(reply);
	}
	return OUTCOME_OK;
}

/* ------------------------------------------------------------------ the conversation */

static void wipe_reply(struct authd_reply **reply)
{
	if (*reply)
		authd_reply_wipe(*reply);
	free(*reply);
}

static int converse(const struct attempt *attempt, struct tls_client *client, struct agent_key *ret,
		    struct attempt_report *report)
{
	cleanup(wipe_request) struct request_line line;
	cleanup(wipe_reply) struct authd_reply *reply = malloc(sizeof *reply);
	struct reason *why = &report->why;
	int r;

	line.length = 0;
	if (!reply)
		return reason_errno(why, ENOMEM, "Cannot read the response");
	authd_reply_init(reply);
	r = compose(&line, attempt, why);
	if (r == OUTCOME_OK)
		r = attempt_begin_step(attempt, STEP_SENDING);
	if (r == OUTCOME_OK)
		r = tls_client_write(client, line.bytes, line.length, attempt->deadline, why);
	if (r == OUTCOME_OK)
		r = attempt_begin_step(attempt, STEP_WAITING);
	if (r == OUTCOME_OK)
		r = read_reply(attempt, client, reply, why);
	if (r != OUTCOME_OK)
		return r;
	report->answered = reply->state == AUTHD_REPLY_ERROR;
	return judge(attempt, client, reply, ret, report);
}

static int authd_run(const struct attempt *attempt, struct agent_key *ret,
		     struct attempt_report *report)
{
	cleanup(release_tls_client) struct tls_client *client = NULL;
	int r = method_connect(attempt, &client, report);

	return r == OUTCOME_OK ? converse(attempt, client, ret, report) : r;
}

const struct method method_authd = { .name = "authd", .run = authd_run };
