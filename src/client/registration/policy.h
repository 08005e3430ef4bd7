/* SPDX-License-Identifier: ISC */
/* What follows from an outcome: one table, and nothing else decides. */
#pragma once

#include "client/registration/retry.h"
#include "common/must-check.h"
#include "common/outcome.h"

#define EXIT_USAGE 64       /* sysexits.h EX_USAGE: the command line is wrong */
#define EXIT_LOCAL_ERROR 71 /* EX_OSERR: the system failed us (memory, descriptors) */

struct outcome_policy {
	const char *name; /* OUTCOME= in the journal, and in the state file */
	int exit_code;    /* when it is the last word of a run */
	int level;        /* syslog level of its log line */
	const char *message_id;
	enum retry_class retry; /* how soon the same manager is worth another try */
	/* WAKEUP_ON_...: changes on this machine that make it worth one at once */
	unsigned int events;
};

const struct outcome_policy *outcome_policy(enum outcome outcome);

/* The exit status of an outcome, or of a negative errno: EXIT_LOCAL_ERROR. */
int outcome_exit_code(int outcome) must_check;

/*
 * What a step has come to that failed with `error`, a negative errno: `otherwise`, unless this
 * machine was short of something (common/shortage.h). That is nobody's mistake and passes, so it
 * stays `error`, a local error, after which the registration is tried again.
 */
int outcome_unless_short(enum outcome otherwise, int error) must_check;

/* The outcome of that name, or -EINVAL. */
int outcome_from_name(const char *name) must_check;
