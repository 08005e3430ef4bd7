/* SPDX-License-Identifier: ISC */
#include "client/methods/https/api-session.h"

#include "client/methods/https/wiping-memory.h"
#include "common/base64.h"
#include "common/cleanup.h"
#include "common/peer-text.h"

#include <string.h>

/* Of Wazuh 5, the second is in no role but that of administrators. */
#define API_RIGHT_KEY "agent:read, and with Wazuh 5 agent:read_secrets as well"

void release_wiped(char **text)
{
	wiping_free(*text);
}

static int out_of_memory(struct api_session *session)
{
	return reason_errno(&session->report->why, ENOMEM, "Cannot compose the request to %s",
			    session->manager);
}

/* ------------------------------------------------------------------ what a refusal says */

static const char *show(const struct api_session *session, const struct api_reply *reply,
			char *buffer, size_t size)
{
	const char *authorization = session->authorization;
	const char *const secrets[PEER_TEXT_SECRETS] = {
		session->attempt->password, authorization ? strchr(authorization, ' ') + 1 : NULL
	};

	return peer_text_show(buffer, size, reply->text, reply->length, secrets);
}

int api_session_refused(struct api_session *session, const struct api_reply *reply)
{
	struct attempt_report *report = session->report;
	const char *hint;
	char code[32] = "", status[64], shown[REASON_MESSAGE_SIZE], right[256];
	enum outcome outcome = api_reply_outcome(reply, &hint);

	session->lacks_right = reply->code == API_NO_PERMISSION && session->right;
	if (session->lacks_right) {
		(void)snprintf(right, sizeof right,
			       "grant the role of api_user %s; "
			       "see REGISTERING BY THE API in agent-register(8)",
			       session->right);
		hint = right;
	}
	report->subject = api_reply_subject(reply);
	if (reply->code > 0)
		(void)snprintf(code, sizeof code, ", error %lld", reply->code);
	(void)snprintf(status, sizeof status, " (HTTP status %d%s)", reply->status, code);
	if (reply->text)
		reason_set_manager_message(&report->why, session->manager,
					   show(session, reply, shown, sizeof shown), status, hint);
	else
		reason_set(&report->why,
			   "%s returned HTTP status %d%s, "
			   "but not in the format of the Wazuh API%s%s",
			   session->manager, reply->status, code, hint ? " -- " : "", hint ?: "");
	return outcome;
}

/* ------------------------------------------------------------------ calling */

int api_session_call(struct api_session *session, const struct api_call *call,
		     struct api_reply *ret)
{
	const struct https_request request = {
		.method = call->method,
		.path = call->path,
		.authorization = session->authorization,
		.body = call->body,
		.changes = call->changes,
	};
	cleanup(https_reply_wipe) struct https_reply reply = { 0 };
	int r = https_send(session->https, &request, &reply);

	session->right = call->right;
	if (r != OUTCOME_OK)
		return r;
	api_reply_parse(ret, reply.status, reply.body, reply.length);
	session->report->retry_after = https_reply_retry_after(&reply);
	session->date = https_reply_date(&reply);
	return OUTCOME_OK;
}

int api_session_key(struct api_session *session, const char *id, struct agent_key *ret,
		    bool *ret_exists)
{
	cleanup(api_reply_clear) struct api_reply reply = { 0 };
	const char *base64, *fault;
	char path[64];
	int r;

	(void)snprintf(path, sizeof path, "/agents/%.*s/key", AGENT_ID_MAX, id);
	r = api_session_call(session, &(struct api_call){ "GET", path, .right = API_RIGHT_KEY },
			     &reply);
	if (r != OUTCOME_OK)
		return r;
	*ret_exists = reply.code != API_NO_SUCH_AGENT;
	if (!*ret_exists)
		return OUTCOME_OK;
	if (!api_reply_is_success(&reply))
		return api_session_refused(session, &reply);
	base64 = session->is_version_3
			 ? json_string_value(json_object_get(reply.root, "data"))
			 : json_string_value(json_object_get(api_reply_item(&reply), "key"));
	fault = base64 ? api_key_parse(ret, base64) : "it is missing";
	if (!fault)
		return OUTCOME_OK;
	reason_set(&session->report->why, "%s sent an invalid key for agent %s: %s",
		   session->manager, id, fault);
	return OUTCOME_PROTOCOL_ERROR;
}

/* ------------------------------------------------------------------ logging in */

/* "Basic" and "USER:PASSWORD" in base64 (RFC 7617). */
static bool use_password(struct api_session *session)
{
	const struct attempt *attempt = session->attempt;
	size_t length = strlen(attempt->api.user) + 1 + strlen(attempt->password);
	cleanup(release_wiped) char *plain = wiping_malloc(length + 1);
	char *text = wiping_malloc(strlen("Basic ") + BASE64_SIZE(length));

	if (!plain || !text) {
		wiping_free(text);
		return false;
	}
	(void)sprintf(plain, "%s:%s", attempt->api.user, attempt->password);
	strcpy(text, "Basic ");
	(void)base64_encode(text + strlen(text), BASE64_PADDED, plain, length);
	wiping_free(session->authorization);
	session->authorization = text;
	return true;
}

/* Is it a token as of RFC 6750, 2.1? Other characters could change the request. */
static bool is_token(const char *text)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=";

	return text && text[0] && strlen(text) < HTTPS_HEADER_MAX / 4 &&
	       strspn(text, alphabet) == strlen(text);
}

static bool use_token(struct api_session *session, const char *token)
{
	char *text = wiping_malloc(strlen("Bearer ") + strlen(token) + 1);

	if (!text)
		return false;
	(void)sprintf(text, "Bearer %s", token);
	wiping_free(session->authorization);
	session->authorization = text;
	return true;
}

static int log_in(struct api_session *session)
{
	cleanup(api_reply_clear) struct api_reply reply = { 0 };
	const char *token;
	int r;

	if (!use_password(session))
		return out_of_memory(session);
	r = api_session_call(session, &(struct api_call){ "POST", "/security/user/authenticate" },
			     &reply);
	if (r != OUTCOME_OK)
		return r;
	session->is_version_3 = api_reply_is_of_version_3(&reply);
	if (session->is_version_3)
		return OUTCOME_OK; /* the password is sent with every request */
	if (!api_reply_is_success(&reply))
		return api_session_refused(session, &reply);
	token = api_reply_text(&reply, "token");
	if (!is_token(token)) {
		reason_set(&session->report->why,
			   "%s accepted the password but sent no usable token", session->manager);
		return OUTCOME_PROTOCOL_ERROR;
	}
	return use_token(session, token) ? OUTCOME_OK : out_of_memory(session);
}

int api_session_begin(struct api_session *session, const struct attempt *attempt,
		      struct attempt_report *report)
{
	int r;

	session->attempt = attempt;
	session->report = report;
	endpoint_text(attempt->manager, session->manager);
	r = https_new(&session->https, attempt, report);
	return r == 0 ? log_in(session) : r;
}

void api_session_close(struct api_session *session)
{
	if (session->https)
		https_free(session->https);
	wiping_free(session->authorization);
}
