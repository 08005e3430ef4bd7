/* SPDX-License-Identifier: ISC */
/*
 * One deadline, passed down through every step that can block. It also carries the file descriptor
 * that becomes readable when the process is to stop, so that every wait ends immediately on
 * SIGTERM.
 */
#pragma once

#include "common/must-check.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define USEC_PER_MSEC UINT64_C(1000)
#define USEC_PER_SEC UINT64_C(1000000)
#define USEC_INFINITY UINT64_MAX

struct deadline {
	uint64_t at; /* CLOCK_MONOTONIC, microseconds; USEC_INFINITY: never */
	int stop_fd; /* readable: stop now; -1: never */
};

/* CLOCK_MONOTONIC in microseconds. */
uint64_t monotonic_usec(void);

/* CLOCK_REALTIME in microseconds since 1970; it may be changed at any time. */
uint64_t realtime_usec(void);

/*
 * A deadline `usec` microseconds from now (USEC_INFINITY: none), but not later than `outer` (null:
 * none), whose stop descriptor it inherits.
 */
struct deadline deadline_in(uint64_t usec, const struct deadline *outer);

/*
 * Have `beat` called by the waits below, at most every `interval` microseconds and, while a process
 * does nothing but wait, that often: so that somebody else sees that it goes on. Not by a process
 * that is asked to stop. Null: no longer.
 */
void deadline_set_heartbeat(void (*beat)(void), uint64_t interval);

struct pollfd;

/*
 * Wait until one of `count` descriptors (at most 31) is ready. Returns how many are, -ETIMEDOUT
 * when the deadline passed, -ECANCELED when asked to stop, another negative errno when poll failed.
 */
int deadline_poll(const struct deadline *deadline, struct pollfd *polled,
		  unsigned int count) must_check;

/*
 * Wait until `fd` (-1: only for the time to pass) has one of `events` (poll(2)).
 * Returns the events seen, or a negative errno as deadline_poll() does.
 */
int deadline_wait(const struct deadline *deadline, int fd, short events) must_check;

/*
 * Read until `size` bytes or the end, from a file, pipe or terminal. Returns the number, or a
 * negative errno as deadline_poll() does.
 */
ssize_t deadline_read(const struct deadline *deadline, int fd, void *buffer,
		      size_t size) must_check;
