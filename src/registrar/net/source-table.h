/* SPDX-License-Identifier: ISC */
/*
 * A table of fixed size that remembers something of each source (client-network.h): when it is
 * full, what matters least is forgotten first. Whoever has many addresses cannot make it grow, nor
 * push out of it what matters more.
 *
 * Pure but for its memory: time is what the caller says (monotonic_usec()).
 */
#pragma once

#include "common/must-check.h"
#include "registrar/net/client-network.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct source_table;

struct source_table_settings {
	size_t record_count; /* a multiple of 8 */
	size_t record_size;  /* bytes */
	/* What time has settled is taken out of a record. */
	void (*age)(void *record, uint64_t now, const void *owner);
	/* Is `a` to be forgotten rather than `b`? Both have been aged. */
	bool (*matters_less)(const void *a, const void *b);
	const void *owner; /* outlives the table */
};

/* Returns null when out of memory or without random numbers. */
struct source_table *source_table_new(const struct source_table_settings *settings) must_check;

/* Null is allowed. */
void source_table_free(struct source_table *table);

/*
 * The record of a source, aged; made if need be, of zeros. `name` (null: none) tells several
 * records of one source apart. Valid until the next call.
 */
void *source_table_find(struct source_table *table, const struct client_network *source,
			const char *name, uint64_t now);
