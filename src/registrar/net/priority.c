/* SPDX-License-Identifier: ISC */
#include "registrar/net/priority.h"

#include "registrar/net/loop-memory.h"

#include <stddef.h>

/* About as long as a few handshakes take. */
static const struct timeval turn = { .tv_usec = 2000 };

struct event_base *priority_base_new(void)
{
	struct event_config *config = loop_memory_set_up() == 0 ? event_config_new() : NULL;
	struct event_base *base = NULL;

	if (config &&
	    event_config_set_max_dispatch_interval(config, &turn, -1, PRIORITY_LATER) == 0)
		base = event_base_new_with_config(config);
	if (config)
		event_config_free(config);
	if (!base || event_base_priority_init(base, 2 * PRIORITY_NORMAL + 1) == 0)
		return base;
	event_base_free(base);
	return NULL;
}
