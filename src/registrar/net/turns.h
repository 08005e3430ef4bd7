/* SPDX-License-Identifier: ISC */
/*
 * Long work in pieces, so that nobody else waits for it: whoever has work to do waits for a turn,
 * does a piece of it, and waits for the next. There is one turn in each round of the event loop,
 * when nothing is ready that comes first (priority.h), so that registrations are looked after in
 * between.
 */
#pragma once

#include "common/must-check.h"

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

#define TURN_USEC 1000 /* microseconds that a piece of work should take at most */

struct turns;

/* Part of its owner's memory. Set the first two; the rest is the queue's. */
struct turn {
	void (*run)(void *owner); /* do a piece; the owner may be freed there */
	void *owner;
	struct turns *turns; /* null: it does not wait */
	struct turn *next, **previous;
};

/* With the priority of the turns (priority.h). Null: out of memory. */
struct turns *turns_new(struct event_base *base, int priority) must_check;

/* Who still waits hears nothing. Null is allowed. */
void turns_free(struct turns *turns);

/* Wait for a turn, behind those who wait already. Nothing happens if it waits. */
void turn_wait(struct turns *turns, struct turn *turn);

/* Wait no longer, if it waits. */
void turn_cancel(struct turn *turn);

/* The end of a turn that begins now, in monotonic_usec(). */
uint64_t turn_end(void);
