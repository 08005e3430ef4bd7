/* SPDX-License-Identifier: ISC */
/*
 * What users of the API ask about enrollment tokens. Whatever a front has sent is checked here as
 * if a stranger had: a wish by the rules of the command, an id by the tokens there are.
 */
#include "common/cleanup.h"
#include "common/log.h"
#include "registrar/keeper/pending.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *describe_client(const struct pending *pending, const struct registry_user *user,
				   char ret[static REGISTRY_USER_TEXT_SIZE])
{
	return registry_user_describe(&user->client, pending->request->user, ret);
}

/* The tokens as the file has them now. Null, with `why` set: there are none to be had. */
static struct enroll_tokens *refresh(const struct pending *pending, struct reason *why)
{
	struct enroll_tokens *tokens = pending->file->settings.tokens;

	if (!tokens)
		reason_set(why, "There are no enrollment tokens");
	return tokens && enroll_tokens_refresh(tokens, why) == 0 ? tokens : NULL;
}

/* A fault of this machine is worth a line; nobody who asks knows of it. */
static enum token_fault note(const struct pending *pending, const struct registry_user *user,
			     enum token_fault fault, const struct reason *why)
{
	if (fault >= TOKEN_FULL)
		pending_log_failure(pending, user, why->text);
	return fault;
}

/* What was decided could not be stored, or nothing was decided. */
static enum token_fault fault_of(bool decided)
{
	return decided ? TOKEN_STORE : TOKEN_INTERNAL;
}

/* ------------------------------------------------------------------ making one */

static struct token_wish wish_of(const struct token_make_request *request)
{
	return (struct token_wish){
		.address = request->address[0] ? request->address : NULL,
		.prefix = request->has_prefix ? request->prefix : NULL,
		.description = request->description[0] ? request->description : NULL,
		.port = request->port,
		.ttl = request->ttl,
		.most = request->most,
		.embeds_ca = request->embeds_ca,
		.has_no_credential = request->has_no_credential,
	};
}

/* The text is the last thing that can fail: what is staged is handed out. */
static enum token_fault write_answer(struct token_make_answer *ret,
				     const struct enrollment_token *token, struct reason *why)
{
	int r = enrollment_token_format(&ret->text, token);

	if (r < 0) {
		ret->text = NULL;
		(void)reason_errno(why, r, "Cannot write an enrollment token");
		return r == -EMSGSIZE ? TOKEN_NO_CA : TOKEN_INTERNAL;
	}
	enrollment_address_format(ret->address, &token->manager, token->prefix);
	ret->has_pin = token->ca == NULL;
	if (ret->has_pin)
		memcpy(ret->pin, token->pin, sizeof ret->pin);
	return TOKEN_OK;
}

static enum token_fault keep(struct pending *pending, struct enroll_tokens *tokens,
			     const struct enrollment_token *token, const struct token_wish *wish,
			     struct reason *why)
{
	struct token_make_answer *ret = &pending->token_make;
	struct enroll_token kept;
	int r;

	token_describe(&kept, token, wish, (uint64_t)time(NULL));
	pending->tokens_removed = enroll_tokens_make_room(tokens, kept.created);
	r = enroll_tokens_add(tokens, &kept, why);
	memcpy(ret->id, kept.id, sizeof ret->id);
	ret->expires = kept.expires;
	explicit_bzero(&kept, sizeof kept);
	if (r == 0)
		return TOKEN_OK;
	return r == -E2BIG ? TOKEN_FULL : TOKEN_INTERNAL;
}

static enum token_fault make(struct pending *pending, struct reason *why)
{
	const struct token_wish wish = wish_of(pending->request->token_make);
	cleanup(enrollment_token_wipe) struct enrollment_token token = { .ca = NULL };
	enum token_fault fault = token_wish_check(&wish);
	struct enroll_tokens *tokens;

	if (fault != TOKEN_OK ||
	    token_make(&token, &wish, &pending->file->settings.token_files, &fault, why) < 0)
		return fault;
	fault = write_answer(&pending->token_make, &token, why);
	if (fault != TOKEN_OK || wish.has_no_credential)
		return fault;
	tokens = refresh(pending, why);
	return tokens ? keep(pending, tokens, &token, &wish, why) : TOKEN_STORE;
}

