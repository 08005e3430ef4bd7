/* SPDX-License-Identifier: ISC */
/*
 * Reaching a manager: its name resolved and its addresses tried, all under one deadline.
 *
 * Both functions return OUTCOME_OK, OUTCOME_UNREACHABLE with `why` set, -ECANCELED when asked to stop, or another
 * negative errno with `why` set.
 */
#pragma once

#include "common/deadline.h"
#include "common/outcome.h"
#include "common/reason.h"
#include "register/endpoint.h"

#include <netdb.h>

/*
 * Resolve to stream addresses in the order of RFC 6724. getaddrinfo(3) has no deadline, so it runs in a thread of its
 * own, which is left behind when the deadline passes first. Free with freeaddrinfo().
 */
int net_resolve(const struct endpoint *endpoint, const struct deadline *deadline, struct addrinfo **ret,
		struct reason *why);

/*
 * Resolve, then connect to the addresses in the manner of RFC 8305 ("happy eyeballs"): families alternate, the next
 * address is tried when one fails or has not answered within 250 ms, the first connection wins. The socket does not
 * block.
 */
int net_connect(const struct endpoint *endpoint, const struct deadline *deadline, int *ret_fd, struct reason *why);
