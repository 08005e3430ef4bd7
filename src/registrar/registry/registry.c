/* SPDX-License-Identifier: ISC */
#include "registrar/registry/registry.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

const char *registry_request_token(const struct registry_request *request)
{
	switch (request->type) {
	case REGISTRY_REGISTER:
		return request->registration->way == REGISTRATION_BY_API
			       ? request->registration->token
			       : NULL;
	case REGISTRY_KEY:
		return request->key->user.token;
	case REGISTRY_JOIN:
		return request->join->user.token;
	case REGISTRY_REMOVE:
		return request->removal->user.token;
	case REGISTRY_AGENTS:
		return request->agents->user.token;
	case REGISTRY_GROUPS:
		return request->groups->user.token;
	case REGISTRY_TOKEN_MAKE:
		return request->token_make->user.token;
	case REGISTRY_TOKENS:
		return request->tokens->user.token;
	case REGISTRY_TOKEN_END:
		return request->token_end->user.token;
	case REGISTRY_SESSION:
	case REGISTRY_LOGOUT:
		return request->session->token;
	case REGISTRY_LOGIN:
	case REGISTRY_BEARER:
	case REGISTRY_SECRET:
	case REGISTRY_MATERIAL:
	case REGISTRY_TYPES:
		break;
	}
	return NULL;
}

size_t registry_type_limit(enum registry_type type)
{
	switch (type) {
	case REGISTRY_MATERIAL:
	case REGISTRY_REMOVE:
	case REGISTRY_TOKEN_MAKE:
	case REGISTRY_TOKEN_END:
		return 1;
	case REGISTRY_AGENTS:
	case REGISTRY_GROUPS:
	case REGISTRY_TOKENS:
		return 4;
	case REGISTRY_REGISTER:
	case REGISTRY_KEY:
	case REGISTRY_JOIN:
	case REGISTRY_LOGIN:
	case REGISTRY_SESSION:
	case REGISTRY_LOGOUT:
	case REGISTRY_BEARER:
	case REGISTRY_SECRET:
	case REGISTRY_TYPES:
		break;
	}
	return SIZE_MAX;
}

static void wipe_and_free(void *content, size_t size)
{
	if (content)
		explicit_bzero(content, size);
	free(content);
}

void registry_request_clear(struct registry_request *request)
{
	void *content = (void *)request->content;

	switch (request->type) {
	case REGISTRY_REGISTER:
		agent_registration_free(content);
		break;
	case REGISTRY_KEY:
		wipe_and_free(content, sizeof *request->key);
		break;
	case REGISTRY_JOIN:
		wipe_and_free(content, sizeof *request->join);
		break;
	case REGISTRY_REMOVE:
		wipe_and_free(content, sizeof *request->removal);
		break;
	case REGISTRY_AGENTS:
		wipe_and_free(content, sizeof *request->agents);
		break;
	case REGISTRY_GROUPS:
		wipe_and_free(content, sizeof *request->groups);
		break;
	case REGISTRY_TOKEN_MAKE:
		wipe_and_free(content, sizeof *request->token_make);
		break;
	case REGISTRY_TOKENS:
		wipe_and_free(content, sizeof *request->tokens);
		break;
	case REGISTRY_TOKEN_END:
		wipe_and_free(content, sizeof *request->token_end);
		break;
	case REGISTRY_LOGIN:
		login_request_free(content);
		break;
	case REGISTRY_SESSION:
	case REGISTRY_LOGOUT:
		wipe_and_free(content, sizeof *request->session);
		break;
	case REGISTRY_BEARER:
	case REGISTRY_SECRET:
		wipe_and_free(content, sizeof *request->bearer);
		break;
	case REGISTRY_MATERIAL: /* it has none */
	case REGISTRY_TYPES:
		break;
	}
	request->content = NULL;
}

void registry_answer_clear(struct registry_answer *answer)
{
	if (answer->type == REGISTRY_MATERIAL)
		material_wipe(&answer->material.material);
	else if (answer->type == REGISTRY_AGENTS)
		agents_page_clear(&answer->agents);
	else if (answer->type == REGISTRY_GROUPS)
		groups_page_clear(&answer->groups);
	else if (answer->type == REGISTRY_REMOVE)
		free(answer->removal.removed);
	else if (answer->type == REGISTRY_TOKEN_MAKE)
		token_make_answer_clear(&answer->token_make);
	else if (answer->type == REGISTRY_TOKENS)
		tokens_page_clear(&answer->tokens);
	else if (answer->type == REGISTRY_TOKEN_END)
		free(answer->token_end.ids);
	explicit_bzero(answer, sizeof *answer);
}

void registry_answer_fail(struct registry_answer *ret, const struct registry_request *request,
			  enum registry_outcome outcome)
{
	*ret = (struct registry_answer){ .outcome = outcome, .type = request->type };
	switch (request->type) {
	case REGISTRY_REGISTER:
		agent_registration_fail(&ret->decision, request->registration);
		break;
	case REGISTRY_KEY:
		ret->key.fault = KEY_INTERNAL;
		break;
	case REGISTRY_JOIN:
		ret->join.fault = JOIN_INTERNAL;
		break;
	case REGISTRY_REMOVE:
		ret->removal.fault = REMOVAL_INTERNAL;
		break;
	case REGISTRY_AGENTS:
		ret->agents.fault = LISTING_INTERNAL;
		break;
	case REGISTRY_GROUPS:
		ret->groups.fault = LISTING_INTERNAL;
		break;
	case REGISTRY_TOKEN_MAKE:
		ret->token_make.fault = TOKEN_INTERNAL;
		break;
	case REGISTRY_TOKENS:
		ret->tokens.fault = TOKEN_INTERNAL;
		break;
	case REGISTRY_TOKEN_END:
		ret->token_end.fault = TOKEN_INTERNAL;
		break;
	case REGISTRY_LOGIN:
		ret->login.fault = LOGIN_INTERNAL;
		break;
	case REGISTRY_BEARER:
		ret->bearer.fault = BEARER_KEY_UNAVAILABLE;
		break;
	case REGISTRY_SECRET:
		ret->secret.fault = SECRET_INTERNAL;
		break;
	case REGISTRY_MATERIAL:
		ret->material.fault = MATERIAL_INTERNAL;
		break;
	case REGISTRY_SESSION: /* nobody's */
	case REGISTRY_LOGOUT:
	case REGISTRY_TYPES:
		break;
	}
}

int registry_submit(struct registry *registry, struct registry_request *request)
{
	int r;

	request->registry = registry; /* but for an implementation that passes it on */
	r = registry->operations->submit(registry, request);
	if (r < 0)
		request->registry = NULL;
	return r;
}

void registry_withdraw(struct registry_request *request)
{
	struct registry *registry = request->registry;

	if (!registry)
		return;
	request->registry = NULL;
	registry->operations->withdraw(registry, request);
}

void registry_answer(struct registry_request *request, struct registry_answer *answer)
{
	request->registry = NULL;
	request->pending = NULL;
	request->answered(request->owner, answer);
}

void registry_free(struct registry *registry)
{
	if (registry)
		registry->operations->free(registry);
}
