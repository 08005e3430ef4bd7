/* SPDX-License-Identifier: ISC */
/*
 * How long to wait before a manager is asked again. Pure: no clock, no randomness of its own.
 *
 * The wait depends on how far we got: a machine without a network is worth trying every second, a
 * manager that said no is not. Within a class it grows with decorrelated jitter (the next wait is
 * drawn between the shortest one and three times the last), so that machines that booted together
 * drift apart.
 */
#pragma once

#include "common/must-check.h"

#include <stdbool.h>
#include <stdint.h>

enum retry_class {
	RETRY_NEVER,   /* trying again cannot help */
	RETRY_SOON,    /* from `initial` to `max` */
	RETRY_SHORTLY, /* from 5 times `initial` to `max` */
	RETRY_LATER,   /* from 30 times `initial` to `max` */
	RETRY_SLOWLY,  /* from `max` to 4 times `max` */
	RETRY_RARELY,  /* from 3 to 12 times `max` */
};

/* What an answer says of the next attempt. */
struct retry_advice {
	bool is_soon;   /* what the manager lacks it may have within seconds: RETRY_SHORTLY */
	uint64_t after; /* not before that, in microseconds; 0: it does not say */
};

/* The configured bounds, in microseconds; 0 < initial <= max. */
struct retry_bounds {
	uint64_t initial;
	uint64_t max;
};

/*
 * The wait after a failure of class `class` (not RETRY_NEVER), in microseconds. `previous` is the
 * wait before this attempt if that followed a failure of the same class, otherwise 0. `seed` (one a
 * machine) and `attempt` (counting up) make the draw: the same ones give the same wait.
 */
uint64_t retry_wait(enum retry_class class, const struct retry_bounds *bounds, uint64_t previous,
		    uint64_t seed, uint64_t attempt) must_check;

/* A number from 0 to `most`, drawn by `seed` and `attempt`. */
uint64_t retry_draw(uint64_t most, uint64_t seed, uint64_t attempt) must_check;
