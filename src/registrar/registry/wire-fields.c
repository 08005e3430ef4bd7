/* SPDX-License-Identifier: ISC */
/* What several parts of packets have in common. */
#include "registrar/registry/wire-parts.h"

#include <arpa/inet.h>
#include <string.h>

#define NAME_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"

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

bool wire_get_user_name(struct packet_reader *reader, char ret[static REGISTRATION_USER_MAX + 1])
{
	packet_get_text(reader, ret, REGISTRATION_USER_MAX + 1);
	return strspn(ret, NAME_CHARACTERS) == strlen(ret);
}
