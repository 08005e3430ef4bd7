/* SPDX-License-Identifier: ISC */
/* Who is notified of the events of a registration, for output in another form than the log's. */
#pragma once

#include "client/methods/method.h"

/*
 * Called at the events of a registration; the arguments are valid only during the call. `step` is
 * called in addition to the log, the others in place of the log entry for the event.
 */
struct register_observer {
	/* A step of an attempt begins; `manager` as text, and the name that it is asked for. */
	void (*step)(enum attempt_step step, const char *manager, const char *name);
	/* The manager is about to be asked without being verified. */
	void (*unverified)(const char *manager);
	/*
	 * The run or an attempt failed. `outcome` may be a negative errno; `name` is that of the
	 * agent, empty if it is not known yet.
	 */
	void (*failed)(int outcome, const char *name, const struct reason *why);
	/* A new key is stored. */
	void (*registered)(void);
};
