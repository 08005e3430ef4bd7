/* SPDX-License-Identifier: ISC */
#include "client/methods/https/enroll-answer.h"

#include "client/methods/enroll-token.h"
#include "common/cleanup.h"
#include "common/escape.h"
#include "common/json-read.h"
#include "common/peer-text.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

DEFINE_RELEASE(json, json_t *, json_decref)

/* ------------------------------------------------------------------ an identity */

/* Copy a member that is valid by its rule. */
static int take_member(char *ret, size_t size, const json_t *object, const char *name,
		       bool (*rule)(const char *text, size_t length), struct reason *why)
{
	const json_t *member = json_object_get(object, name);
	size_t length = json_string_length(member);

	if (!json_is_string(member)) {
		reason_set(why, "sent an agent without %s", name);
		return -EBADMSG;
	}
	if (length >= size || !rule(json_string_value(member), length)) {
		reason_set(why, "sent an agent with an invalid %s", name);
		return -EBADMSG;
	}
	memcpy(ret, json_string_value(member), length + 1);
	return 0;
}

static int take_key(struct agent_key *ret, const json_t *object, struct reason *why)
{
	int r = take_member(ret->id, sizeof ret->id, object, "id", agent_id_is_valid, why);

	if (r == 0)
		r = take_member(ret->name, sizeof ret->name, object, "name",
				agent_name_is_registrable, why);
	if (r == 0)
		r = take_member(ret->ip, sizeof ret->ip, object, "ip", agent_ip_is_valid, why);
	if (r == 0)
		r = take_member(ret->key, sizeof ret->key, object, "key", reenroll_secret_is_valid,
				why);
	return r;
}

static int take_secret(struct enrolled *ret, const json_t *object, struct reason *why)
{
	memcpy(ret->secret.id, ret->key.id, sizeof ret->secret.id);
	if (!json_object_get(object, "reenroll_secret"))
		return 0;
	return take_member(ret->secret.text, sizeof ret->secret.text, object, "reenroll_secret",
			   reenroll_secret_is_valid, why);
}

int enroll_answer_accept(struct enrolled *ret, const char *body, size_t length, struct reason *why)
{
	cleanup(release_json)
		json_t *object = json_read(body, length, JSON_REJECT_DUPLICATES, NULL);
	cleanup(enrolled_wipe) struct enrolled enrolled = { 0 };
	int r;

	if (!json_is_object(object)) {
		reason_set(why, "did not send a JSON object, or one with a duplicate member");
		return -EBADMSG;
	}
	r = take_key(&enrolled.key, object, why);
	if (r == 0)
		r = take_secret(&enrolled, object, why);
	if (r == 0)
		*ret = enrolled;
	return r;
}

void enrolled_wipe(struct enrolled *enrolled)
{
	explicit_bzero(enrolled, sizeof *enrolled);
}

/* ------------------------------------------------------------------ a refusal */

static const char no_credential[] =
	"it requires a credential: set token_file or password_file in [auth]";
static const char unread_credential[] =
	"it does not understand the credential: ask whether it wants an enrollment token or a "
	"password, of which this is another kind, or is of another version";
static const char no_key[] =
	"it has nothing to check the credential with: its etc/authd.pass (for a password) or its "
	"enrollment tokens are missing or cannot be read; see its log";
static const char wrong_secret[] =
	"the password in password_file, or the token in token_file, is not valid for this manager";
#define MAKE_ANOTHER ENROLL_TOKEN_ANOTHER " and store it in token_file"

static const char unknown_token[] =
	"a new enrollment token takes a cluster node some seconds to learn of; "
	"one that was created on another manager, or has been purged, it never will: " MAKE_ANOTHER;
static const char dead_token[] =
	"the enrollment token is no longer known, or was revoked: " MAKE_ANOTHER;
static const char expired_token[] = "the enrollment token has expired: " MAKE_ANOTHER;
static const char used_token[] =
	"the enrollment token has reached its maximum number of uses: " MAKE_ANOTHER;
static const char lost_agent[] =
	"it does not take the re-enrollment secret any more: the agent was removed there, "
	"the manager was built anew, or its answer with a newer secret was lost";
static const char clock_differs[] =
	"check the clocks of this machine (timedatectl) and of the manager";
static const char not_written[] = "it cannot store the agent: check the space on its disk, "
				  "the owner of its files in etc, and its log";
static const char other_values[] =
	"compare its message with name, ip, groups and version in [agent]: it takes no name that "
	"begins with a dot or is its own, no ip with a dotted mask, and no version above its own";
static const char disabled[] = "its <auth> disables enrollment (disabled, remote_enrollment), "
			       "or our client certificate must be issued for our address";

