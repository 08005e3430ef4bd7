/* SPDX-License-Identifier: ISC */
/*
 * The address of an agent as the managers write it. Origin: what Wazuh 4.14.5 answered and stored
 * when run, and OSSEC 4.3 src/addagent and src/shared/validate_op.c. Pure.
 */
#pragma once

#include "common/agent-key.h"
#include "registrar/enrollment/dialect.h"

struct address {
	/* for client.keys: a mask is a prefix length, and a single address has none */
	char stored[AGENT_IP_MAX + 1];
	/* for the answer: in Wazuh's dialect with the mask as it was asked for */
	char shown[AGENT_IP_MAX + 1];
};

/*
 * Read "any", an IPv4 or IPv6 address, or a network with a prefix length or (IPv4) a dotted mask; a
 * leading "!" is dropped, and ::ffff:192.0.2.1 is 192.0.2.1. IPv6 becomes the full form in capitals
 * in Wazuh's dialect and the short form in OSSEC's. Returns 0 or -EINVAL.
 */
int address_read(struct address *ret, const char *text, size_t length, enum dialect dialect);
