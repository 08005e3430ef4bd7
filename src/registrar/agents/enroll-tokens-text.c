/* SPDX-License-Identifier: ISC */
/* The text of the file with the enrollment tokens. */
#include "registrar/agents/enroll-tokens.h"

#include "common/base64.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char first_line[] = "agent-registrar enrollment tokens 1\n";

#define SECRET_LENGTH (BASE64_SIZE(ENROLLMENT_SECRET_SIZE) - 1)
#define LINE_SIZE 1024 /* with the terminator; they are no longer than 700 bytes */

static const char *const states[] = { "valid", "revoked" };

bool enroll_token_description_is_valid(const char *text)
{
	const char *at = text;

	while (*at >= ' ' && *at <= '~')
		at++;
	return *at == '\0' && at - text <= ENROLL_TOKEN_DESCRIPTION_MAX;
}

/* ------------------------------------------------------------------ writing */

static size_t format_line(char ret[static LINE_SIZE], const struct enroll_token *token)
{
	char secret[SECRET_LENGTH + 1];
	int length;

	(void)base64_encode(secret, BASE64_URL, token->secret, sizeof token->secret);
	length = snprintf(ret, LINE_SIZE,
			  "%s %s %" PRIu64 " %" PRIu64 " %" PRIu32 " %" PRIu32 " %s %s%s%s\n",
			  token->id, secret, token->created, token->expires, token->uses,
			  token->most, states[token->is_revoked], token->address,
			  token->description[0] ? " " : "", token->description);
	explicit_bzero(secret, sizeof secret);
	return (size_t)length;
}

int enroll_tokens_format(char **ret, size_t *ret_length, const struct enroll_tokens *tokens)
{
	size_t length = sizeof first_line - 1;
	char *text = malloc(length + (tokens->count + 1) * LINE_SIZE);

	if (!text)
		return -ENOMEM;
	memcpy(text, first_line, length);
	for (size_t i = 0; i < tokens->count; i++)
		length += format_line(text + length, &tokens->tokens[i]);
	*ret = text;
	*ret_length = length;
	return 0;
}

/* ------------------------------------------------------------------ reading */

/* Cut the next word off, which a blank or the end of the line follows; null: there is none. */
static char *next_word(char **rest)
{
	char *word = *rest, *blank = word ? strchr(word, ' ') : NULL;

	*rest = blank ? blank + 1 : NULL;
	if (blank)
		*blank = '\0';
	return word && *word ? word : NULL;
}

static bool take_number(uint64_t *ret, const char *word, uint64_t most)
{
	size_t digits = word ? strspn(word, "0123456789") : 0;

	if (digits == 0 || digits > 18 || word[digits])
		return false;
	*ret = strtoull(word, NULL, 10);
	return *ret <= most;
}

static bool take_secret(struct enroll_token *token, const char *word)
{
	return word && base64_decode(token->secret, sizeof token->secret, BASE64_URL, word,
				     strlen(word)) == sizeof token->secret;
}

static bool take_state(struct enroll_token *token, const char *word)
{
	for (int i = 0; word && i < 2; i++)
		if (strcmp(word, states[i]) == 0) {
			token->is_revoked = i;
			return true;
		}
	return false;
}

static bool take_address(struct enroll_token *token, const char *word)
{
	char prefix[ENDPOINT_PREFIX_SIZE];
	struct endpoint manager;

	if (!word || strlen(word) >= sizeof token->address ||
	    enrollment_address_parse(&manager, prefix, word) < 0)
		return false;
	enrollment_address_format(token->address, &manager, prefix);
	return true;
}

static bool take_words(struct enroll_token *token, char *rest)
{
	const char *id = next_word(&rest);
	uint64_t uses, most;

	if (!id || !enrollment_id_is_valid(id, strlen(id)))
		return false;
	memcpy(token->id, id, sizeof token->id);
	if (!take_secret(token, next_word(&rest)) ||
	    !take_number(&token->created, next_word(&rest), UINT64_MAX) ||
	    !take_number(&token->expires, next_word(&rest), UINT64_MAX) ||
	    !take_number(&uses, next_word(&rest), UINT32_MAX) ||
	    !take_number(&most, next_word(&rest), UINT32_MAX) ||
	    !take_state(token, next_word(&rest)) || !take_address(token, next_word(&rest)))
		return false;
	token->uses = (uint32_t)uses;
	token->most = (uint32_t)most;
	if (rest && !enroll_token_description_is_valid(rest))
		return false;
	(void)snprintf(token->description, sizeof token->description, "%s", rest ?: "");
	return true;
}

/* There is one way to write a line, so it is written again. `length` is with the newline. */
static bool read_line(struct enroll_token *ret, const char *text, size_t length)
{
	struct enroll_token token = { .id = "" };
	char line[LINE_SIZE], again[LINE_SIZE];
	bool is_right = length > 1 && length < sizeof line && text[length - 1] == '\n' &&
			!memchr(text, '\0', length);

	if (is_right) {
		memcpy(line, text, length - 1);
		line[length - 1] = '\0';
		is_right = take_words(&token, line) && format_line(again, &token) == length &&
			   memcmp(again, text, length) == 0;
		explicit_bzero(again, sizeof again);
		explicit_bzero(line, sizeof line);
	}
	if (is_right)
		*ret = token;
	explicit_bzero(&token, sizeof token);
	return is_right;
}

#define REMEDY "restore it from a backup, or move it away: the tokens in it end then"

static int read_lines(struct enroll_tokens *tokens, const char *text, size_t length,
		      struct reason *why)
{
	const char *end = text + length;

	for (size_t number = 2; text < end; number++) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t whole = (size_t)((newline ? newline + 1 : end) - text);
		struct enroll_token token;
		int r = -EINVAL;

		if (!read_line(&token, text, whole) || enroll_tokens_find(tokens, token.id))
			reason_set(why,
				   "Line %zu of %s is not that of an enrollment token; " REMEDY,
				   number, tokens->path);
		else
			r = enroll_tokens_add(tokens, &token, why);
		explicit_bzero(&token, sizeof token);
		if (r < 0)
			return r;
		text += whole;
	}
	return 0;
}

int enroll_tokens_parse(struct enroll_tokens *tokens, const char *text, size_t length,
			struct reason *why)
{
	const size_t first = sizeof first_line - 1;
	struct enroll_tokens parsed = { .path = tokens->path, .known = tokens->known };
	int r;

	if (length < first || memcmp(text, first_line, first) != 0) {
		reason_set(
			why,
			"%s is no file of agent-registrar's enrollment tokens, version 1; " REMEDY,
			tokens->path);
		return -EINVAL;
	}
	r = read_lines(&parsed, text + first, length - first, why);
	parsed.is_changed = false;
	if (r < 0) {
		enroll_tokens_clear(&parsed);
		return r;
	}
	enroll_tokens_clear(tokens);
	*tokens = parsed;
	return 0;
}
