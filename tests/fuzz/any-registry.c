/* SPDX-License-Identifier: ISC */
#include "any-registry.h"

#include "faults.h"
#include "fuzz.h"

#include <errno.h>
#include <stdio.h>

#define OPEN_MAX_ 1024

static struct registry_request *requests[OPEN_MAX_]; /* the one that waited longest is the first */
static size_t count;

static int submit(struct registry *registry, struct registry_request *request)
{
	(void)registry;
	if (count == OPEN_MAX_ || fuzz_fault_is_due("l"))
		return -ENOMEM;
	HOLDS(request->type < REGISTRY_TYPES);
	requests[count++] = request;
	return 0;
}

static void take_out(const struct registry_request *request)
{
	size_t at = 0;

	while (at < count && requests[at] != request)
		at++;
	HOLDS(at < count);
	for (count--; at < count; at++)
		requests[at] = requests[at + 1];
}

static void withdraw(struct registry *registry, struct registry_request *request)
{
	(void)registry;
	take_out(request);
}

struct registry *any_registry(void)
{
	static const struct registry_operations operations = {
		.submit = submit,
		.withdraw = withdraw,
	};
	static struct registry registry = { .operations = &operations };

	return &registry;
}

size_t any_registry_open(void)
{
	return count;
}

/* ------------------------------------------------------------------ answers */

static void decide_registration(struct registration_decision *ret, unsigned int how)
{
	ret->fault = (enum registration_fault)(how % (REGISTRATION_INTERNAL + 1));
	if (ret->fault == REGISTRATION_OK) {
		ret->agent = (struct agent_key){ "001", "web-01", "any", "5a5a" };
		(void)snprintf(ret->shown_ip, sizeof ret->shown_ip, "any");
		(void)snprintf(ret->secret, sizeof ret->secret, "%s", how & 32 ? "5a5a" : "");
	} else {
		(void)snprintf(ret->refusal, sizeof ret->refusal, "Duplicate name: \xff\n'web'");
	}
}

static void decide_key(struct key_answer *ret, unsigned int how)
{
	ret->fault = (enum key_fault)(how % (KEY_INTERNAL + 1));
	if (ret->fault == KEY_OK)
		ret->agent = (struct agent_key){ "001", "web-01", "10.0.0.0/8", "5a5a" };
}

static void decide_login(struct login_answer *ret, unsigned int how)
{
	ret->fault = (enum login_fault)(how % (LOGIN_INTERNAL + 1));
	ret->is_user = ret->fault == LOGIN_WRONG && how & 4;
	if (ret->fault == LOGIN_OK)
		(void)snprintf(ret->token, sizeof ret->token, "h.p.m");
}

static void decide_removal(struct removal_answer *ret, const struct removal_request *request,
			   unsigned int how)
{
	size_t size = (request->count + 7) / 8;

	ret->fault = how & 64 ? REMOVAL_INTERNAL : REMOVAL_OK;
	ret->removed = calloc(1, size + 1);
	HOLDS(ret->removed);
	for (size_t i = 0; i < request->count; i++)
		if (how & 1 || how & 1u << i % 8)
			ret->removed[i / 8] |= (unsigned char)(1u << i % 8);
	ret->count = request->count;
}

static struct agent_row *make_row(unsigned int number, unsigned int how)
{
	static const char *const names[] = { "web-01", "DB_2", "a.b", "web-01", "z" };
	static const char *const addresses[] = { "any", "10.0.0.0/8", "2001:db8::1" };
	static const char *const groups[] = { NULL, "", "web", "web,db", "default" };
	char id[16];
	const struct agent_row row = {
		.id = id,
		.name = names[(number + how) % 5],
		.ip = addresses[number % 3],
		.groups = groups[(number + how / 8) % 5],
		.seen = (enum agent_seen)((number + how) % 3),
		.seen_at = 1700000000 + number,
		.is_added_known = how & 1,
		.added_at = 1600000000,
	};

	(void)snprintf(id, sizeof id, "%03u", number);
	return agent_row_copy(&row);
}

/* Those that were asked for, or some, or many; and perhaps that there is a next page. */
static void list_agents(struct agents_page *ret, const struct agents_request *request,
			unsigned int how)
{
	size_t rows = request->count > 0 ? request->count : how >= 0xe0 ? 400 : how % 7;
	struct agent_row **end = &ret->rows;

	ret->fault = how == 0xdf ? LISTING_INTERNAL : LISTING_OK;
	for (size_t i = 0; i < rows; i++) {
		unsigned int number = request->count > 0
					      ? (unsigned int)atoi(request->ids[i])
					      : (unsigned int)(request->from * 8 + i + 1);

		if (request->count > 0 && (number == 0 || (how & 1 && number % 2)))
			continue;
		*end = make_row(number % 1000, how);
		HOLDS(*end);
		end = &(*end)->next;
	}
	ret->next = how & 8 && request->from == 0 ? 1 : 0;
}

static void list_groups(struct groups_page *ret, const struct groups_request *request,
			unsigned int how)
{
	struct group_row **end = &ret->rows;

	ret->fault = how == 0xdf ? LISTING_INTERNAL : LISTING_OK;
	for (unsigned int i = 0; i < how % 5; i++) {
		*end = calloc(1, sizeof **end);
		HOLDS(*end);
		(void)snprintf((*end)->name, sizeof(*end)->name, "%sg%u", request->after, i);
		(*end)->count = i;
		(void)snprintf((*end)->merged_sum, sizeof(*end)->merged_sum, "%s",
			       how & 8 ? "" : "00");
		(void)snprintf((*end)->config_sum, sizeof(*end)->config_sum, "ff");
		end = &(*end)->next;
	}
	ret->has_more = how & 16 && strlen(request->after) < 4;
}

