/* SPDX-License-Identifier: ISC */
/*
 * A service that was called as an authd (authd-caller.h): in the background unless -f was
 * given, and with a file that has its process id, DIRECTORY/var/run/NAME-PID.pid, by which scripts
 * find it.
 */
#pragma once

#include "common/must-check.h"

#include <limits.h>

struct background {
	int ready_fd;            /* to the process that waits; -1: none does */
	int nothing_fd, log_fd;  /* for when it leaves the terminal; -1: it does not */
	char pid_path[PATH_MAX]; /* empty: there is no such file */
};

#define BACKGROUND_NULL ((struct background){ .ready_fd = -1, .nothing_fd = -1, .log_fd = -1 })

/*
 * Go on in a new process. The one that called it waits until that is ready, and exits with 0 then,
 * with 1 when it ends before. So what is wrong is still said where the caller sees it. Returns 0 in
 * the new process, or a negative errno.
 */
int background_begin(struct background *background, const char *directory) must_check;

/*
 * Give up the terminal, if the caller has one. From now on, what the log has goes to the journal,
 * or into DIRECTORY/logs/ossec.log where there is none. Each process of the service does that.
 */
void background_leave_terminal(struct background *background, const char *name);

/* The service is ready: make the file, leave the terminal, and let the caller go. */
void background_ready(struct background *background, const char *directory, const char *name);

/* Remove the file, and close all. Fit for cleanup(). */
void background_end(struct background *background);
