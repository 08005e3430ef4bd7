/* SPDX-License-Identifier: ISC */
/* The time, for targets whose code under test waits: it passes when the input says so. */
#pragma once

/* Let the monotonic clocks of this process go on by so many tenths of a second. */
void fuzz_let_pass(unsigned int tenths);

/* Each look at the clock takes so long; 0: as long as it does. */
void fuzz_slow_down(unsigned int microseconds);
