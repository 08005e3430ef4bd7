/* SPDX-License-Identifier: ISC */
/*
 * Any file of enrollment tokens at all: it is refused, with a reason that can be shown, or it is
 * what would be written of the tokens in it, and each of them is found.
 */
#include "fuzz.h"

#include "registrar/agents/enroll-tokens.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct enroll_tokens tokens = { .path = "PATH" };
	struct reason why = { "" };
	char *text;
	size_t length;

	if (enroll_tokens_parse(&tokens, (const char *)data, size, &why) < 0) {
		HOLDS(tokens.count == 0 && why.text[0]);
		for (const char *at = why.text; *at; at++)
			HOLDS(*at >= ' ' && *at <= '~');
		return 0;
	}
	HOLDS(tokens.count <= ENROLL_TOKENS_MAX && !tokens.is_changed);
	for (size_t i = 0; i < tokens.count; i++) {
		const struct enroll_token *token = &tokens.tokens[i];

		HOLDS(enroll_tokens_find(&tokens, token->id) == token);
		HOLDS(enrollment_id_is_valid(token->id, strlen(token->id)));
		HOLDS(enroll_token_description_is_valid(token->description));
	}
	HOLDS(enroll_tokens_format(&text, &length, &tokens) == 0);
	HOLDS(length == size && memcmp(text, data, size) == 0);
	free(text);
	HOLDS(enroll_tokens_purge(&tokens, true, 0) <= ENROLL_TOKENS_MAX && tokens.count == 0);
	enroll_tokens_clear(&tokens);
	return 0;
}
