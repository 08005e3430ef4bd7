/* SPDX-License-Identifier: ISC */
/*
 * Waiting until it is worth trying again: until a time, or until something on this machine changed
 * that may have been the obstacle. Events that happen between two waits are not lost.
 */
#pragma once

#include "common/deadline.h"

#include <stdint.h>

enum wakeup {
	WAKEUP_TIME,    /* the deadline */
	WAKEUP_NETWORK, /* a link came up, a route or an address appeared or changed */
	WAKEUP_CLOCK,   /* the clock was set */
	WAKEUP_NAME,    /* the host name was set */
};

struct wakeup_sources {
	/* rtnetlink; -1: none of these could be had, and then only the others wake */
	int network;
	int clock;     /* timerfd that is cancelled when the clock is set */
	int host_name; /* /proc/sys/kernel/hostname */
	/*
	 * A network that flaps must not make us hammer: early wake-ups are paid with tokens, which
	 * time brings back.
	 */
	unsigned int tokens;
	uint64_t tokens_since;
};

/* Which events matter to a wait; or them together. */
#define WAKEUP_ON_NETWORK 1u
#define WAKEUP_ON_CLOCK 2u
#define WAKEUP_ON_NAME 4u

/* Begin to listen. What cannot be listened to is left out. Close with wakeup_close(). */
void wakeup_open(struct wakeup_sources *sources);

/* Forget the events so far: what follows tries everything anyway. */
void wakeup_drain(struct wakeup_sources *sources);

/* Wait. Returns an enum wakeup, -ECANCELED when asked to stop, or another negative errno. */
int wakeup_wait(struct wakeup_sources *sources, unsigned int events,
		const struct deadline *deadline);

void wakeup_close(struct wakeup_sources *sources);
