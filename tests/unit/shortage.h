/* SPDX-License-Identifier: ISC */
/*
 * Running out of memory, for once: one call of malloc(), calloc() or realloc() fails, whoever makes
 * it, also a library. A program that uses this is linked with libshortage.a, also one with
 * sanitizers, which goes on using the sanitizer's memory.
 */
#pragma once

#include <stdbool.h>

/* The `nth` call of this thread from now (1: the next) fails, and no other. */
void shortage_begin(unsigned int nth);

/* None fails any more. Has one? */
bool shortage_end(void);

/*
 * How far apart the calls are that a test has fail one after the other: `usually`, for there are
 * thousands that differ little; 1 if $FAULTS is "all".
 */
unsigned int shortage_step(unsigned int usually);

/* Fail if memory was lost, where the program was built to see that: some 100 ms. */
void assert_no_leak(void);

/* The same, with every 16th call; one of assert_no_leak() has to follow. */
void assert_no_leak_at_times(void);
