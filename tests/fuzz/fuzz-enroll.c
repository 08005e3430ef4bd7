/* SPDX-License-Identifier: ISC */
/*
 * The first byte says what the rest is: an enrollment token, a manager's answer of 200, or another
 * one, with its status less 300 in the second byte.
 */
#include "fuzz.h"

#include "client/methods/enroll-token.h"
#include "client/methods/https/enroll-answer.h"
#include "common/base64.h"

/* A token that parses names one manager, and one way to know it. */
static void token(const char *text, size_t length)
{
	struct enrollment_token token = { 0 };
	struct reason why = { "" };
	char shown[ENDPOINT_TEXT_SIZE], prefix[ENDPOINT_PREFIX_SIZE];
	struct endpoint again;

	if (enrollment_token_parse(&token, text, length, &why) < 0) {
		HOLDS(why.text[0] && !token.ca);
		return;
	}
	HOLDS(endpoint_parse(&again, endpoint_text(&token.manager, shown), 1) == 0);
	HOLDS(strcmp(again.host, token.manager.host) == 0 && again.port == token.manager.port);
	HOLDS(endpoint_prefix_parse(prefix, token.prefix) == 0 &&
	      strcmp(prefix, token.prefix) == 0);
	HOLDS(strlen(token.id) == (token.has_credential ? ENROLLMENT_ID_LENGTH : 0));
	enrollment_token_wipe(&token);
}

/* Most inputs would end at the base64; so the JSON is tried as well. */
static void document(const char *text, size_t length)
{
	char *encoded = malloc(BASE64_SIZE(length));

	HOLDS(encoded);
	token(encoded, base64_encode(encoded, BASE64_URL, text, length));
	free(encoded);
}

/* What is accepted is a record as it would be read from a key file. */
static void acceptance(const char *text, size_t length)
{
	struct enrolled enrolled = { 0 };
	struct reason why = { "" };
	char line[AGENT_LINE_SIZE + 1];
	struct agent_key key;

	if (enroll_answer_accept(&enrolled, text, length, &why) < 0) {
		HOLDS(why.text[0] && !enrolled.key.id[0]);
		return;
	}
	length = agent_key_format(line, &enrolled.key);
	HOLDS(agent_key_parse(&key, line, length - 1) == AGENT_KEY_OK && agent_key_is_usual(&key));
	HOLDS(strcmp(enrolled.secret.id, key.id) == 0);
	HOLDS(!enrolled.secret.text[0] ||
	      reenroll_secret_is_valid(enrolled.secret.text, strlen(enrolled.secret.text)));
}

/* The rest is the challenge up to the first newline, and the body. */
static void refusal(int status, const char *text, size_t length)
{
	const char *newline = memchr(text, '\n', length);
	size_t first = newline ? (size_t)(newline - text) : 0;
	char *challenge = strndup(text, first);
	struct enroll_refusal refusal;

	HOLDS(challenge);
	enroll_answer_refuse(&refusal, 300 + status, newline ? challenge : NULL, text + first,
			     length - first, "bearer");
	HOLDS(refusal.outcome > OUTCOME_OK && refusal.outcome < OUTCOME_MAX_);
	HOLDS(refusal.text[0]);
	for (const char *at = refusal.text; *at; at++)
		HOLDS(*at >= ' ' && *at <= '~');
	free(challenge);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data + 1;

	if (size < 2)
		return 0;
	switch (data[0]) {
	case 't':
		token(text, size - 1);
		break;
	case 'd':
		document(text, size - 1);
		break;
	case 'a':
		acceptance(text, size - 1);
		break;
	default:
		refusal(data[1], text + 1, size - 2);
	}
	return 0;
}
