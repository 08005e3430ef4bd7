/* SPDX-License-Identifier: ISC */
/*
 * Reaching a manager: its name resolved and its addresses tried, all under one deadline; or the
 * proxy's, and then the manager through it.
 *
 * The functions that take a deadline return OUTCOME_OK, OUTCOME_UNREACHABLE with `why` set,
 * -ECANCELED when asked to stop, or another negative errno with `why` set; those that ask a proxy
 * also other outcomes.
 */
#pragma once

#include "client/net/endpoint.h"
#include "client/net/proxy.h"
#include "common/deadline.h"
#include "common/outcome.h"
#include "common/reason.h"

#include <netdb.h>

/*
 * Resolve to stream addresses in the order of RFC 6724. getaddrinfo(3) has no deadline, so it runs
 * in a thread of its own, which is left behind when the deadline passes first. Free with
 * freeaddrinfo().
 */
int net_resolve(const struct endpoint *endpoint, const struct deadline *deadline,
		struct addrinfo **ret, struct reason *why);

/*
 * Resolve, then connect to the addresses in the manner of RFC 8305 ("happy eyeballs"): families
 * alternate, the next address is tried when one fails or has not answered within 250 ms, the first
 * connection wins. The socket does not block.
 */
int net_connect(const struct endpoint *endpoint, const struct deadline *deadline, int *ret_fd,
		struct reason *why);

/*
 * Ask the proxy at the other end of the connected socket `fd` for a tunnel to `manager`, whose name
 * is the proxy's to resolve. When it is there, the manager's bytes are the next in the socket.
 * Besides OUTCOME_UNREACHABLE (also when the proxy cannot reach the manager): OUTCOME_REFUSED,
 * OUTCOME_BUSY, OUTCOME_PROTOCOL_ERROR, and OUTCOME_MISCONFIGURED for a manager that only this
 * machine can reach.
 */
int net_tunnel(int fd, const struct proxy *proxy, const struct endpoint *manager,
	       const struct deadline *deadline, struct reason *why);

/*
 * net_connect() to `manager`, through `proxy` unless that is null. The outcomes are those of
 * net_tunnel().
 */
int net_connect_through(const struct proxy *proxy, const struct endpoint *manager,
			const struct deadline *deadline, int *ret_fd, struct reason *why);