static void fail_making(struct pending *pending, enum token_fault fault, const struct reason *why)
{
	token_make_answer_clear(&pending->token_make);
	pending->token_make.fault = note(pending, &pending->request->token_make->user, fault, why);
}

static void decide_making(struct pending *pending, struct roster *roster, struct records *records)
{
	struct reason why;
	enum token_fault fault = make(pending, &why);

	(void)roster, (void)records;
	if (fault != TOKEN_OK)
		fail_making(pending, fault, &why);
}

static void fail_make(struct pending *pending, bool decided, const struct reason *why)
{
	if (!decided || pending->token_make.fault == TOKEN_OK)
		fail_making(pending, fault_of(decided), why);
}

static void conclude_making(struct pending *pending, struct registry_answer *ret)
{
	const struct token_make_request *request = pending->request->token_make;
	struct token_make_answer *answer = &pending->token_make;
	char client[REGISTRY_USER_TEXT_SIZE];

	describe_client(pending, &request->user, client);
	if (answer->fault == TOKEN_OK && pending->tokens_removed > 0)
		log_info("Removed %zu enrollment tokens that could not be used any more, to make "
			 "room, for %s",
			 pending->tokens_removed, client);
	if (answer->fault == TOKEN_OK && answer->id[0])
		log_info("Created the enrollment token %s for %s, for %s", answer->id,
			 answer->address, client);
	else if (answer->fault == TOKEN_OK)
		log_info("Created an enrollment token without a credential for %s, for %s",
			 answer->address, client);
	ret->token_make = *answer;
	answer->text = NULL; /* it is the answer's now */
}

static void wipe_making(struct pending *pending)
{
	token_make_answer_clear(&pending->token_make);
}

const struct pending_kind pending_token_make = {
	.changes_roster = true, /* what is beside it */
	.decide = decide_making,
	.fail = fail_make,
	.conclude = conclude_making,
	.wipe = wipe_making,
};

/* ------------------------------------------------------------------ listing */

static struct token_row *make_row(const struct enroll_token *token)
{
	struct token_row *row = malloc(sizeof *row);

	if (!row)
		return NULL;
	*row = (struct token_row){
		.created = token->created,
		.expires = token->expires,
		.uses = token->uses,
		.most = token->most,
		.is_revoked = token->is_revoked,
	};
	memcpy(row->id, token->id, sizeof row->id);
	memcpy(row->address, token->address, sizeof row->address);
	(void)snprintf(row->description, sizeof row->description, "%s", token->description);
	return row;
}

static void fail_list(struct pending *pending, enum token_fault fault, const struct reason *why)
{
	tokens_page_clear(&pending->tokens);
	pending->tokens = (struct tokens_page){
		.fault = note(pending, &pending->request->tokens->user, fault, why),
	};
}

/* False: out of memory. */
static bool add_rows(struct tokens_page *ret, const struct enroll_tokens *tokens, size_t from)
{
	struct token_row **end = &ret->rows;

	ret->total = (uint32_t)tokens->count;
	for (size_t i = from; i < tokens->count && i - from < TOKENS_PAGE_MAX; i++) {
		*end = make_row(&tokens->tokens[i]);
		if (!*end)
			return false;
		end = &(*end)->next;
	}
	return true;
}

static void decide_list(struct pending *pending, struct roster *roster, struct records *records)
{
	struct reason why;
	const struct enroll_tokens *tokens = refresh(pending, &why);

	(void)roster, (void)records;
	if (!tokens) {
		fail_list(pending, TOKEN_STORE, &why);
	} else if (!add_rows(&pending->tokens, tokens, pending->request->tokens->from)) {
		reason_set(&why, "Out of memory: no enrollment tokens were listed");
		fail_list(pending, TOKEN_INTERNAL, &why);
	}
}

static void fail_listing(struct pending *pending, bool decided, const struct reason *why)
{
	(void)decided;
	fail_list(pending, TOKEN_INTERNAL, why);
}

