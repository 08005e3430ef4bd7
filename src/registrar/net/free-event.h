/* SPDX-License-Identifier: ISC */
#pragma once

#include <event2/event.h>
#include <stddef.h>

/* Free an event, which is null then; null is allowed. */
static inline void free_event(struct event **event)
{
	if (*event)
		event_free(*event);
	*event = NULL;
}