/*
 * The meaning of a code or a status. Codes are the manager's own, and more specific than the
 * status.
 */
static const struct meaning {
	/* of a 401, the class of failure; otherwise authd's number; null: any other */
	const char *code;
	long status; /* only without a code; -1: any */
	enum outcome outcome;
	bool is_stale, is_credential, is_wrong, is_not_known_yet;
	const char *hint;
	enum refusal_subject subject;
} meanings[] = {
	/* HTTP 401 */
	{ "invalid_request", 0, OUTCOME_REFUSED, .is_credential = true, .hint = no_credential },
	{ "invalid_signature", 0, OUTCOME_REFUSED, .is_credential = true, .is_wrong = true,
	  .hint = wrong_secret },
	{ "stale_token", 0, OUTCOME_BUSY, .is_stale = true, .hint = clock_differs },
	{ "token_unknown", 0, OUTCOME_BUSY, .is_credential = true, .is_not_known_yet = true,
	  .hint = unknown_token },
	{ "token_expired", 0, OUTCOME_REFUSED, .is_credential = true, .hint = expired_token },
	{ "token_revoked", 0, OUTCOME_REFUSED, .is_credential = true, .hint = dead_token },
	{ "unknown_agent", 0, OUTCOME_REFUSED, .is_credential = true, .hint = lost_agent },
	{ "enrollment_key_unavailable", 0, OUTCOME_BUSY, .is_credential = true, .hint = no_key },
	/* authd's: 400 */
	{ "9014", 0, OUTCOME_REFUSED,
	  .hint = "create the groups on the manager, or correct groups in [agent]",
	  .subject = REFUSED_GROUP },
	/* 403 */
	{ "9022", 0, OUTCOME_REFUSED, .is_credential = true, .hint = dead_token },
	{ "9023", 0, OUTCOME_REFUSED, .is_credential = true, .hint = expired_token },
	{ "9024", 0, OUTCOME_REFUSED, .is_credential = true, .hint = used_token },
	/* for the secret of an agent */
	{ "9025", 0, OUTCOME_PROTOCOL_ERROR,
	  .hint = "that is about making an enrollment token, which nobody has asked it for: "
		  "check address, port and prefix in [manager]" },
	{ "9026", 0, OUTCOME_REFUSED, .is_credential = true, .hint = lost_agent },
	{ "9027", 0, OUTCOME_REFUSED, .is_credential = true, .hint = lost_agent },
	{ "9028", 0, OUTCOME_BUSY, .is_stale = true, .hint = clock_differs },
	/* 409 */
	{ "9007", 0, OUTCOME_DUPLICATE, .subject = REFUSED_ADDRESS },
	{ "9008", 0, OUTCOME_DUPLICATE, .subject = REFUSED_NAME },
	{ "9012", 0, OUTCOME_DUPLICATE, .subject = REFUSED_ID },
	{ "9030", 0, OUTCOME_BUSY,
	  .hint = "an earlier request of this agent is not finished there; "
		  "it is asked again, and nothing needs to be done" },
	/* 500 and 503 */
	{ "9013", 0, OUTCOME_BUSY, .hint = "raise max_agents on the manager, or remove agents" },
	{ "9029", 0, OUTCOME_BUSY, .hint = not_written },
	{ "9031", 0, OUTCOME_BUSY, .hint = not_written },
	/* of the secret for an agent that has a key; it concerns the secret all the same */
	{ "9032", 0, OUTCOME_REFUSED, .is_credential = true, .hint = lost_agent },
	/* without a known code */
	{ NULL, 400, OUTCOME_REFUSED, .hint = other_values },
	{ NULL, 401, OUTCOME_REFUSED, .is_credential = true, .hint = wrong_secret },
	{ NULL, 403, OUTCOME_REFUSED, .hint = disabled },
	{ NULL, 404, OUTCOME_PROTOCOL_ERROR,
	  .hint = "this is not a Wazuh 5 manager; check port and prefix in [manager]" },
	{ NULL, 408, OUTCOME_BUSY, .hint = NULL },
	{ NULL, 409, OUTCOME_DUPLICATE, .hint = NULL },
	{ NULL, 413, OUTCOME_REFUSED,
	  .hint = "the request is too long for it; configure fewer groups" },
	{ NULL, 415, OUTCOME_REFUSED,
	  .hint = "a request is sent as plain JSON; something in between may have changed it" },
	{ NULL, 429, OUTCOME_BUSY,
	  .hint = "it limits how often it is asked; the next attempt comes by itself" },
	{ NULL, 500, OUTCOME_BUSY, .hint = NULL },
	{ NULL, 502, OUTCOME_BUSY, .hint = NULL },
	{ NULL, 503, OUTCOME_BUSY, .hint = NULL },
	{ NULL, 504, OUTCOME_BUSY, .hint = NULL },
	{ NULL, -1, OUTCOME_PROTOCOL_ERROR,
	  .hint = "this is not a Wazuh 5 manager; check port and prefix in [manager]" },
};

