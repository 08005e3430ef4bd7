/* SPDX-License-Identifier: ISC */
/*
 * Waiting until another attempt may succeed: until a time, or until a relevant change on this
 * machine. Events between two waits are not lost.
 */
#pragma once

#include "client/system/file-watch.h"
#include "common/deadline.h"
#include "common/must-check.h"

#include <stdint.h>

enum wakeup {
	WAKEUP_TIME,    /* the deadline */
	WAKEUP_NETWORK, /* a link came up, or a route or an address was added or changed */
	WAKEUP_CLOCK,   /* the clock was set */
	WAKEUP_NAME,    /* the host name was set */
	WAKEUP_FILES,   /* files were changed */
};

struct wakeup_sources {
	/* rtnetlink; -1: not available, then only the other sources are used */
	int network;
	int clock;                /* timerfd that is cancelled when the clock is set */
	int host_name;            /* /proc/sys/kernel/hostname */
	struct file_watch *files; /* not owned; null: none */
	unsigned int changed;     /* with WAKEUP_FILES: the purposes of those that were changed */
	/*
	 * A flapping network must not cause too many attempts: each early wakeup uses a token, and
	 * tokens are refilled over time.
	 */
	unsigned int tokens;
	uint64_t tokens_since;
};

/* Flags of the events that end a wait. */
#define WAKEUP_ON_NETWORK 1u
#define WAKEUP_ON_CLOCK 2u
#define WAKEUP_ON_NAME 4u
#define WAKEUP_ON_FILES 8u

/*
 * Open the sources. Those that are not available are omitted. `files`, which may be null, must
 * remain. Close with wakeup_close().
 */
void wakeup_open(struct wakeup_sources *sources, struct file_watch *files);

/* Discard the events so far, before a new attempt. */
void wakeup_drain(struct wakeup_sources *sources);

/*
 * Wait for `events` or the deadline. Returns an enum wakeup, -ECANCELED when asked to stop, or
 * another negative errno.
 */
int wakeup_wait(struct wakeup_sources *sources, unsigned int events,
		const struct deadline *deadline) must_check;

void wakeup_close(struct wakeup_sources *sources);
