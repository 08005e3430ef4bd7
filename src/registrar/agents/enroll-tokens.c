/* SPDX-License-Identifier: ISC */
#include "registrar/agents/enroll-tokens.h"

#include "common/secret.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum enroll_token_state enroll_token_state(const struct enroll_token *token, uint64_t now)
{
	if (token->is_revoked)
		return ENROLL_TOKEN_REVOKED;
	if (now >= token->expires)
		return ENROLL_TOKEN_EXPIRED;
	return token->most > 0 && token->uses >= token->most ? ENROLL_TOKEN_USED_UP
							     : ENROLL_TOKEN_ACTIVE;
}

const char *enroll_token_state_text(enum enroll_token_state state)
{
	static const char *const texts[] = {
		[ENROLL_TOKEN_ACTIVE] = "active",
		[ENROLL_TOKEN_REVOKED] = "revoked",
		[ENROLL_TOKEN_EXPIRED] = "expired",
		[ENROLL_TOKEN_USED_UP] = "used-up",
	};

	return texts[state];
}

struct enroll_token *enroll_tokens_find(const struct enroll_tokens *tokens, const char *id)
{
	for (size_t i = 0; i < tokens->count; i++)
		if (strcmp(tokens->tokens[i].id, id) == 0)
			return &tokens->tokens[i];
	return NULL;
}

static int grow(struct enroll_tokens *tokens)
{
	size_t room = 2 * tokens->room + 8;
	struct enroll_token *grown;

	if (tokens->count < tokens->room)
		return 0;
	grown = secret_realloc(tokens->tokens, tokens->room * sizeof *grown, room * sizeof *grown);
	if (!grown)
		return -ENOMEM;
	tokens->tokens = grown;
	tokens->room = room;
	return 0;
}

int enroll_tokens_add(struct enroll_tokens *tokens, const struct enroll_token *token,
		      struct reason *why)
{
	if (tokens->count >= ENROLL_TOKENS_MAX) {
		reason_set(why,
			   "There are %d enrollment tokens, and no more are possible; revoke those "
			   "that are not needed with 'agent-registrar token revoke', or remove all "
			   "with 'agent-registrar token purge --all --force'",
			   ENROLL_TOKENS_MAX);
		return -E2BIG;
	}
	if (grow(tokens) < 0)
		return reason_errno(why, ENOMEM, "Cannot keep the enrollment tokens of %s",
				    tokens->path);
	tokens->tokens[tokens->count++] = *token;
	tokens->is_changed = true;
	return 0;
}

void enroll_tokens_revoke(struct enroll_tokens *tokens, struct enroll_token *token)
{
	tokens->is_changed |= !token->is_revoked;
	token->is_revoked = true;
}

size_t enroll_tokens_purge(struct enroll_tokens *tokens, bool all, uint64_t now)
{
	size_t kept = 0, removed;

	for (size_t i = 0; i < tokens->count; i++) {
		struct enroll_token *token = &tokens->tokens[i];

		if (!all && enroll_token_state(token, now) == ENROLL_TOKEN_ACTIVE)
			tokens->tokens[kept++] = *token;
	}
	removed = tokens->count - kept;
	if (removed > 0)
		explicit_bzero(tokens->tokens + kept, removed * sizeof *tokens->tokens);
	tokens->is_changed |= removed > 0;
	tokens->count = kept;
	return removed;
}

size_t enroll_tokens_make_room(struct enroll_tokens *tokens, uint64_t now)
{
	return tokens->count < ENROLL_TOKENS_MAX ? 0 : enroll_tokens_purge(tokens, false, now);
}

void enroll_tokens_count_use(struct enroll_tokens *tokens, struct enroll_token *token)
{
	if (token->uses < UINT32_MAX)
		token->uses++;
	tokens->is_changed = true;
}

void enroll_tokens_clear(struct enroll_tokens *tokens)
{
	if (tokens->count > 0)
		explicit_bzero(tokens->tokens, tokens->count * sizeof *tokens->tokens);
	free(tokens->tokens);
	*tokens = (struct enroll_tokens){ .path = tokens->path };
}
