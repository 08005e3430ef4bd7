/* SPDX-License-Identifier: ISC */
/*
 * What a start tells of reading client.keys, where that takes long: lines of the log, and to
 * systemd a status, and that the start goes on, so that its time limit (TimeoutStartSec=) does not
 * end it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zero, but for the first member: nothing was told. */
struct reading {
	const char *directory; /* of client.keys */
	uint64_t begun;        /* CLOCK_MONOTONIC, microseconds; 0: not yet */
	uint64_t told, logged; /* the last times; 0: never */
};

/* A report of struct keys_progress, whose `owner` is a struct reading. */
void reading_report(void *owner, size_t done, size_t all);

/* It is read, and has so many agents. Silent where reading was not told of. */
void reading_end(const struct reading *reading, size_t agents);
