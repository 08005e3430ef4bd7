/* SPDX-License-Identifier: ISC */
/*
 * What a registration reports: the fields of its log entries, its failures, and the state that the
 * next run and `agent-register status` read.
 */
#pragma once

#include "client/registration/registration.h"
#include "common/log.h"
#include "common/must-check.h"
#include "common/outcome.h"

/* The word for the way in which the run gets its key: "authd", "import". */
const char *report_method_name(const struct registration *run);

/*
 * The fields that every entry about this run carries, for log_event(); `key` may be null. Valid
 * until the next call.
 */
const struct log_field *report_fields(const struct registration *run, const struct agent_key *key,
				      enum outcome outcome);

/*
 * The one log line of a failure; also saved in the state, and shown as STATUS=. `outcome` may be a
 * negative errno. Returns the exit status that it means when it ends the run, or -ECANCELED, which
 * is not logged.
 */
int report_failure(struct registration *run, int outcome, const struct reason *why) must_check;

/* The same for a step that failed with a negative errno: outcome_unless_short(). */
int report_failed_step(struct registration *run, enum outcome otherwise, int error,
		       const struct reason *why) must_check;

/* As report_failure(); unless `should_log`, the log line has the level debug. */
int report_note_failure(struct registration *run, int outcome, const struct reason *why,
			bool should_log) must_check;

/* Save the state. That it cannot be saved is logged as a warning once in a run, and changes nothing
 * else. */
void report_save_state(struct registration *run);
