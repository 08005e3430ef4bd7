/* SPDX-License-Identifier: ISC */
#include "common/enrollment-token.h"

#include <errno.h>
#include <stdio.h>

/* ------------------------------------------------------------------ the id */

bool enrollment_id_is_valid(const char *text, size_t length)
{
	unsigned char bytes[ENROLLMENT_ID_SIZE];

	return length == ENROLLMENT_ID_LENGTH &&
	       base64_decode(bytes, sizeof bytes, BASE64_URL, text, length) == sizeof bytes;
}

/* ------------------------------------------------------------------ the address */

void enrollment_address_format(char ret[static ENROLLMENT_ADDRESS_SIZE],
			       const struct endpoint *manager, const char *prefix)
{
	bool has_prefix = strcmp(prefix, ENROLLMENT_PREFIX) != 0;
	char text[ENDPOINT_TEXT_SIZE];

	endpoint_text(manager, text);
	if (manager->port == ENROLLMENT_PORT)
		*strrchr(text, ':') = '\0';
	(void)snprintf(ret, ENROLLMENT_ADDRESS_SIZE, "%s%s%s", text, has_prefix ? "/" : "",
		       has_prefix ? prefix : "");
}

int enrollment_address_parse(struct endpoint *ret, char ret_prefix[static ENDPOINT_PREFIX_SIZE],
			     const char *text)
{
	size_t length = strcspn(text, "/");
	char host[ENDPOINT_TEXT_SIZE];
	struct endpoint manager;

	if (length >= sizeof host)
		return -EINVAL;
	memcpy(host, text, length);
	host[length] = '\0';
	if (endpoint_parse(&manager, host, ENROLLMENT_PORT) < 0 ||
	    endpoint_prefix_parse(ret_prefix,
				  text[length] == '/' ? text + length + 1 : ENROLLMENT_PREFIX) < 0)
		return -EINVAL;
	*ret = manager;
	return 0;
}

/* ------------------------------------------------------------------ the token */

/* A string of JSON: PEM has line ends, and of what must be escaped nothing else. */
static void put_text(FILE *stream, const char *text)
{
	(void)fputc('"', stream);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			(void)fprintf(stream, "\\%c", c);
		else if (c == '\n')
			(void)fputs("\\n", stream);
		else if (c < 0x20)
			(void)fprintf(stream, "\\u%04x", c);
		else
			(void)fputc(c, stream);
	}
	(void)fputc('"', stream);
}

static void put_bytes(FILE *stream, const char *member, const void *bytes, size_t length)
{
	char text[BASE64_SIZE(ENROLLMENT_PIN_SIZE)];

	(void)base64_encode(text, BASE64_URL, bytes, length);
	(void)fprintf(stream, ",\"%s\":\"%s\"", member, text);
	explicit_bzero(text, sizeof text);
}

/* False: the id is none. */
static bool put_credential(FILE *stream, const struct enrollment_token *token)
{
	unsigned char both[ENROLLMENT_ID_SIZE + ENROLLMENT_SECRET_SIZE];
	bool is_valid = base64_decode(both, ENROLLMENT_ID_SIZE, BASE64_URL, token->id,
				      strlen(token->id)) == ENROLLMENT_ID_SIZE;

	_Static_assert(sizeof both == ENROLLMENT_PIN_SIZE, "they share a buffer");
	memcpy(both + ENROLLMENT_ID_SIZE, token->secret, ENROLLMENT_SECRET_SIZE);
	if (is_valid)
		put_bytes(stream, "key", both, sizeof both);
	explicit_bzero(both, sizeof both);
	return is_valid;
}

/* What all but the CA takes at most, and how much longer an escape is than what it is for. */
#define FRAME_MAX ((size_t)1024)
#define ESCAPE_MAX 6

static int write_document(char *ret, size_t size, size_t *ret_length,
			  const struct enrollment_token *token)
{
	char address[ENROLLMENT_ADDRESS_SIZE];
	FILE *stream = fmemopen(ret, size, "w");
	bool is_valid = true;
	long length;

	if (!stream)
		return -ENOMEM;
	setbuf(stream, NULL); /* a buffer of its own would keep the secret */
	enrollment_address_format(address, &token->manager, token->prefix);
	(void)fputs("{\"ver\":1,\"adr\":", stream);
	put_text(stream, address);
	if (token->ca) {
		(void)fputs(",\"ca\":", stream);
		put_text(stream, token->ca);
	} else {
		put_bytes(stream, "pin", token->pin, ENROLLMENT_PIN_SIZE);
	}
	if (token->has_credential)
		is_valid = put_credential(stream, token);
	(void)fputc('}', stream);
	length = ftell(stream);
	if (fclose(stream) != 0 || length < 0)
		return -ENOMEM;
	*ret_length = (size_t)length;
	return is_valid ? 0 : -EINVAL;
}

int enrollment_token_format(char **ret, const struct enrollment_token *token)
{
	size_t size = FRAME_MAX + (token->ca ? ESCAPE_MAX * strlen(token->ca) : 0), length = 0;
	char *document, *text = NULL;
	int r;

	if (token->ca && strlen(token->ca) > ENROLLMENT_TOKEN_MAX)
		return -EMSGSIZE;
	document = malloc(size);
	r = document ? write_document(document, size, &length, token) : -ENOMEM;
	if (r == 0 && BASE64_SIZE(length) - 1 > ENROLLMENT_TOKEN_MAX)
		r = -EMSGSIZE;
	if (r == 0)
		text = malloc(BASE64_SIZE(length));
	if (text)
		(void)base64_encode(text, BASE64_URL, document, length);
	if (document)
		explicit_bzero(document, size);
	free(document);
	if (r < 0)
		return r;
	if (!text)
		return -ENOMEM;
	*ret = text;
	return 0;
}
