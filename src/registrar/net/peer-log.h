/* SPDX-License-Identifier: ISC */
/*
 * What clients cause to be logged, bounded: of each source (client-network.h) a few lines in five
 * seconds, and a few more of all together; the others are counted, and the counts are logged
 * instead. What is never to be missing, such as a registration, does not ask here.
 */
#pragma once

#include "common/must-check.h"

#include <event2/event.h>
#include <stdbool.h>

#define PEER_LOG_PERIOD 5    /* seconds */
#define PEER_LOG_EACH 10     /* lines of one source in that time */
#define PEER_LOG_ALL 25      /* lines of all of them */
#define PEER_LOG_SUMMARIES 8 /* lines with counts; what is left is in one more */

/* What a line is about. */
enum peer_event {
	PEER_NO_TLS,
	PEER_CLEAR_TEXT,
	PEER_GONE,
	PEER_TIMEOUT,
	PEER_FLOOD,
	PEER_OTHER_HOST,
	PEER_TOO_LONG,
	PEER_TURNED_AWAY,
	PEER_GAVE_WAY,
	PEER_WRONG_PASSWORD,
	PEER_REFUSED,
	PEER_IGNORED_FIELDS,
	PEER_FAILED,
	PEER_EVENT_COUNT,
};

struct peer_log;

/* Returns null when out of memory or without random numbers. */
struct peer_log *peer_log_new(struct event_base *base) must_check;

/* Log what has only been counted so far, and free it. Null is allowed. */
void peer_log_free(struct peer_log *log);

/*
 * May a line about this event and this numeric address be logged now? False: it has been counted.
 * While debug logging is enabled, always.
 */
bool peer_log_may(struct peer_log *log, const char *address, enum peer_event event) must_check;
