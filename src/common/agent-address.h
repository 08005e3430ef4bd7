/* SPDX-License-Identifier: ISC */
/*
 * The address of an agent: the third field of client.keys, and the IP field of a request.
 *
 * The agents end with "(1237): Invalid ip address" when they read one that breaks the rule, so
 * there is one rule for whatever is asked for, received, imported or stored: that of OS_IsValidIP
 * (Wazuh 4.14.7, src/shared/validate_op.c; tests/data/wazuh-addresses.tsv has its answers):
 *
 *   - "any"
 *   - IPv4 in four decimal numbers without leading zeros, alone or behind "::ffff:" (the letters
 *     in either case), with a mask of /0 to /32 without leading zeros, or any dotted mask
 *   - IPv6 in hexadecimal groups without an embedded IPv4 address, with a prefix length of /0 to
 *     /128 of one or two digits, or of three without a leading zero; but "::" has none
 *   - one "!" before any of these, which counts for nothing
 *
 * OSSEC's agents accept all of this except for dotted masks, and more besides. Pure.
 */
#pragma once

#include "common/must-check.h"

#include <stdbool.h>
#include <stddef.h>

/* the longest is "!", eight groups of four digits, and a prefix length of three digits */
#define AGENT_ADDRESS_MAX 44
#define AGENT_ADDRESS_KEY_SIZE 64 /* with the terminator */

enum agent_address_kind { AGENT_ADDRESS_ANY, AGENT_ADDRESS_IPV4, AGENT_ADDRESS_IPV6 };

struct agent_address {
	enum agent_address_kind kind;
	/* in network order; of IPv4 the first four */
	unsigned char bytes[16];
	/* of IPv4 as it was written, terminated; empty: none, or not of IPv4 */
	char mask[16];
	/* bits, all of them if there is no mask; negative: a mask with holes (IPv4 only) */
	int prefix;
};

/* Read `length` bytes. Returns 0, or -EINVAL when no agent can use the address. */
int agent_address_parse(struct agent_address *ret, const char *text, size_t length) must_check;

/* The bits of an address of this kind: 0, 32 or 128. */
int agent_address_bits(const struct agent_address *address) must_check;

/*
 * IPv4 that is written as IPv6 (in ::ffff:0:0/96) becomes IPv4, with the prefix length that it has
 * there.
 */
void agent_address_unmap(struct agent_address *address);

/*
 * The address without its mask, in at most 45 characters: IPv4 in four numbers, IPv6 in the short
 * form of RFC 5952, but always in groups only, and as "0::" if a prefix length is to follow.
 */
void agent_address_format(char ret[static AGENT_ADDRESS_KEY_SIZE],
			  const struct agent_address *address);

/*
 * A text that is the same for all ways to write one address or network, and different for
 * different ones; its mask, if any, is behind a "/". A text that is no address is its own key, cut
 * to the size.
 */
void agent_address_key(char ret[static AGENT_ADDRESS_KEY_SIZE], const char *text);
