/* SPDX-License-Identifier: ISC */
#include "registrar/net/client-network.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

struct client_network client_network_of(const char *address)
{
	struct client_network network = { .family = AF_UNSPEC + 1 };
	struct in6_addr v6;

	if (inet_pton(AF_INET, address, network.bytes) == 1) {
		network.family = AF_INET;
	} else if (inet_pton(AF_INET6, address, &v6) == 1) {
		bool mapped = IN6_IS_ADDR_V4MAPPED(&v6);

		memcpy(network.bytes, v6.s6_addr + (mapped ? 12 : 0),
		       mapped ? 4 : sizeof network.bytes);
		network.family = mapped ? AF_INET : AF_INET6;
	}
	return network;
}

bool client_network_is_same(const struct client_network *a, const struct client_network *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

uint64_t client_network_hash(const struct client_network *network, uint64_t seed)
{
	uint64_t value = seed ^ network->family;

	for (size_t i = 0; i < sizeof network->bytes; i++) {
		value = (value ^ network->bytes[i]) * UINT64_C(0x100000001b3);
		value ^= value >> 29;
	}
	value *= seed | 1;
	return value >> 32;
}
