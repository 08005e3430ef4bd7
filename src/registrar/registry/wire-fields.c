/* SPDX-License-Identifier: ISC */
/* What several parts of packets have in common. */
#include "registrar/registry/wire-parts.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

void wire_put_text(struct packet_writer *writer, const char *text)
{
	packet_put_text(writer, text, strlen(text));
}

void wire_put_agent(struct packet_writer *writer, const struct agent_key *agent)
{
	wire_put_text(writer, agent->id);
	wire_put_text(writer, agent->name);
	wire_put_text(writer, agent->ip);
	wire_put_text(writer, agent->key);
}

void wire_get_agent(struct packet_reader *reader, struct agent_key *ret)
{
	packet_get_text(reader, ret->id, sizeof ret->id);
	packet_get_text(reader, ret->name, sizeof ret->name);
	packet_get_text(reader, ret->ip, sizeof ret->ip);
	packet_get_text(reader, ret->key, sizeof ret->key);
}

/* An address that is none is written as ::, which no client has. */
void wire_put_peer(struct packet_writer *writer, const struct peer *peer)
{
	struct in6_addr address = IN6ADDR_ANY_INIT;
	struct in_addr v4;

	if (inet_pton(AF_INET, peer->address, &v4) == 1) {
		address.s6_addr[10] = address.s6_addr[11] = 0xff;
		memcpy(address.s6_addr + 12, &v4, sizeof v4);
	} else if (inet_pton(AF_INET6, peer->address, &address) != 1) {
		address = (struct in6_addr)IN6ADDR_ANY_INIT;
	}
	packet_put_bytes(writer, &address, sizeof address);
	packet_put_u16(writer, peer->port);
}

void wire_get_peer(struct packet_reader *reader, struct peer *ret)
{
	struct sockaddr_storage storage = { .ss_family = AF_INET6 };
	struct sockaddr_in6 *address = (struct sockaddr_in6 *)&storage;

	packet_get_bytes(reader, &address->sin6_addr, sizeof address->sin6_addr);
	address->sin6_port = htons(packet_get_u16(reader));
	peer_describe(ret, &storage);
}

void wire_put_user(struct packet_writer *writer, const struct registry_user *user)
{
	wire_put_peer(writer, &user->client);
	wire_put_text(writer, user->token);
}

void wire_get_user(struct packet_reader *reader, struct registry_user *ret)
{
	wire_get_peer(reader, &ret->client);
	packet_get_text(reader, ret->token, sizeof ret->token);
}

void wire_put_bearer(struct packet_writer *writer, const struct enroll_bearer *bearer)
{
	wire_put_text(writer, bearer->key_id);
	packet_put_u64(writer, bearer->made);
	packet_put_bytes(writer, bearer->nonce, sizeof bearer->nonce);
	packet_put_bytes(writer, bearer->mac, sizeof bearer->mac);
}

void wire_get_bearer(struct packet_reader *reader, struct enroll_bearer *ret)
{
	packet_get_text(reader, ret->key_id, sizeof ret->key_id);
	ret->made = packet_get_u64(reader);
	packet_get_bytes(reader, ret->nonce, sizeof ret->nonce);
	packet_get_bytes(reader, ret->mac, sizeof ret->mac);
}

int wire_keep(const struct packet_reader *reader, void *request, size_t size, const void **ret)
{
	const bool is_whole = packet_is_done(reader);
	void *copy = is_whole ? malloc(size) : NULL;

	if (copy)
		*ret = memcpy(copy, request, size);
	explicit_bzero(request, size);
	if (copy)
		return 0;
	return is_whole ? -ENOMEM : -EBADMSG;
}
