/* SPDX-License-Identifier: ISC */
/*
 * A reply of the API: whatever it is, it is either a success or means an outcome, and a key of it
 * that is taken is one that an agent can use. The first two bytes are the status of HTTP, of which
 * the second one is a tenth.
 */
#include "fuzz.h"

#include "client/methods/https/api-reply.h"

static void take_key(const char *text)
{
	struct agent_key key = { 0 };
	char line[AGENT_LINE_SIZE + 1];

	if (!text || api_key_parse(&key, text)) {
		HOLDS(key.id[0] == '\0');
		return;
	}
	HOLDS(agent_id_is_valid(key.id, strlen(key.id)) &&
	      agent_name_is_registrable(key.name, strlen(key.name)));
	HOLDS(agent_ip_is_valid(key.ip, strlen(key.ip)) &&
	      agent_key_text_is_genuine(key.key, strlen(key.key)));
	HOLDS(agent_key_format(line, &key) * 4 / 3 <= strlen(text) + 4);
}

static void check_failure(const struct api_reply *reply)
{
	const char *hint = "";
	enum outcome outcome = api_reply_outcome(reply, &hint);

	HOLDS(outcome > OUTCOME_OK && outcome < OUTCOME_MAX_);
	HOLDS(api_reply_subject(reply) == REFUSED_OTHER || reply->root);
	HOLDS(api_reply_is_final(reply) || reply->status == 408 || reply->status >= 500 ||
	      reply->root || reply->status < 300);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct api_reply reply;
	const json_t *item;

	if (size < 2)
		return 0;
	api_reply_parse(&reply, 10 * data[0] + data[1] % 10, (const char *)data + 2, size - 2);
	HOLDS(!reply.text || strlen(reply.text) <= reply.length);
	HOLDS(reply.root || (!reply.code && !reply.text));
	if (api_reply_is_success(&reply))
		HOLDS(reply.status == 200 && reply.root);
	else
		check_failure(&reply);
	HOLDS(!api_reply_is_of_version_3(&reply) || reply.status == 404);
	take_key(api_reply_text(&reply, "key"));
	item = api_reply_item(&reply);
	take_key(json_string_value(json_object_get(item, "key")));
	api_reply_clear(&reply);
	return 0;
}
