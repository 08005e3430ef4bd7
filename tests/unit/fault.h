/* SPDX-License-Identifier: ISC */
/*
 * Making system calls fail on demand, and seeing their order. A program that uses this is linked
 * with FAULT_WRAPS (local.mk), so that the calls of the code under test come through here.
 */
#pragma once

#define FAULT_SHORT (-1) /* for write, read, send and recv: half of it, without an error */

/*
 * The `nth` call of `name` from now (1: the next) fails with `error`. Forgets earlier faults and
 * the trace.
 */
void fault_set(const char *name, unsigned nth, int error);

/* One more fault, beside those set. */
void fault_add(const char *name, unsigned nth, int error);

/* Every call of `name` fails, until fault_set() or fault_clear(). */
void fault_always(const char *name, int error);

/* No faults, and an empty trace. */
void fault_clear(void);

/* The calls that change files, since fault_set() or fault_clear(), with blanks between them. */
const char *fault_trace(void);

/* How often `name` is in that. */
unsigned int fault_count(const char *name);
