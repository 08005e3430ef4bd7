/* SPDX-License-Identifier: ISC */
/* What code under test prints. */
#pragma once

/*
 * Call with standard output and error going to the file `output`, instead of into the test's own
 * report. Returns what was printed, for the caller to free.
 */
char *capture(const char *output, void (*call)(void *), void *user);
