/* SPDX-License-Identifier: ISC */
#include "common/agent-key.h"

#include "common/agent-address.h"
#include "common/hex.h"
#include "common/library-memory.h"
#include "common/sha256.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_name_character(char c)
{
	return is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '.' ||
	       c == '_' || c == '-';
}

static bool all_characters(const char *text, size_t length, bool (*rule)(char))
{
	for (size_t i = 0; i < length; i++)
		if (!rule(text[i]))
			return false;
	return true;
}

bool agent_id_is_valid(const char *text, size_t length)
{
	return length >= 1 && length <= AGENT_ID_MAX && all_characters(text, length, is_digit);
}

bool agent_name_is_valid(const char *text, size_t length)
{
	return length >= AGENT_NAME_MIN && length <= AGENT_NAME_MAX &&
	       all_characters(text, length, is_name_character);
}

bool agent_name_is_registrable(const char *text, size_t length)
{
	return agent_name_is_valid(text, length) && text[0] != '.';
}

static bool is_printable(char c)
{
	return c > ' ' && c <= '~';
}

/* Nothing that would make the entry a removed one, or the path of another file. */
static bool name_is_readable(const char *text, size_t length)
{
	return length >= 1 && length <= AGENT_NAME_MAX && text[0] != '#' && text[0] != '!' &&
	       !memchr(text, '/', length) && all_characters(text, length, is_printable);
}

static bool key_is_readable(const char *text, size_t length)
{
	return length >= 1 && length <= AGENT_KEY_MAX && all_characters(text, length, is_printable);
}

static bool is_letter_or_digit(char c)
{
	return is_name_character(c) && c != '.' && c != '_' && c != '-';
}

bool agent_key_text_is_genuine(const char *text, size_t length)
{
	return length >= AGENT_KEY_USUAL && length <= AGENT_KEY_MAX &&
	       all_characters(text, length, is_letter_or_digit);
}

bool agent_group_is_valid(const char *text, size_t length)
{
	if (length < 1 || length > 255 || !all_characters(text, length, is_name_character))
		return false;
	return !(text[0] == '.' && (length == 1 || (length == 2 && text[1] == '.')));
}

bool agent_ip_is_valid(const char *text, size_t length)
{
	struct agent_address scratch;

	return agent_address_parse(&scratch, text, length) == 0;
}

bool agent_key_is_usual(const struct agent_key *key)
{
	return strlen(key->key) == AGENT_KEY_USUAL &&
	       strspn(key->key, "0123456789abcdefABCDEF") == AGENT_KEY_USUAL;
}

struct span {
	const char *text;
	size_t length;
};

/* Split at single spaces into exactly four non-empty fields. */
static bool split_fields(struct span fields[static 4], const char *line, size_t length)
{
	const char *end = line + length;

	for (int i = 0; i < 4; i++) {
		const char *space = memchr(line, ' ', (size_t)(end - line));
		const char *stop = space ? space : end;

		fields[i] = (struct span){ line, (size_t)(stop - line) };
		if (fields[i].length == 0 || !space != (i == 3))
			return false;
		line = stop + 1;
	}
	return true;
}

static void copy_span(char *target, struct span span)
{
	memcpy(target, span.text, span.length);
	target[span.length] = '\0';
}

enum agent_key_fault agent_key_parse(struct agent_key *ret, const char *line, size_t length)
{
	struct span fields[4];

	if (!split_fields(fields, line, length))
		return AGENT_KEY_FIELDS;
	if (!agent_id_is_valid(fields[0].text, fields[0].length))
		return AGENT_KEY_ID;
	if (!name_is_readable(fields[1].text, fields[1].length))
		return AGENT_KEY_NAME;
	if (!agent_ip_is_valid(fields[2].text, fields[2].length))
		return AGENT_KEY_IP;
	if (!key_is_readable(fields[3].text, fields[3].length))
		return AGENT_KEY_KEY;

	copy_span(ret->id, fields[0]);
	copy_span(ret->name, fields[1]);
	copy_span(ret->ip, fields[2]);
	copy_span(ret->key, fields[3]);
	return AGENT_KEY_OK;
}

enum agent_key_fault agent_key_parse_received(struct agent_key *ret, const char *line,
					      size_t length)
{
	struct agent_key key;
	enum agent_key_fault fault = agent_key_parse(&key, line, length);

	if (fault == AGENT_KEY_OK && !agent_name_is_registrable(key.name, strlen(key.name)))
		fault = AGENT_KEY_RECEIVED_NAME;
	else if (fault == AGENT_KEY_OK && !agent_key_text_is_genuine(key.key, strlen(key.key)))
		fault = AGENT_KEY_NOT_GENUINE;
	if (fault == AGENT_KEY_OK)
		*ret = key;
	explicit_bzero(&key, sizeof key);
	return fault;
}

bool agent_key_equal(const struct agent_key *a, const struct agent_key *b)
{
	return strcmp(a->id, b->id) == 0 && strcmp(a->name, b->name) == 0 &&
	       strcmp(a->ip, b->ip) == 0 && strcmp(a->key, b->key) == 0;
}

const char *agent_key_fault_text(enum agent_key_fault fault)
{
	static const char *const texts[] = {
		[AGENT_KEY_OK] = "no fault",
		[AGENT_KEY_FIELDS] =
			"it does not consist of four fields separated by single spaces",
		[AGENT_KEY_ID] = "the id is not 1 to 8 digits",
		[AGENT_KEY_NAME] = "the name is not 1 to 128 printable characters without /, "
				   "or begins with # or !",
		[AGENT_KEY_IP] = "the address is neither \"any\" nor an IP address or network",
		[AGENT_KEY_KEY] = "the key is not 1 to 128 printable characters",
		[AGENT_KEY_RECEIVED_NAME] = "the name is not 2 to 128 characters of A-Z a-z 0-9 . "
					    "_ -, or begins with a dot",
		[AGENT_KEY_NOT_GENUINE] = "the key is not 64 to 128 letters and digits, "
					  "as all keys that managers generate are",
	};

	return texts[fault];
}

size_t agent_key_format(char buffer[static AGENT_LINE_SIZE + 1], const struct agent_key *key)
{
	int length = snprintf(buffer, AGENT_LINE_SIZE + 1, "%s %s %s %s\n", key->id, key->name,
			      key->ip, key->key);

	return (size_t)length;
}

int agent_key_hash(char ret[static AGENT_KEY_HASH_SIZE], const struct agent_key *key)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	char text[AGENT_ID_MAX + AGENT_NAME_MAX + AGENT_KEY_MAX + 1];
	int length = snprintf(text, sizeof text, "%s%s%s", key->id, key->name, key->key);
	unsigned int size;
	int done;

	done = EVP_Digest(text, (size_t)length, digest, &size, EVP_sha1(), NULL);

	explicit_bzero(text, sizeof text);
	if (done != 1)
		return library_memory_was_short() ? -ENOMEM : -EIO;
	hex_print(ret, digest, size);
	return 0;
}

void agent_key_checksum(char ret[static AGENT_KEY_CHECKSUM_SIZE], const struct agent_key *key)
{
	char line[AGENT_LINE_SIZE + 1];
	size_t length = agent_key_format(line, key);
	unsigned char hash[SHA256_SIZE];

	sha256(hash, line, length);
	hex_print(ret, hash, AGENT_KEY_CHECKSUM_SIZE / 2);
	explicit_bzero(line, sizeof line);
}

void agent_key_wipe(struct agent_key *key)
{
	explicit_bzero(key, sizeof *key);
}
