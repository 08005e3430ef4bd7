/* SPDX-License-Identifier: ISC */
#pragma once

#include <event2/event.h>

/*
 * Have an event fire after `time`, or at once if there is no memory to plan it: too early rather
 * than never. Not for one that would only plan itself again.
 */
static inline void plan_event(struct event *event, const struct timeval *time)
{
	if (event_add(event, time) < 0)
		event_active(event, EV_TIMEOUT, 1);
}
