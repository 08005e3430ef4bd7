/* SPDX-License-Identifier: ISC */
/*
 * Connecting to a manager: resolve its name and try its addresses, under one deadline; or connect
 * to the proxy, and to the manager through it.
 *
 * The functions that take a deadline return OUTCOME_OK, OUTCOME_UNREACHABLE with `why` set,
 * -ECANCELED when asked to stop, or another negative errno with `why` set; those that use a proxy
 * also other outcomes.
 */
#pragma once

#include "client/net/proxy.h"
#include "common/deadline.h"
#include "common/endpoint.h"
#include "common/must-check.h"
#include "common/outcome.h"
#include "common/reason.h"

#include <netdb.h>

/*
 * Resolve to stream addresses in the order of RFC 6724. getaddrinfo(3) has no deadline, so it runs
 * in a thread of its own, which is abandoned when the deadline passes first. Free with
 * freeaddrinfo().
 */
int net_resolve(const struct endpoint *endpoint, const struct deadline *deadline,
		struct addrinfo **ret, struct reason *why) must_check;

#define NET_NAME_SIZE 254 /* of a domain name, with the terminator; a longer one is cut */

/*
 * Find what the name services call `host` in full, within the deadline, by the same rules. `ret` is
 * empty if they know no such name. It is as they have sent it.
 */
int net_canonical_name(const char *host, const struct deadline *deadline,
		       char ret[static NET_NAME_SIZE], struct reason *why) must_check;

/*
 * Resolve, then connect to the addresses in the manner of RFC 8305 ("happy eyeballs"): families
 * alternate, the next address is tried when one fails or has not answered within 250 ms, the first
 * connection wins. The socket does not block.
 */
int net_connect(const struct endpoint *endpoint, const struct deadline *deadline, int *ret_fd,
		struct reason *why) must_check;

/*
 * Request a tunnel to `manager` from the proxy to which the socket `fd` is connected. The proxy
 * resolves the name. After success the next bytes in the socket are the manager's. Besides
 * OUTCOME_UNREACHABLE (also when the proxy cannot reach the manager): OUTCOME_REFUSED,
 * OUTCOME_BUSY, OUTCOME_PROTOCOL_ERROR, and OUTCOME_MISCONFIGURED for a manager that only this
 * machine can reach.
 */
int net_tunnel(int fd, const struct proxy *proxy, const struct endpoint *manager,
	       const struct deadline *deadline, struct reason *why) must_check;

/*
 * Connect to `manager`, through `proxy` unless that is null. The outcomes are those of
 * net_tunnel().
 */
int net_connect_through(const struct proxy *proxy, const struct endpoint *manager,
			const struct deadline *deadline, int *ret_fd,
			struct reason *why) must_check;
