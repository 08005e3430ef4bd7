/* SPDX-License-Identifier: ISC */
#include "registrar/net/peer.h"

#include <arpa/inet.h>
#include <stdio.h>

void peer_describe(struct peer *ret, const struct sockaddr_storage *address)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
	const void *bytes = &v4->sin_addr;
	int family = AF_INET;
	in_port_t port = v4->sin_port;

	if (address->ss_family == AF_INET6) {
		port = v6->sin6_port;
		bytes = &v6->sin6_addr;
		family = AF_INET6;
		if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
			bytes = v6->sin6_addr.s6_addr + 12;
			family = AF_INET;
		}
	}
	if (!inet_ntop(family, bytes, ret->address, sizeof ret->address))
		ret->address[0] = '\0';
	ret->port = ntohs(port);
	(void)snprintf(ret->text, sizeof ret->text, "%s port %u", ret->address, ret->port);
}
