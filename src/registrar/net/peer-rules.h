/* SPDX-License-Identifier: ISC */
/* What holds for the clients of all ports together. */
#pragma once

#include "registrar/net/network-list.h"
#include "registrar/net/offences.h"
#include "registrar/net/peer-log.h"

#include <stddef.h>

/* What is pointed to outlives those who use it. */
struct peer_rules {
	const struct network_list *exempt; /* from the limits and penalties of sources */
	size_t max_per_source;             /* connections to authd; 0: the default */
	struct offences *offences;
	struct peer_log *log;
};
