/* SPDX-License-Identifier: ISC */
/*
 * What the registrar reads out of a request, the client writes as a request that reads the same.
 * The first byte says how long the manager's password is (0: none); the password and the line
 * follow.
 */
#include "fuzz.h"

#include "common/authd-message.h"

#define TEXT_MAX 70000

static char *copy(struct authd_field field)
{
	return field.text ? strndup(field.text, field.length) : NULL;
}

static int same(struct authd_field field, const char *text)
{
	return !field.text ? !text
			   : text && field.length == strlen(text) &&
				     memcmp(field.text, text, field.length) == 0;
}

/*
 * Write it anew and read it back. Empty groups cannot be written again as they were.
 */
static void check_round_trip(const struct authd_request_fields *fields, const char *password)
{
	static char line[TEXT_MAX];
	char *texts[] = { copy(fields->name), copy(fields->version), copy(fields->groups),
			  copy(fields->ip), copy(fields->key_hash) };
	const struct authd_request request = { .password = password,
					       .name = texts[0],
					       .version = texts[1],
					       .groups = texts[2],
					       .ip = texts[3],
					       .key_hash = texts[4] };
	ssize_t length = authd_request_format(line, sizeof line, &request);
	struct authd_request_fields again;

	if (length > 0) {
		HOLDS(line[length - 1] == '\n' && !memchr(line, '\n', (size_t)length - 1));
		HOLDS(authd_request_parse(&again, line, (size_t)length - 1, password) ==
		      AUTHD_REQUEST_OK);
		HOLDS(same(again.name, texts[0]) && same(again.version, texts[1]) &&
		      same(again.ip, texts[3]));
		HOLDS(same(again.key_hash, texts[4]) &&
		      same(again.groups, texts[2] && *texts[2] ? texts[2] : NULL));
	}
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		free(texts[i]);
}

static void check_inside(struct authd_field field, const char *line, size_t length)
{
	HOLDS(!field.text || (field.text >= line && field.text + field.length < line + length));
	HOLDS(!field.text || !memchr(field.text, '\'', field.length));
}

/* The name for the log is a valid one from within the first line, or there is none. */
static void check_name(const char *line, size_t size)
{
	struct authd_field name = authd_request_name(line, size);

	check_inside(name, line, size);
	HOLDS(!name.text || agent_name_is_valid(name.text, name.length));
	HOLDS(!name.text || !memchr(line, '\n', (size_t)(name.text - line)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t password_length = size ? data[0] % 16 : 0;
	struct authd_request_fields fields;
	enum authd_request_fault fault;
	char password[17] = "";
	const char *line;

	if (size < 1 + password_length || size > TEXT_MAX / 2)
		return 0;
	memcpy(password, data + 1, password_length);
	line = (const char *)data + 1 + password_length;
	size -= 1 + password_length;
	check_name(line, size);
	fault = authd_request_parse(&fields, line, size, password_length ? password : NULL);
	HOLDS((fault == AUTHD_REQUEST_OK) == (authd_request_fault_text(fault)[0] == '\0'));
	HOLDS(!authd_request_has_fields(fault) ||
	      authd_request_begins(line, size, password_length ? password : NULL));
	if (fault != AUTHD_REQUEST_OK)
		return 0;
	check_inside(fields.name, line, size);
	check_inside(fields.version, line, size);
	check_inside(fields.groups, line, size);
	check_inside(fields.ip, line, size);
	check_inside(fields.key_hash, line, size);
	check_round_trip(&fields, password_length ? password : NULL);
	return 0;
}
