/* SPDX-License-Identifier: ISC */
/*
 * The calls about enrollment tokens, as in Wazuh 5.0.0, release candidate of September 2026
 * (framework/wazuh/core/enrollment_token.py, pull request 39220).
 */
#include "common/cleanup.h"
#include "common/hex.h"
#include "registrar/api/fields.h"
#include "registrar/api/incoming-call.h"
#include "registrar/api/repr.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN_SIZE 160

/* ------------------------------------------------------------------ refusals */

/* "VALUE WHAT - 'NAME'" */
static void refuse(struct incoming_call *call, const char *value, const char *what,
		   const char *name)
{
	char shown[SHOWN_SIZE];

	(void)api_problem_set(&call->result.problem, 400, "Bad Request", "%s %s - '%s'",
			      api_repr_text(shown, sizeof shown, value, strlen(value)), what, name);
}

static void explain(struct incoming_call *call, enum token_fault fault)
{
	const struct token_make_request *wish = &call->input.body.token;
	struct api_problem *problem = &call->result.problem;

	switch (fault) {
	case TOKEN_ADDRESS:
		refuse(call, wish->address, "is not a host name or an address", "address");
		break;
	case TOKEN_PREFIX:
		refuse(call, wish->prefix, "is not the beginning of a path", "prefix");
		break;
	case TOKEN_TTL:
		(void)api_problem_code(problem, API_TIMEFRAME, "it is too long - 'ttl'");
		break;
	case TOKEN_DESCRIPTION:
		refuse(call, wish->description, "is too long, or not printable ASCII",
		       "description");
		break;
	case TOKEN_NOT_KEPT:
		(void)api_problem_set(problem, 400, "Bad Request",
				      "A token without a credential is not kept, and has no ttl, "
				      "max_uses or description - 'no_credential'");
		break;
	case TOKEN_FULL:
		(void)api_problem_code(problem, API_TOKEN_REFUSED,
				       "there are as many as there may be, and all can be used; "
				       "revoke those that are not needed, or remove all with "
				       "'agent-registrar token purge --all --force'");
		break;
	case TOKEN_NO_CA:
		(void)api_problem_code(problem, API_TOKEN_REFUSED,
				       "there is no CA that it could name");
		break;
	case TOKEN_STORE:
		(void)api_problem_code(problem, API_TOKENS_NOT_STORED, NULL);
		break;
	case TOKEN_OK:
	case TOKEN_INTERNAL:
		(void)api_problem_code(problem, API_INTERNAL, NULL);
		break;
	}
}

/* A time that no calendar has is unknown. */
static json_t *describe_time(uint64_t seconds)
{
	return api_time_describe((time_t)seconds) ?: json_null();
}

/* ------------------------------------------------------------------ POST */

static json_t *describe_made(const struct token_make_answer *made)
{
	json_t *object = json_pack("{s:s}", "token", made->text);
	char pin[2 * ENROLLMENT_PIN_SIZE + 1];

	if (object && made->id[0])
		json_object_set_new(object, "id", json_string(made->id));
	if (object)
		json_object_set_new(object, "address", json_string(made->address));
	if (object && made->id[0])
		json_object_set_new(object, "expires", describe_time(made->expires));
	if (object && made->has_pin) {
		hex_print(pin, made->pin, sizeof made->pin);
		json_object_set_new(object, "pin_hex", json_string(pin));
	}
	return object;
}

static void made(struct incoming_call *call, struct registry_answer *answer)
{
	const struct token_make_answer *token = &answer->token_make;

	if (token->fault == TOKEN_OK)
		call->result.answer = api_response_data(describe_made(token), call->input.pretty);
	else
		explain(call, token->fault);
	incoming_call_answer(call);
}

static void make(struct incoming_call *call)
{
	struct token_make_request *request = malloc(sizeof *request);

	if (request) {
		*request = call->input.body.token;
		api_name_user(call, &request->user);
	}
	api_ask(call, REGISTRY_TOKEN_MAKE, request, made);
}

/* ------------------------------------------------------------------ GET */

struct token_listing {
	struct incoming_call *call;
	long from, left; /* which one is the next, and how many more are shown */
	struct api_items items;
	struct api_result result;
};

static void free_listing(void *state)
{
	struct token_listing *listing = state;

	api_items_clear(&listing->items);
	api_result_clear(&listing->result);
	free(listing);
}

