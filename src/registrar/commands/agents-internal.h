/* SPDX-License-Identifier: ISC */
/* What the administration commands share. For administration*.c only. */
#pragma once

#include "common/cleanup.h"
#include "registrar/agents/roster.h"
#include "registrar/commands/options.h"

#include <sysexits.h>

DEFINE_RELEASE(roster, struct roster *, roster_close)

/* Log the reason. Returns `status`. */
int administration_fail(int status, const struct reason *why);

/* The same, with the exit status for client.keys that could not be locked, read or written. */
int administration_fail_file(int error, const struct reason *why);

/* Open client.keys and begin the transaction; `to_read`: only to look. Returns an exit status. */
int administration_begin(struct roster **ret, const struct options *options, bool to_read);

/* "ID NAME IP" on stdout. */
void administration_print(const char *id, const char *name, const char *ip);

/*
 * Output that cannot be delivered is a failure, although the work is done. Returns an exit status.
 */
int administration_finish_output(void);

/* The commands add and import-file. */
int administration_add(const struct options *options);
int administration_import(const struct options *options);
