/* SPDX-License-Identifier: ISC */
#include "registrar/api/bearer.h"

#include "common/base64.h"
#include "common/cleanup.h"
#include "common/json-read.h"
#include "common/library-memory.h"

#include <jansson.h>
#include <stdbool.h>
#include <string.h>

#define PART_MAX 256

DEFINE_RELEASE(json, json_t *, json_decref)

/* A part of the bearer between its dots. */
struct part {
	const char *text;
	size_t length;
};

/* Its bytes, which have to fit. Returns how many there are, or a negative errno. */
static ssize_t decode(struct part part, char bytes[static PART_MAX])
{
	return base64_decode(bytes, PART_MAX, BASE64_URL, part.text, part.length);
}

static json_t *read_json(const char *bytes, ssize_t length)
{
	return length > 0 ? json_read(bytes, (size_t)length, JSON_REJECT_DUPLICATES, NULL) : NULL;
}

/* When was it made, and with which nonce? False: these are not the claims of a bearer. */
static bool read_claims(struct enroll_bearer *bearer, struct part part)
{
	char bytes[PART_MAX];
	cleanup(release_json) json_t *object = read_json(bytes, decode(part, bytes));
	const json_t *time = json_object_get(object, "iat"),
		     *nonce = json_object_get(object, "jti");

	if (!json_is_integer(time) || json_integer_value(time) < 0 || !json_is_string(nonce) ||
	    base64_decode(bearer->nonce, sizeof bearer->nonce, BASE64_URL, json_string_value(nonce),
			  json_string_length(nonce)) != ENROLL_NONCE_SIZE)
		return false;
	bearer->made = (uint64_t)json_integer_value(time);
	return true;
}

/*
 * Whose secret signed it? False: nobody's that there could be. An agent that was enrolled at
 * another manager signs with the secret that it got there, and uses its password only after the
 * answer that the secret is unknown.
 */
static bool read_key_id(struct enroll_bearer *bearer, struct part part)
{
	char bytes[PART_MAX];
	cleanup(release_json) json_t *object = read_json(bytes, decode(part, bytes));
	const json_t *id = json_object_get(object, "kid");
	size_t length = json_string_length(id);

	if (length == 0 || length >= sizeof bearer->key_id)
		return false;
	memcpy(bearer->key_id, json_string_value(id), length + 1);
	return true;
}

/* What there was no memory to read may be right. */
static enum bearer_fault unless_short(enum bearer_fault fault, unsigned long shortages)
{
	return library_memory_shortages() == shortages ? fault : BEARER_KEY_UNAVAILABLE;
}

/* There is one way to write it, and the registry gets no more than the parts. */
static bool is_written_as(const char *bearer, const char *end, const char *wanted)
{
	const size_t length = (size_t)(end - bearer);

	return strlen(wanted) == length && memcmp(bearer, wanted, length) == 0;
}

/* What is signed is right: read the signature, the last of the parts. */
static enum bearer_fault complete(struct enroll_bearer *ret, const struct enroll_bearer *parsed,
				  const char *signature)
{
	struct enroll_bearer bearer = *parsed;

	if (base64_decode(bearer.mac, sizeof bearer.mac, BASE64_URL, signature,
			  strlen(signature)) != BEARER_MAC_SIZE)
		return BEARER_INVALID_SIGNATURE;
	*ret = bearer;
	return BEARER_OK;
}

enum bearer_fault bearer_parse(struct enroll_bearer *ret, const char *bearer)
{
	const unsigned long shortages = library_memory_shortages();
	const char *first = strchr(bearer, '.'), *last = strrchr(bearer, '.');
	struct enroll_bearer parsed = { .made = 0 };
	char wanted[ENROLL_JWT_SIZE]; /* what is signed of it */
	size_t header;

	if (!first || first == last ||
	    !read_claims(&parsed, (struct part){ first + 1, (size_t)(last - first - 1) }))
		return unless_short(BEARER_INVALID_REQUEST, shortages);
	/* with the password as the secret, there is no key id */
	if (enroll_jwt_write(wanted, NULL, parsed.made, parsed.nonce) < 0)
		return BEARER_KEY_UNAVAILABLE;
	header = (size_t)(first - bearer);
	if (strncmp(bearer, wanted, header + 1) != 0 &&
	    !read_key_id(&parsed, (struct part){ bearer, header }))
		return unless_short(BEARER_UNKNOWN_TOKEN, shortages);
	if (parsed.key_id[0] &&
	    enroll_jwt_write(wanted, parsed.key_id, parsed.made, parsed.nonce) < 0)
		return BEARER_KEY_UNAVAILABLE;
	if (!is_written_as(bearer, last, wanted))
		return BEARER_INVALID_SIGNATURE;
	return complete(ret, &parsed, last + 1);
}

enum bearer_fault bearer_parse_request(struct enroll_bearer *ret, const char *bearer)
{
	const unsigned long shortages = library_memory_shortages();
	const char *first = strchr(bearer, '.'), *last = strrchr(bearer, '.');
	struct enroll_bearer parsed = { .made = 0 };
	char wanted[ENROLL_JWT_SIZE]; /* what is signed of it */

	if (!first || first == last ||
	    !read_claims(&parsed, (struct part){ first + 1, (size_t)(last - first - 1) }) ||
	    !read_key_id(&parsed, (struct part){ bearer, (size_t)(first - bearer) }) ||
	    enroll_jwt_write_request(wanted, parsed.key_id, parsed.made, parsed.nonce) < 0)
		return unless_short(BEARER_INVALID_REQUEST, shortages);
	if (!is_written_as(bearer, last, wanted))
		return BEARER_INVALID_REQUEST;
	return complete(ret, &parsed, last + 1);
}
