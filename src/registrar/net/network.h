/* SPDX-License-Identifier: ISC */
/*
 * Who counts as one client of the API: an IPv4 address, or the /64 network of an IPv6 address,
 * because that is what one customer has. Pure.
 */
#pragma once

#include <stdbool.h>

struct api_network {
	unsigned char bytes[8];
	unsigned char family; /* 0: none; api_network_of() never returns it */
};

/*
 * Of a numeric address; IPv4 within IPv6 is IPv4. What is no address (there is none known) is a
 * network of its own.
 */
struct api_network api_network_of(const char *address);

bool api_network_is_same(const struct api_network *a, const struct api_network *b);
