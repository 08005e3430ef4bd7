/* SPDX-License-Identifier: ISC */
#include "registrar/registry/agent-registration.h"

#include "common/enrollment-token.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIELDS 7

/* All fields of a registration, in the order of their texts. */
static void list_fields(struct agent_registration *registration,
			struct authd_field *ret[static FIELDS])
{
	struct authd_request_fields *fields = &registration->fields;
	struct authd_field *const all[FIELDS] = {
		&fields->name,     &fields->version,  &fields->groups,    &fields->ip,
		&fields->key_hash, &registration->id, &registration->key,
	};

	memcpy(ret, all, sizeof all);
}

struct agent_registration *agent_registration_copy(const struct agent_registration *registration)
{
	struct agent_registration head = *registration, *copy;
	struct authd_field *fields[FIELDS];
	size_t length = 0;

	head.fields.rest = (struct authd_field){ NULL, 0 };
	list_fields(&head, fields);
	for (size_t i = 0; i < FIELDS; i++)
		length += fields[i]->text ? fields[i]->length : 0;
	head.text_length = length;
	copy = malloc(sizeof *copy + length);
	if (!copy)
		return NULL;
	*copy = head;
	list_fields(copy, fields);
	for (size_t i = 0, used = 0; i < FIELDS; i++) {
		if (!fields[i]->text)
			continue;
		memcpy(copy->texts + used, fields[i]->text, fields[i]->length);
		fields[i]->text = copy->texts + used;
		used += fields[i]->length;
	}
	return copy;
}

void agent_registration_free(struct agent_registration *registration)
{
	if (!registration)
		return;
	explicit_bzero(registration, sizeof *registration + registration->text_length);
	free(registration);
}

void agent_registration_fail(struct registration_decision *ret,
			     const struct agent_registration *registration)
{
	const struct authd_field none = { .text = NULL };
	const struct authd_field *name = registration ? &registration->fields.name : &none;

	*ret = (struct registration_decision){ .fault = REGISTRATION_INTERNAL };
	(void)snprintf(ret->refusal, sizeof ret->refusal,
		       "Internal manager error adding agent: %.*s", (int)name->length,
		       name->text ?: "");
}

/* Whose token it is, so that it can be found and revoked. */
static const char *describe_enrolling(const struct agent_registration *registration,
				      char buffer[static AGENT_REGISTRATION_CLIENT_SIZE])
{
	const char *id = registration->bearer.key_id;
	bool has_token = enrollment_id_is_valid(id, strlen(id));

	(void)snprintf(buffer, AGENT_REGISTRATION_CLIENT_SIZE, "%s (enrolling%s%s)",
		       registration->peer.text, has_token ? " with token " : "",
		       has_token ? id : "");
	return buffer;
}

const char *agent_registration_client(const struct agent_registration *registration,
				      const char *user,
				      char buffer[static AGENT_REGISTRATION_CLIENT_SIZE])
{
	const char *peer = registration->peer.text;

	switch (registration->way) {
	case REGISTRATION_BY_AUTHD:
		break;
	case REGISTRATION_BY_ENROLL:
		return describe_enrolling(registration, buffer);
	case REGISTRATION_BY_API:
		return registry_user_describe(&registration->peer, user, buffer);
	}
	(void)snprintf(buffer, AGENT_REGISTRATION_CLIENT_SIZE, "%s", peer);
	return buffer;
}
