/* SPDX-License-Identifier: ISC */
/*
 * Who counts as one client: an IPv4 address, or the /64 network of an IPv6 address, because that is
 * what one customer has. Pure.
 */
#pragma once

#include "common/must-check.h"

#include <stdbool.h>
#include <stdint.h>

struct client_network {
	unsigned char bytes[8];
	unsigned char family; /* 0: none; client_network_of() never returns it */
};

/*
 * Of a numeric address; IPv4 within IPv6 is IPv4. What is no address (there is none known) is a
 * network of its own.
 */
struct client_network client_network_of(const char *address);

/* Do both count as one client? */
bool client_network_is_same(const struct client_network *a,
			    const struct client_network *b) must_check;

/* For a hash table whose `seed` is secret. */
uint64_t client_network_hash(const struct client_network *network, uint64_t seed);