static json_t *describe_row(const struct token_row *row)
{
	return json_pack("{s:s, s:s, s:o, s:o, s:I, s:I, s:b, s:b, s:s?}", "id", row->id, "address",
			 row->address, "created", describe_time(row->created), "expires",
			 describe_time(row->expires), "max_uses", (json_int_t)row->most, "uses",
			 (json_int_t)row->uses, "revoked", (int)row->is_revoked, "credential", 1,
			 "description", row->description[0] ? row->description : NULL);
}

static void finish(struct token_listing *listing)
{
	struct incoming_call *call = listing->call;

	call->result.body = api_items_print(&listing->items, &listing->result);
	if (call->result.body)
		incoming_call_answer(call);
	else
		incoming_call_answer_later(call);
}

static void ask_for_page(struct token_listing *listing);

static void got_page(struct incoming_call *call, struct registry_answer *answer)
{
	struct token_listing *listing = call->work.state;
	const struct tokens_page *page = &answer->tokens;

	if (page->fault != TOKEN_OK) {
		explain(call, page->fault);
		incoming_call_answer(call);
		return;
	}
	for (const struct token_row *row = page->rows; row && listing->left > 0; row = row->next) {
		if (!api_items_add(&listing->items, describe_row(row))) {
			incoming_call_answer_later(call);
			return;
		}
		listing->from++;
		listing->left--;
	}
	listing->result.total = page->total;
	if (page->rows && listing->left > 0 && listing->from < (long)page->total)
		ask_for_page(listing);
	else
		finish(listing);
}

static void ask_for_page(struct token_listing *listing)
{
	struct tokens_request *request = calloc(1, sizeof *request);

	if (request) {
		api_name_user(listing->call, &request->user);
		request->from = (uint32_t)listing->from;
	}
	api_exchange_extend(listing->call->exchange);
	api_ask(listing->call, REGISTRY_TOKENS, request, got_page);
}

static void list(struct incoming_call *call)
{
	const char *offset = api_query_get(&call->input.query, "offset"),
		   *limit = api_query_get(&call->input.query, "limit");
	struct token_listing *listing = calloc(1, sizeof *listing);

	if (!listing) {
		incoming_call_answer_later(call);
		return;
	}
	*listing = (struct token_listing){
		.call = call,
		.left = 500,
		.items.pretty = call->input.pretty,
		.result = { .all = "All enrollment tokens were returned",
			    .some = "Some enrollment tokens were not returned",
			    .none = "No enrollment tokens were returned" },
	};
	call->work = (struct call_work){ .state = listing, .free = free_listing };
	if (offset)
		(void)api_integer_parse(offset, &listing->from);
	if (limit)
		(void)api_integer_parse(limit, &listing->left);
	ask_for_page(listing);
}

/* ------------------------------------------------------------------ DELETE, by their ids */

/* The id in the path, or those of the query, with commas between them; null: there are none. */
static const char *named_ids(const struct incoming_call *call)
{
	return call->input.path.count > 2 ? call->input.path.segments[2]
					  : api_query_get(&call->input.query, "tokens_list");
}

static bool has_id(const struct token_end_answer *ended, const char *id)
{
	for (size_t i = 0; i < ended->count; i++)
		if (strcmp(ended->ids[i], id) == 0)
			return true;
	return false;
}

static struct api_result result_of_revoking(const struct incoming_call *call)
{
	if (call->input.path.count > 2)
		return (struct api_result){ .all = "Enrollment token was revoked",
					    .some = "Enrollment token was not revoked",
					    .none = "Enrollment token was not revoked" };
	return (struct api_result){ .all = "All selected enrollment tokens were revoked",
				    .some = "Some enrollment tokens were not revoked",
				    .none = "No enrollment tokens were revoked" };
}

static void print_revoked(struct incoming_call *call, const struct token_end_answer *ended)
{
	cleanup(api_result_clear) struct api_result result = result_of_revoking(call);
	const char *at = named_ids(call);
	struct api_problem absent;

	(void)api_problem_code(&absent, API_NO_TOKEN, NULL);
	for (;; at++) {
		cleanup_free char *id = strndup(at, strcspn(at, ","));

		if (!id) {
			incoming_call_answer_later(call);
			return;
		}
		if (has_id(ended, id))
			api_result_add(&result, json_string(id));
		else
			api_result_fail(&result, id, &absent);
		at += strlen(id);
		if (*at == '\0')
			break;
	}
	call->result.answer = api_result_print(&result, call->input.pretty);
	incoming_call_answer(call);
}

