/* SPDX-License-Identifier: ISC */
/* The value of <endpoint>, with which an agent of Wazuh 5 is told its manager. Pure. */
#pragma once

#include "common/must-check.h"

#include <stdint.h>

/*
 * Split "[https://]host[:port][/prefix]"; a host with colons stands in brackets, and a percent sign
 * before its interface as "%25" (RFC 6874). `ret_host` is without brackets, `ret_prefix` with the
 * slash, or null; both are to be freed. `ret_port` stays as it is where the text has none, and is 0
 * where that is no port. What the agent would refuse is not refused here: it is in the parts.
 * Returns 0 or -ENOMEM.
 */
int agent_endpoint_split(const char *text, char **ret_host, uint16_t *ret_port,
			 char **ret_prefix) must_check;
