/* SPDX-License-Identifier: ISC */
#include "client/methods/https/api-reply.h"

#include "common/base64.h"
#include "common/json-read.h"

#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ reading */

/* Version 3 sends some codes as text. */
static long long code_of(const json_t *value)
{
	const char *text = json_string_value(value);

	if (text && text[0] && strlen(text) < 9 && strspn(text, "0123456789") == strlen(text))
		return strtoll(text, NULL, 10);
	return json_integer_value(value);
}

static const json_t *only_of(const json_t *list)
{
	return json_array_size(list) == 1 ? json_array_get(list, 0) : NULL;
}

/* Of a call for several agents: the error of the first. */
static const json_t *first_failure(const json_t *root)
{
	return json_object_get(
		json_array_get(json_object_get(json_object_get(root, "data"), "failed_items"), 0),
		"error");
}

static const json_t *text_of_error(const json_t *root, const json_t *failure)
{
	static const char *const members[] = { "detail", "message", "title" };
	const json_t *text = json_object_get(failure, "message");

	for (size_t i = 0; !json_is_string(text) && i < sizeof members / sizeof members[0]; i++)
		text = json_object_get(root, members[i]);
	return json_is_string(text) ? text : NULL;
}

void api_reply_parse(struct api_reply *ret, int status, const char *body, size_t length)
{
	json_t *root = json_read(body, length, JSON_REJECT_DUPLICATES, NULL);
	const json_t *failure, *text;

	*ret = (struct api_reply){ .status = status };
	if (!json_is_object(root)) {
		json_decref(root);
		return;
	}
	failure = first_failure(root);
	text = text_of_error(root, failure);
	ret->root = root;
	ret->code = code_of(failure ? json_object_get(failure, "code")
				    : json_object_get(root, "error"));
	ret->text = json_string_value(text);
	ret->length = json_string_length(text);
}

void api_reply_clear(struct api_reply *reply)
{
	json_decref(reply->root);
	*reply = (struct api_reply){ 0 };
}

bool api_reply_is_success(const struct api_reply *reply)
{
	const json_t *error = json_object_get(reply->root, "error");

	return reply->status == 200 && json_is_integer(error) && json_integer_value(error) == 0;
}

bool api_reply_is_of_version_3(const struct api_reply *reply)
{
	return reply->status == 404 && reply->code == 603 && !json_object_get(reply->root, "title");
}

const char *api_reply_text(const struct api_reply *reply, const char *member)
{
	return json_string_value(json_object_get(json_object_get(reply->root, "data"), member));
}

const json_t *api_reply_item(const struct api_reply *reply)
{
	return only_of(json_object_get(json_object_get(reply->root, "data"), "affected_items"));
}

const char *api_key_parse(struct agent_key *ret, const char *base64)
{
	char line[AGENT_LINE_SIZE];
	ssize_t length = base64_decode(line, sizeof line, BASE64_PADDED, base64, strlen(base64));
	enum agent_key_fault fault = length <= 0
					     ? AGENT_KEY_FIELDS
					     : agent_key_parse_received(ret, line, (size_t)length);

	explicit_bzero(line, sizeof line);
	if (length <= 0)
		return "it is not a line of client.keys in base64";
	return fault == AGENT_KEY_OK ? NULL : agent_key_fault_text(fault);
}

/* ------------------------------------------------------------------ judging */

/*
 * The codes that are more specific than the HTTP status; 90xx are those of wazuh-authd
 * (src/os_auth/local-server.c).
 */
