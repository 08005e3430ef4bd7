/* SPDX-License-Identifier: ISC */
/* Confirmation by the person at the terminal. */
#pragma once

#include "common/must-check.h"

/*
 * Ask for the word "yes", after what was printed about it. Returns 0 for it, otherwise the exit
 * status (without a terminal that of a wrong command line, and the log has said to give --yes), or
 * -ECANCELED when asked to stop.
 */
int confirm_at_terminal(int stop_fd) must_check;
