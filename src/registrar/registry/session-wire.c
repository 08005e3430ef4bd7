/* SPDX-License-Identifier: ISC */
/* Who is asking: logins, sessions and bearers, as fields of packets. */
#include "registrar/registry/wire-parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of what is sent as a name or a password: as much as a request of HTTP can hold. */
#define TEXT_MAX ((size_t)65536)

/* ------------------------------------------------------------------ logging in */

void wire_put_login_request(struct packet_writer *writer, const struct login_request *request)
{
	wire_put_peer(writer, &request->client);
	packet_put_u32(writer, request->failures);
	wire_put_text(writer, request->user);
	wire_put_text(writer, request->password);
}

/* A text of the packet, terminated; to be wiped and freed. Null: a failure, or out of memory. */
static char *get_string(struct packet_reader *reader)
{
	size_t length;
	const char *text = packet_get_view(reader, TEXT_MAX, &length);

	return text ? strndup(text, length) : NULL;
}

static void free_string(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

int wire_get_login_request(struct packet_reader *reader, const void **ret)
{
	struct login_request *request = NULL;
	unsigned int failures;
	char *user, *password;
	struct peer client;
	bool is_whole;

	wire_get_peer(reader, &client);
	failures = packet_get_u32(reader);
	user = get_string(reader);
	password = get_string(reader);
	is_whole = packet_is_done(reader);
	if (is_whole && user && password)
		request = login_request_new(&client, failures, user, password);
	free_string(user);
	free_string(password);
	if (!request)
		return is_whole ? -ENOMEM : -EBADMSG;
	*ret = request;
	return 0;
}

void wire_put_login_answer(struct packet_writer *writer, const struct login_answer *answer)
{
	packet_put_u8(writer, (uint8_t)answer->fault);
	if (answer->fault == LOGIN_OK)
		wire_put_text(writer, answer->token);
	if (answer->fault == LOGIN_WRONG)
		packet_put_u8(writer, answer->is_user);
}

void wire_get_login_answer(struct packet_reader *reader, struct login_answer *ret)
{
	ret->fault = (enum login_fault)packet_get_at_most(reader, LOGIN_INTERNAL);
	if (ret->fault == LOGIN_OK)
		packet_get_text(reader, ret->token, sizeof ret->token);
	if (ret->fault == LOGIN_WRONG)
		ret->is_user = packet_get_at_most(reader, 1);
}

/* ------------------------------------------------------------------ sessions */

int wire_get_session_request(struct packet_reader *reader, const void **ret)
{
	struct registry_user user = { .token = "" };

	wire_get_user(reader, &user);
	return wire_keep(reader, &user, sizeof user, ret);
}

void wire_put_session_answer(struct packet_writer *writer, const struct session_answer *answer)
{
	wire_put_text(writer, answer->user);
}

void wire_get_session_answer(struct packet_reader *reader, struct session_answer *ret)
{
	packet_get_text(reader, ret->user, sizeof ret->user);
}

/* ------------------------------------------------------------------ bearers */

void wire_put_bearer_request(struct packet_writer *writer, const struct bearer_request *request)
{
	wire_put_peer(writer, &request->client);
	wire_put_bearer(writer, &request->bearer);
}

int wire_get_bearer_request(struct packet_reader *reader, const void **ret)
{
	struct bearer_request request = { 0 };

	wire_get_peer(reader, &request.client);
	wire_get_bearer(reader, &request.bearer);
	return wire_keep(reader, &request, sizeof request, ret);
}

void wire_put_bearer_answer(struct packet_writer *writer, const struct bearer_answer *answer)
{
	packet_put_u8(writer, (uint8_t)answer->fault);
}

void wire_get_bearer_answer(struct packet_reader *reader, struct bearer_answer *ret)
{
	ret->fault = (enum bearer_fault)packet_get_at_most(reader, BEARER_STALE);
}

/* ------------------------------------------------------------------ secrets of agents */

void wire_put_secret_answer(struct packet_writer *writer, const struct secret_answer *answer)
{
	packet_put_u8(writer, (uint8_t)answer->fault);
	if (answer->fault == SECRET_OK)
		wire_put_text(writer, answer->secret);
	if (answer->fault == SECRET_DENIED)
		packet_put_u8(writer, (uint8_t)answer->bearer);
}

void wire_get_secret_answer(struct packet_reader *reader, struct secret_answer *ret)
{
	ret->fault = (enum secret_fault)packet_get_at_most(reader, SECRET_INTERNAL);
	if (ret->fault == SECRET_OK)
		packet_get_text(reader, ret->secret, sizeof ret->secret);
	if (ret->fault == SECRET_DENIED)
		ret->bearer = (enum bearer_fault)packet_get_at_most(reader, BEARER_STALE);
}