static void conclude_list(struct pending *pending, struct registry_answer *ret)
{
	ret->tokens = pending->tokens;
	pending->tokens.rows = NULL;
}

static void wipe_list(struct pending *pending)
{
	tokens_page_clear(&pending->tokens);
}

const struct pending_kind pending_tokens = {
	.decide = decide_list,
	.fail = fail_listing,
	.conclude = conclude_list,
	.wipe = wipe_list,
};

/* ------------------------------------------------------------------ ending */

static void add_id(struct token_end_answer *ret, const struct enroll_token *token)
{
	memcpy(ret->ids[ret->count++], token->id, sizeof ret->ids[0]);
}

/* One that is not there is left out of the answer. */
static void revoke_named(struct token_end_answer *ret, struct enroll_tokens *tokens,
			 const struct token_end_request *request)
{
	for (size_t i = 0; i < request->count; i++) {
		struct enroll_token *token = enroll_tokens_find(tokens, request->ids[i]);

		if (!token)
			continue;
		enroll_tokens_revoke(tokens, token);
		add_id(ret, token);
	}
}

static void purge(struct token_end_answer *ret, struct enroll_tokens *tokens, bool all)
{
	const uint64_t now = (uint64_t)time(NULL);

	for (size_t i = 0; i < tokens->count; i++)
		if (all || enroll_token_state(&tokens->tokens[i], now) != ENROLL_TOKEN_ACTIVE)
			add_id(ret, &tokens->tokens[i]);
	(void)enroll_tokens_purge(tokens, all, now);
}

static void fail_ending(struct pending *pending, enum token_fault fault, const struct reason *why)
{
	free(pending->token_end.ids);
	pending->token_end = (struct token_end_answer){
		.fault = note(pending, &pending->request->token_end->user, fault, why),
	};
}

static void decide_ending(struct pending *pending, struct roster *roster, struct records *records)
{
	const struct token_end_request *request = pending->request->token_end;
	const bool revokes = request->ending == TOKEN_REVOKE;
	struct token_end_answer *answer = &pending->token_end;
	struct reason why;
	struct enroll_tokens *tokens = refresh(pending, &why);

	(void)roster, (void)records;
	if (!tokens) {
		fail_ending(pending, TOKEN_STORE, &why);
		return;
	}
	answer->ids = calloc((revokes ? request->count : tokens->count) + 1, sizeof *answer->ids);
	if (!answer->ids) {
		reason_set(&why, "Out of memory: no enrollment token was revoked or removed");
		fail_ending(pending, TOKEN_INTERNAL, &why);
	} else if (revokes) {
		revoke_named(answer, tokens, request);
	} else {
		purge(answer, tokens, request->ending == TOKEN_PURGE_ALL);
	}
}

static void fail_end(struct pending *pending, bool decided, const struct reason *why)
{
	if (!decided || pending->token_end.fault == TOKEN_OK)
		fail_ending(pending, fault_of(decided), why);
}

static void conclude_ending(struct pending *pending, struct registry_answer *ret)
{
	const struct token_end_request *request = pending->request->token_end;
	const struct token_end_answer *answer = &pending->token_end;
	char client[REGISTRY_USER_TEXT_SIZE];

	describe_client(pending, &request->user, client);
	for (size_t i = 0; request->ending == TOKEN_REVOKE && i < answer->count; i++)
		log_info("Revoked the enrollment token %s, for %s", answer->ids[i], client);
	if (request->ending != TOKEN_REVOKE && answer->count > 0)
		log_info("Removed %zu enrollment tokens%s, for %s", answer->count,
			 request->ending == TOKEN_PURGE_ALL ? ", which are all"
							    : " that could not be used any more",
			 client);
	ret->token_end = *answer;
	pending->token_end.ids = NULL;
}

static void wipe_ending(struct pending *pending)
{
	free(pending->token_end.ids);
	pending->token_end.ids = NULL;
}

const struct pending_kind pending_token_end = {
	.changes_roster = true, /* what is beside it */
	.decide = decide_ending,
	.fail = fail_end,
	.conclude = conclude_ending,
	.wipe = wipe_ending,
};
