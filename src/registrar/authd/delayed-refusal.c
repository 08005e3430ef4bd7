/* SPDX-License-Identifier: ISC */
#include "registrar/authd/delayed-refusal.h"

#include "common/deadline.h"

#include <stdlib.h>

struct delayed_refusal {
	struct event *timer;
	struct connection *connection;
	struct answer answer;
	struct delayed_refusal **owner;
};

void delayed_refusal_free(struct delayed_refusal *refusal)
{
	if (!refusal)
		return;
	if (refusal->timer)
		event_free(refusal->timer);
	free(refusal);
}

void delayed_refusal_send(struct delayed_refusal *refusal)
{
	*refusal->owner = NULL;
	connection_answer(refusal->connection, &refusal->answer);
	delayed_refusal_free(refusal);
}

static void on_time(evutil_socket_t fd, short what, void *argument)
{
	(void)fd, (void)what;
	delayed_refusal_send(argument);
}

struct delayed_refusal *delayed_refusal_new(struct event_base *base, struct connection *connection,
					    const struct answer *answer, uint64_t delay,
					    struct delayed_refusal **owner)
{
	const struct timeval time = { .tv_sec = (time_t)(delay / USEC_PER_SEC),
				      .tv_usec = (suseconds_t)(delay % USEC_PER_SEC) };
	struct delayed_refusal *refusal = calloc(1, sizeof *refusal);

	if (!refusal)
		return NULL;
	*refusal = (struct delayed_refusal){ .connection = connection,
					     .answer = *answer,
					     .owner = owner };
	refusal->timer = evtimer_new(base, on_time, refusal);
	if (refusal->timer && event_add(refusal->timer, &time) == 0)
		return refusal;
	delayed_refusal_free(refusal);
	return NULL;
}