/* With a pin, or a CA; kept, or without a credential. */
static void make_token(struct token_make_answer *ret, unsigned int how)
{
	ret->fault = (enum token_fault)(how % (TOKEN_INTERNAL + 1));
	if (ret->fault != TOKEN_OK)
		return;
	ret->text = strdup("eyJ2ZXIiOjF9");
	HOLDS(ret->text);
	ret->has_pin = how & 64;
	ret->expires = how & 128 ? UINT64_MAX : 1700000000;
	(void)snprintf(ret->id, sizeof ret->id, "%s", how & 32 ? "AAECAwQFBgcICQoLDA0ODw" : "");
	(void)snprintf(ret->address, sizeof ret->address, "manager:1518/siem");
}

static void list_tokens(struct tokens_page *ret, const struct tokens_request *request,
			unsigned int how)
{
	struct token_row **end = &ret->rows;

	ret->fault = how == 0xdf ? TOKEN_STORE : TOKEN_OK;
	ret->total = how & 16 ? UINT32_MAX : how % 8;
	for (unsigned int i = 0; i < how % 5 && request->from < 16; i++) {
		*end = calloc(1, sizeof **end);
		HOLDS(*end);
		(void)snprintf((*end)->id, sizeof(*end)->id, "AAECAwQFBgcICQoLDA0O%02u", i);
		(void)snprintf((*end)->address, sizeof(*end)->address, "manager");
		(*end)->expires = how & 8 ? UINT64_MAX : 1700000000;
		(*end)->is_revoked = how & 1;
		end = &(*end)->next;
	}
}

/* All that are named, or, purged, some. */
static void end_tokens(struct token_end_answer *ret, const struct token_end_request *request,
		       unsigned int how)
{
	ret->fault = how % 7 == 6 ? TOKEN_STORE : TOKEN_OK;
	if (ret->fault != TOKEN_OK)
		return;
	ret->count = request->ending == TOKEN_REVOKE ? request->count : how % 5;
	ret->ids = calloc(ret->count + 1, sizeof *ret->ids);
	HOLDS(ret->ids);
	for (size_t i = 0; i < ret->count; i++)
		(void)snprintf(ret->ids[i], sizeof ret->ids[i], "%s",
			       request->ending == TOKEN_REVOKE ? request->ids[i] : "purged");
}

/* Of any length, and of one of a few editions. */
static void decide_material(struct material_answer *ret, unsigned int how)
{
	struct material_file *key = &ret->material.private_key;

	ret->fault = how & 1 ? MATERIAL_OK : MATERIAL_INTERNAL;
	if (ret->fault != MATERIAL_OK)
		return;
	ret->edition = how / 2 % 4;
	key->length = (size_t)how / 8 * 8192;
	key->path = strdup("key.pem");
	key->bytes = calloc(1, key->length + 1);
	HOLDS(key->path && key->bytes);
	memset(key->bytes, 'k', key->length);
}

static void decide(struct registry_answer *ret, const struct registry_request *request,
		   unsigned int how)
{
	*ret = (struct registry_answer){ .outcome = REGISTRY_DECIDED, .type = request->type };
	switch (request->type) {
	case REGISTRY_REGISTER:
		decide_registration(&ret->decision, how);
		break;
	case REGISTRY_KEY:
		decide_key(&ret->key, how);
		break;
	case REGISTRY_JOIN:
		ret->join.fault = (enum join_fault)(how % (JOIN_INTERNAL + 1));
		break;
	case REGISTRY_LOGIN:
		decide_login(&ret->login, how);
		break;
	case REGISTRY_SESSION:
	case REGISTRY_LOGOUT:
		(void)snprintf(ret->session.user, sizeof ret->session.user, "admin");
		break;
	case REGISTRY_SECRET:
		ret->secret.fault = (enum secret_fault)(how % (SECRET_INTERNAL + 1));
		if (ret->secret.fault == SECRET_DENIED)
			ret->secret.bearer = (enum bearer_fault)(how / 4 % (BEARER_STALE + 1));
		break;
	case REGISTRY_BEARER:
		ret->bearer.fault = (enum bearer_fault)(how % (BEARER_STALE + 1));
		break;
	case REGISTRY_REMOVE:
		decide_removal(&ret->removal, request->removal, how);
		break;
	case REGISTRY_AGENTS:
		list_agents(&ret->agents, request->agents, how);
		break;
	case REGISTRY_GROUPS:
		list_groups(&ret->groups, request->groups, how);
		break;
	case REGISTRY_TOKEN_MAKE:
		make_token(&ret->token_make, how);
		break;
	case REGISTRY_TOKENS:
		list_tokens(&ret->tokens, request->tokens, how);
		break;
	case REGISTRY_TOKEN_END:
		end_tokens(&ret->token_end, request->token_end, how);
		break;
	case REGISTRY_MATERIAL:
		decide_material(&ret->material, how);
		break;
	case REGISTRY_TYPES:
		HOLDS(false);
	}
}

void any_registry_answer(uint8_t how)
{
	struct registry_request *request = requests[0];
	struct registry_answer answer;

	if (count == 0)
		return;
	take_out(request);
	if (how >= 0xf0)
		registry_answer_fail(&answer, request,
				     (enum registry_outcome)(REGISTRY_BUSY + how % 3));
	else
		decide(&answer, request, how);
	fuzz_faults_begin();
	registry_answer(request, &answer);
	fuzz_faults_end();
	registry_answer_clear(&answer);
}
