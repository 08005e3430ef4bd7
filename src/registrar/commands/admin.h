/* SPDX-License-Identifier: ISC */
/*
 * What the commands that administer client.keys share. Each is one transaction of the roster: it
 * happens as a whole, or not at all. What they print goes to stdout; why they fail is one line in
 * the log.
 */
#pragma once

#include "common/cleanup.h"
#include "common/must-check.h"
#include "registrar/agents/roster.h"
#include "registrar/commands/options.h"
#include "registrar/enrollment/records.h"

#include <sysexits.h>

DEFINE_RELEASE(roster, struct roster *, roster_close)

/* Log a warning. Fit for roster_damage_callback. */
void admin_warn(const char *sentence);

/* Log the reason. Returns `status`. */
int admin_fail(int status, const struct reason *why);

/*
 * The same for client.keys that could not be locked, read or written (`error`, a negative errno).
 * Returns EX_TEMPFAIL when another program held the lock, otherwise EX_CONFIG.
 */
int admin_fail_file(int error, const struct reason *why);

/*
 * Open client.keys and begin the transaction, waiting up to ten seconds for other programs;
 * `to_read`: only to look. The caller commits or cancels, and closes the roster. Returns 0, or an
 * exit status, logged.
 */
int admin_begin(struct roster **ret, const struct options *options, bool to_read) must_check;

/*
 * End the transaction, and then write the records: a failure of these is only logged.
 * Returns 0, or an exit status, logged.
 */
int admin_commit(struct roster *roster, const struct options *options,
		 const struct records *records) must_check;

/* "ID NAME IP" on stdout. */
void admin_print_agent(const char *id, const char *name, const char *ip);

/*
 * From here on, the process ends quietly when nobody reads its output any more, as that of
 * "list | head". For commands that only print.
 */
void admin_end_with_reader(void);

/*
 * Flush stdout. Output that cannot be delivered is a failure, although the work is done. Returns 0
 * or an exit status, logged unless it is that nobody reads it any more.
 */
int admin_finish_output(void) must_check;
