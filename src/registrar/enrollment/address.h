/* SPDX-License-Identifier: ISC */
/*
 * The address of an agent as the managers write it. Origin: what Wazuh 4.14.5 and 4.14.7 answered
 * and stored when run, and OSSEC 4.3 src/addagent and src/shared/validate_op.c. Pure.
 */
#pragma once

#include "common/agent-key.h"
#include "common/must-check.h"
#include "registrar/registry/dialect.h"

struct address {
	/*
	 * for client.keys: a mask is a prefix length (but one with holes, which only Wazuh has, is
	 * what it is), and a single address has none
	 */
	char stored[AGENT_IP_MAX + 1];
	/* for the answer: in Wazuh's dialect with the mask as it was requested */
	char shown[AGENT_IP_MAX + 1];
};

/*
 * Read an address that keeps the rule of agent-address.h; a leading "!" is dropped, and
 * ::ffff:192.0.2.1 is 192.0.2.1. IPv6 becomes the full form in capitals in Wazuh's dialect, and the
 * short form in OSSEC's, in which ::ffff:192.0.2.0/120 and ::ffff:c000:200/120 are read, too, as
 * 192.0.2.0/24, and a dotted mask with holes is not. Returns 0 or -EINVAL.
 */
int address_read(struct address *ret, const char *text, size_t length,
		 enum dialect dialect) must_check;
