/* SPDX-License-Identifier: ISC */
/* Making and freeing events of the loop. */
#pragma once

#include "common/must-check.h"

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>

/* Free an event, which is null then; null is allowed. */
static inline void free_event(struct event **event)
{
	if (*event)
		event_free(*event);
	*event = NULL;
}

/* Have the signal call `run` with `owner`. False: out of memory; free the event in any case. */
static inline must_check bool add_signal(struct event **ret, struct event_base *base, int number,
					 event_callback_fn run, void *owner)
{
	*ret = evsignal_new(base, number, run, owner);
	return *ret && event_add(*ret, NULL) == 0;
}
