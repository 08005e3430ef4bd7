/* SPDX-License-Identifier: ISC */
/* Addresses and networks that an administrator named: "192.0.2.1", "2001:db8::/32". Pure. */
#pragma once

#include "common/agent-address.h"
#include "common/must-check.h"

#include <stdbool.h>
#include <stddef.h>

#define NETWORK_LIST_MAX 16

struct network_list {
	struct agent_address items[NETWORK_LIST_MAX];
	size_t count;
};

/*
 * Add an address, or a network with a prefix length or a mask without holes. Returns 0, -EINVAL for
 * what is neither, or -E2BIG.
 */
int network_list_add(struct network_list *list, const char *text) must_check;

/* Is this numeric address in one of them? IPv4 within IPv6 is IPv4. */
bool network_list_has(const struct network_list *list, const char *address) must_check;