static const struct meaning *meaning_of(const char *code, long status)
{
	const struct meaning *meaning = meanings;

	for (; meaning->code; meaning++)
		if (code && strcmp(meaning->code, code) == 0)
			return meaning;
	while (meaning->status != status && meaning->status != -1)
		meaning++;
	return meaning;
}

/* A parameter of a challenge: NAME="VALUE". Returns false when there is none. */
static bool challenge_parameter(char *ret, size_t size, const char *challenge, const char *name)
{
	const char *begin = strstr(challenge, name);
	size_t length;

	if (!begin)
		return false;
	begin += strlen(name);
	length = strcspn(begin, "\"");
	if (length == 0 || length >= size || begin[length] != '"')
		return false;
	memcpy(ret, begin, length);
	ret[length] = '\0';
	return true;
}

/*
 * The class in: Bearer error="invalid_token", error_description="CLASS"; of a request without a
 * readable token, in: Bearer error="CLASS". Returns false when there is none.
 */
static bool challenge_class(char *ret, size_t size, const char *challenge)
{
	return challenge && (challenge_parameter(ret, size, challenge, "error_description=\"") ||
			     (challenge_parameter(ret, size, challenge, " error=\"") &&
			      strcmp(ret, "invalid_token") != 0));
}

/* A manager that has no key to check tokens with says nothing more. */
static bool is_bare_challenge(char *ret, size_t size, const char *challenge)
{
	if (!challenge || strcasecmp(challenge, "Bearer") != 0)
		return false;
	(void)snprintf(ret, size, "enrollment_key_unavailable");
	return true;
}

/* The code as text, from the body's {"error":{"code":CODE}}. */
static bool body_code(char *ret, size_t size, const json_t *error)
{
	const json_t *code = json_object_get(error, "code");

	if (json_is_integer(code) && json_integer_value(code) > 0)
		(void)snprintf(ret, size, "%" JSON_INTEGER_FORMAT, json_integer_value(code));
	else if (json_is_string(code) && json_string_length(code) > 0 &&
		 json_string_length(code) < size)
		(void)snprintf(ret, size, "%s", json_string_value(code));
	else
		return false;
	return true;
}

/* {"error":{"message":TEXT}} from the endpoint, {"error":TEXT} from the server around it. */
static const char *message_of(const json_t *document)
{
	const json_t *error = json_object_get(document, "error");

	return json_string_value(json_is_object(error) ? json_object_get(error, "message") : error);
}

static void describe(struct enroll_refusal *ret, long status, const char *code, const char *message,
		     const char *sent)
{
	char shown[200], shown_code[40];
	const char *const secrets[PEER_TEXT_SECRETS] = { sent };

	escape_string(shown_code, sizeof shown_code, code ?: "");
	if (message && *message)
		(void)snprintf(ret->text, sizeof ret->text, "%s (HTTP %ld%s%s)",
			       peer_text_show(shown, sizeof shown, message, strlen(message),
					      secrets),
			       status, code ? ", " : "", shown_code);
	else
		(void)snprintf(ret->text, sizeof ret->text, "HTTP %ld%s%s%s", status,
			       code ? " (" : "", shown_code, code ? ")" : "");
}

void enroll_answer_refuse(struct enroll_refusal *ret, long status, const char *challenge,
			  const char *body, size_t length, const char *sent)
{
	cleanup(release_json) json_t *document =
		length ? json_read(body, length, JSON_REJECT_DUPLICATES, NULL) : NULL;
	const json_t *error = json_object_get(document, "error");
	const struct meaning *meaning;
	char code[40];
	bool has_code = (status == 401 && challenge_class(code, sizeof code, challenge)) ||
			body_code(code, sizeof code, error) ||
			(status == 401 && is_bare_challenge(code, sizeof code, challenge));

	meaning = meaning_of(has_code ? code : NULL, status);
	*ret = (struct enroll_refusal){
		.outcome = meaning->outcome,
		/* A server error may follow although the agent was already created. */
		.is_final = error && status >= 400 && status < 500,
		.is_stale = meaning->is_stale,
		.is_credential = meaning->is_credential,
		.is_wrong = meaning->is_wrong,
		.is_not_known_yet = meaning->is_not_known_yet,
		.subject = meaning->subject,
		.hint = sent && meaning->hint == no_credential ? unread_credential : meaning->hint,
	};
	describe(ret, status, has_code ? code : NULL, message_of(document), sent);
}