static void revoked(struct incoming_call *call, struct registry_answer *answer)
{
	if (answer->token_end.fault == TOKEN_OK) {
		print_revoked(call, &answer->token_end);
		return;
	}
	explain(call, answer->token_end.fault);
	incoming_call_answer(call);
}

/* What cannot be an id is none of a token, and is not asked for. False: there are too many. */
static bool name_tokens(struct token_end_request *request, const char *at)
{
	for (;; at++) {
		size_t length = strcspn(at, ",");

		if (enrollment_id_is_valid(at, length)) {
			if (request->count == TOKEN_IDS_MAX)
				return false;
			memcpy(request->ids[request->count++], at, length);
		}
		at += length;
		if (*at == '\0')
			return true;
	}
}

static struct token_end_request *new_ending(const struct incoming_call *call,
					    enum token_ending ending)
{
	struct token_end_request *request = calloc(1, sizeof *request);

	if (request) {
		api_name_user(call, &request->user);
		request->ending = ending;
	}
	return request;
}

static void revoke_tokens(struct incoming_call *call)
{
	struct token_end_request *request = new_ending(call, TOKEN_REVOKE);

	if (!request || name_tokens(request, named_ids(call))) {
		api_ask(call, REGISTRY_TOKEN_END, request, revoked);
		return;
	}
	explicit_bzero(request, sizeof *request);
	free(request);
	(void)api_problem_set(&call->result.problem, 400, "Bad Request",
			      "There are more than %d - 'tokens_list'", TOKEN_IDS_MAX);
	incoming_call_answer(call);
}

/* ------------------------------------------------------------------ DELETE, by their state */

static void purged(struct incoming_call *call, struct registry_answer *answer)
{
	const struct token_end_answer *ended = &answer->token_end;
	cleanup(api_result_clear) struct api_result result = {
		.all = "All selected enrollment tokens were removed",
		.some = "Some enrollment tokens were not removed",
		.none = "No enrollment tokens were removed",
	};

	for (size_t i = 0; i < ended->count; i++)
		api_result_add(&result, json_string(ended->ids[i]));
	if (ended->fault == TOKEN_OK)
		call->result.answer = api_result_print(&result, call->input.pretty);
	else
		explain(call, ended->fault);
	incoming_call_answer(call);
}

/* Both would leave open what is meant, and so would neither. */
static void end_tokens(struct incoming_call *call)
{
	const char *status = api_query_get(&call->input.query, "status");
	struct api_problem *problem = &call->result.problem;

	if (!status == !named_ids(call)) {
		(void)api_problem_set(problem, 400, "Bad Request",
				      status ? "Parameters 'status' and 'tokens_list' exclude "
					       "each other"
					     : "Missing query parameter 'status'");
		incoming_call_answer(call);
	} else if (!status) {
		revoke_tokens(call);
	} else {
		api_ask(call, REGISTRY_TOKEN_END,
			new_ending(call,
				   strcmp(status, "all") == 0 ? TOKEN_PURGE_ALL : TOKEN_PURGE_DEAD),
			purged);
	}
}

/* ------------------------------------------------------------------ the list of calls */

static const char *const statuses[] = { "dead", "all", NULL };

static const struct api_parameter_rule list_parameters[] = {
	API_COMMON_PARAMETERS,
	API_PAGE_PARAMETERS,
	{ .name = NULL },
};

static const struct api_parameter_rule end_parameters[] = {
	API_COMMON_PARAMETERS,
	{ .name = "tokens_list", .kind = API_PARAMETER_TEXT, .is_list = true },
	{ .name = "status",
	  .kind = API_PARAMETER_WORD,
	  .words = statuses,
	  .schema = "{'enum': ['dead', 'all'], 'type': 'string'}" },
	{ .name = NULL },
};

const struct api_route api_token_routes[] = {
	{ .method = API_POST,
	  .pattern = "/agents/enrollment-tokens",
	  .ask = make,
	  .parameters = api_common_parameters,
	  .has_body = true,
	  .body = API_BODY_TOKEN },
	{ .method = API_GET,
	  .pattern = "/agents/enrollment-tokens",
	  .ask = list,
	  .parameters = list_parameters },
	{ .method = API_DELETE,
	  .pattern = "/agents/enrollment-tokens",
	  .ask = end_tokens,
	  .parameters = end_parameters },
	{ .method = API_DELETE,
	  .pattern = "/agents/enrollment-tokens/{}",
	  .ask = revoke_tokens,
	  .parameters = api_common_parameters },
	{ .pattern = NULL },
};
