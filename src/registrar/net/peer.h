/* SPDX-License-Identifier: ISC */
/* The other end of a connection, in words. Pure. */
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

struct peer {
	char address[INET6_ADDRSTRLEN];   /* for decisions: "192.0.2.1"; empty: not known */
	char text[INET6_ADDRSTRLEN + 16]; /* for the log: "192.0.2.1 port 40000" */
	unsigned short port;
};

/* Describe the address of an IPv4 or IPv6 socket; IPv4 within IPv6 is IPv4. */
void peer_describe(struct peer *ret, const struct sockaddr_storage *address);
