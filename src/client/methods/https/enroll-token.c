/* SPDX-License-Identifier: ISC */
#include "client/methods/enroll-token.h"

#include "common/base64.h"
#include "common/cleanup.h"
#include "common/json-read.h"
#include "common/library-memory.h"

#include <string.h>

#define PROBLEM_SIZE 160

DEFINE_RELEASE(json, json_t *, json_decref)

/* ------------------------------------------------------------------ the members */

/* Decode a member of exactly `size` bytes. */
static bool take_bytes(unsigned char *ret, size_t size, const json_t *member)
{
	return json_is_string(member) &&
	       base64_decode(ret, size, BASE64_URL, json_string_value(member),
			     json_string_length(member)) == (ssize_t)size;
}

static bool take_credential(struct enrollment_token *token, const json_t *member)
{
	unsigned char both[ENROLLMENT_ID_SIZE + ENROLLMENT_SECRET_SIZE];
	bool fits = take_bytes(both, sizeof both, member);

	if (fits) {
		char id[BASE64_SIZE(ENROLLMENT_ID_SIZE)];

		(void)base64_encode(id, BASE64_URL, both, ENROLLMENT_ID_SIZE);
		memcpy(token->id, id, sizeof token->id);
		memcpy(token->secret, both + ENROLLMENT_ID_SIZE, ENROLLMENT_SECRET_SIZE);
		token->has_credential = true;
	}
	explicit_bzero(both, sizeof both);
	return fits;
}

/* Which of its members, from 1 on, is none of the format? 0: none. */
static size_t unknown_member(json_t *object)
{
	static const char *const known[] = { "ver", "adr", "pin", "ca", "key" };
	size_t number = 0;
	const char *name;
	json_t *value;

	json_object_foreach(object, name, value) {
		size_t i = 0;

		number++;
		while (i < sizeof known / sizeof known[0] && strcmp(name, known[i]) != 0)
			i++;
		if (i == sizeof known / sizeof known[0])
			return number;
	}
	return 0;
}

/* The problem of the token, in a text without its content; null: none. Static, or in `buffer`. */
static const char *take_members(struct enrollment_token *token, json_t *object,
				char buffer[static PROBLEM_SIZE])
{
	const json_t *version = json_object_get(object, "ver"),
		     *address = json_object_get(object, "adr");
	const json_t *pin = json_object_get(object, "pin"), *ca = json_object_get(object, "ca");
	const json_t *credential = json_object_get(object, "key");
	size_t unknown = unknown_member(object);

	if (!json_is_integer(version) || json_integer_value(version) != 1)
		return "has an unsupported version (only version 1 is supported)";
	if (unknown > 0) {
		(void)snprintf(buffer, PROBLEM_SIZE,
			       "contains a member that version 1 does not have (member %zu of %zu)",
			       unknown, json_object_size(object));
		return buffer;
	}
	if (!pin == !ca)
		return pin ? "contains both a pin and a CA; only one is allowed"
			   : "contains neither a pin nor a CA, so the manager cannot be verified";
	if (!json_is_string(address) || enrollment_address_parse(&token->manager, token->prefix,
								 json_string_value(address)) < 0)
		return "contains no address of the form HOST[:PORT][/PREFIX]";
	if (pin && !take_bytes(token->pin, sizeof token->pin, pin))
		return "contains a pin that is not 32 bytes in base64url";
	if (ca && (!json_is_string(ca) || json_string_length(ca) == 0))
		return "contains a CA that is not text";
	if (credential && !take_credential(token, credential))
		return "contains a key that is not 32 bytes in base64url";
	return NULL;
}

/* ------------------------------------------------------------------ the token */

static int not_a_token(struct reason *why, const char *problem)
{
	reason_set(why,
		   "The enrollment token %s; copy it exactly as printed, or " ENROLL_TOKEN_ANOTHER,
		   problem);
	return -EINVAL;
}

/* jansson's own text may quote the token. */
static const char *no_object(char buffer[static PROBLEM_SIZE], const json_t *value,
			     const json_error_t *error)
{
	if (value)
		return "is not a JSON object in base64url, but other JSON";
	if (json_error_code(error) == json_error_duplicate_key)
		(void)snprintf(buffer, PROBLEM_SIZE,
			       "contains a duplicate member (before byte %d of its JSON)",
			       error->position + 1);
	else
		(void)snprintf(buffer, PROBLEM_SIZE,
			       "is not a JSON object in base64url: it is wrong at byte %d of its "
			       "JSON, or a part is missing",
			       error->position + 1);
	return buffer;
}

static int parse_document(struct enrollment_token *ret, const char *document, size_t length,
			  struct reason *why)
{
	json_error_t error = { 0 };
	const unsigned long shortages = library_memory_shortages();
	cleanup(release_json)
		json_t *object = json_read(document, length, JSON_REJECT_DUPLICATES, &error);
	cleanup(enrollment_token_wipe) struct enrollment_token token = { 0 };
	const json_t *ca = json_object_get(object, "ca");
	const char *problem;
	char where[PROBLEM_SIZE];

	if (library_memory_shortages() != shortages)
		return reason_errno(why, ENOMEM, "Cannot read the enrollment token");
	if (!json_is_object(object))
		return not_a_token(why, no_object(where, object, &error));
	problem = take_members(&token, object, where);
	if (problem)
		return not_a_token(why, problem);
	token.ca = ca ? strdup(json_string_value(ca)) : NULL;
	if (ca && !token.ca)
		return reason_errno(why, ENOMEM, "Cannot read the enrollment token");
	*ret = token;
	token.ca = NULL;
	return 0;
}

/* What base64_decode() refused, and where. */
static const char *no_base64(char buffer[static PROBLEM_SIZE], const char *text, size_t length)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	const char *what = "is not among its letters";
	size_t i = 0;

	while (i < length && text[i] && strchr(letters, text[i]))
		i++;
	if (i == length)
		return length % 4 == 1 ? "is not base64url: a character is missing, or one too many"
				       : "is not base64url: its last character cannot be the last, "
					 "so it is truncated";
	if (text[i] == '=')
		what = "is padding (=)";
	else if (text[i] == '+' || text[i] == '/')
		what = "is one of ordinary base64";
	else if (strchr(" \t\r\n", text[i]))
		what = "is a blank or a line end";
	(void)snprintf(buffer, PROBLEM_SIZE, "is not base64url without padding: character %zu %s",
		       i + 1, what);
	return buffer;
}

int enrollment_token_parse(struct enrollment_token *ret, const char *text, size_t length,
			   struct reason *why)
{
	ssize_t used;
	char *document, where[PROBLEM_SIZE];
	int r;

	if (length == 0 || length > ENROLLMENT_TOKEN_MAX)
		return not_a_token(why, length == 0 ? "is empty" : "is too long for a token");
	document = malloc(length);
	if (!document)
		return reason_errno(why, ENOMEM, "Cannot read the enrollment token");
	used = base64_decode(document, length, BASE64_URL, text, length);
	if (used < 0)
		r = not_a_token(why, no_base64(where, text, length));
	else
		r = parse_document(ret, document, (size_t)used, why);
	explicit_bzero(document, length);
	free(document);
	return r;
}