static const struct meaning {
	int code;
	enum outcome outcome;
	const char *hint;
	bool is_unsure; /* the sender does not know the result of the request */
	enum refusal_subject subject;
} meanings[] = {
	{ API_NO_SUCH_AGENT, OUTCOME_REFUSED, NULL },
	{ 1705, OUTCOME_DUPLICATE, NULL, .subject = REFUSED_NAME },
	{ 1706, OUTCOME_DUPLICATE, NULL, .subject = REFUSED_ADDRESS },
	{ 1708, OUTCOME_DUPLICATE, NULL, .subject = REFUSED_ID },
	{ 1710, OUTCOME_REFUSED, "create the group on the manager, or correct groups in [agent]",
	  .subject = REFUSED_GROUP },
	{ 1725, OUTCOME_BUSY, NULL, .is_unsure = true },
	{ 1726, OUTCOME_BUSY, "start the registration service (authd) on the manager" },
	{ 1757, OUTCOME_BUSY, NULL, .is_unsure = true },
	{ 3021, OUTCOME_BUSY, NULL, .is_unsure = true },
	{ API_NO_PERMISSION, OUTCOME_REFUSED,
	  "grant the role of api_user the permissions listed in agent-register(8)" },
	{ 6001, OUTCOME_BUSY, NULL },
	{ 9001, OUTCOME_BUSY, NULL },
	{ 9007, OUTCOME_DUPLICATE, NULL, .subject = REFUSED_ADDRESS },
	{ 9008, OUTCOME_DUPLICATE, NULL, .subject = REFUSED_NAME },
	{ 9009, OUTCOME_BUSY, NULL },
	{ 9012, OUTCOME_DUPLICATE, NULL, .subject = REFUSED_ID },
	{ 9013, OUTCOME_BUSY, "its agent limit is reached" },
};

/* A rate limit may be that of a gateway, whatever the code. */
static const struct meaning *meaning_of(const struct api_reply *reply)
{
	for (size_t i = 0; reply->status != 429 && i < sizeof meanings / sizeof meanings[0]; i++)
		if (meanings[i].code == reply->code)
			return &meanings[i];
	return NULL;
}

static enum outcome outcome_of_status(int status, const char **ret_hint)
{
	*ret_hint = NULL;
	switch (status) {
	case 200 ... 299:
		return OUTCOME_REFUSED; /* refusals of version 3 */
	case 300 ... 399:
		*ret_hint =
			"redirects are not followed; set address in [manager] to that of the API";
		return OUTCOME_PROTOCOL_ERROR;
	case 401:
		*ret_hint = "api_user, or the password in api_password_file, is wrong";
		return OUTCOME_REFUSED;
	case 403:
		*ret_hint = "the API blocks an address for some minutes after many wrong passwords";
		return OUTCOME_REFUSED;
	case 404:
	case 405:
		*ret_hint = "check that this is the Wazuh API (its port is 55000)";
		return OUTCOME_PROTOCOL_ERROR;
	case 409:
		return OUTCOME_DUPLICATE;
	case 408:
	case 425:
	case 429:
	case 500 ... 599:
		return OUTCOME_BUSY;
	default:
		return status >= 400 && status < 500 ? OUTCOME_REFUSED : OUTCOME_PROTOCOL_ERROR;
	}
}

enum outcome api_reply_outcome(const struct api_reply *reply, const char **ret_hint)
{
	const struct meaning *meaning = meaning_of(reply);

	*ret_hint = NULL;
	/*
	 * A response without JSON is not from the API, unless its status is one that a gateway may
	 * send.
	 */
	if (!reply->root && reply->status < 300) {
		*ret_hint = "check that this is the Wazuh API (its port is 55000)";
		return OUTCOME_PROTOCOL_ERROR;
	}
	if (meaning) {
		*ret_hint = meaning->hint;
		return meaning->outcome;
	}
	if (reply->status < 300 && (reply->code == 0 || api_reply_is_success(reply)))
		return OUTCOME_PROTOCOL_ERROR; /* neither an error nor the requested data */
	return outcome_of_status(reply->status, ret_hint);
}

enum refusal_subject api_reply_subject(const struct api_reply *reply)
{
	const struct meaning *meaning = meaning_of(reply);

	return meaning ? meaning->subject : REFUSED_OTHER;
}

bool api_reply_is_final(const struct api_reply *reply)
{
	const struct meaning *meaning = meaning_of(reply);

	if (meaning)
		return !meaning->is_unsure;
	if (reply->status < 300)
		return reply->code > 0;
	return reply->status < 500 && reply->status != 408;
}
