/* SPDX-License-Identifier: ISC */
#include "registrar/net/turns.h"

#include "common/deadline.h"
#include "registrar/net/plan-event.h"

#include <stdlib.h>

struct turns {
	/*
	 * A timer without a time: it fires when the loop has come round, after the sockets. An
	 * event that is made active would be called before any of them is looked at again.
	 */
	struct event *event;
	struct turn *first, **end;
};

static void plan(struct turns *turns)
{
	static const struct timeval now = { .tv_sec = 0 };

	if (turns->first && !evtimer_pending(turns->event, NULL))
		plan_event(turns->event, &now);
}

void turn_cancel(struct turn *turn)
{
	if (!turn->turns)
		return;
	*turn->previous = turn->next;
	if (turn->next)
		turn->next->previous = turn->previous;
	else
		turn->turns->end = turn->previous;
	turn->turns = NULL;
}

void turn_wait(struct turns *turns, struct turn *turn)
{
	if (turn->turns)
		return;
	turn->turns = turns;
	turn->next = NULL;
	turn->previous = turns->end;
	*turns->end = turn;
	turns->end = &turn->next;
	plan(turns);
}

static void on_turn(evutil_socket_t fd, short what, void *argument)
{
	struct turns *turns = argument;
	struct turn *turn = turns->first;

	(void)fd, (void)what;
	if (!turn)
		return;
	turn_cancel(turn);
	plan(turns);
	turn->run(turn->owner);
}

uint64_t turn_end(void)
{
	return monotonic_usec() + TURN_USEC;
}

struct turns *turns_new(struct event_base *base, int priority)
{
	struct turns *turns = calloc(1, sizeof *turns);

	if (!turns)
		return NULL;
	turns->end = &turns->first;
	turns->event = evtimer_new(base, on_turn, turns);
	if (turns->event) {
		/* A base without priorities serves all alike. */
		(void)event_priority_set(turns->event, priority);
		return turns;
	}
	free(turns);
	return NULL;
}

void turns_free(struct turns *turns)
{
	if (!turns)
		return;
	while (turns->first)
		turn_cancel(turns->first);
	event_free(turns->event);
	free(turns);
}
