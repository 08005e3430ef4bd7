/* SPDX-License-Identifier: ISC */
/*
 * In which order the event loop serves what is ready. A source that makes much work, such as a
 * flood of handshakes, takes the time that others leave, and is interrupted for them.
 */
#pragma once

#include "common/must-check.h"

#include <event2/event.h>

/* Priorities of libevent; an event that has been given none has PRIORITY_NORMAL. */
enum {
	PRIORITY_NORMAL = 3,
	PRIORITY_GATHERED = 4, /* when nothing of those is ready: what they have made goes out */
	PRIORITY_LATER = 5,    /* when nothing of those is ready either */
	PRIORITY_LAST = 6,     /* when nothing else is ready: to begin what is served later */
};

/*
 * An event base with these priorities. While it serves those that can wait, it looks for others
 * every few milliseconds. Returns null when out of memory. Free with event_base_free().
 */
struct event_base *priority_base_new(void) must_check;
