/* SPDX-License-Identifier: ISC */
/*
 * Of which family the manager of a directory is, where nobody says so: its programs tell, or the
 * choice that was stored. Never the files that the registrar makes itself, such as the times of
 * registrations: a wrong guess would make removed agents come back (dialect_tombstone()).
 */
#pragma once

#include "common/must-check.h"
#include "common/reason.h"
#include "registrar/registry/dialect.h"

#include <sys/types.h>

/*
 * Find it out. Returns 0 with `ret` and with `how`, for the log, set; or, with `how` saying what
 * there is instead, -ENODATA when nothing is known, -EINVAL when programs and choice contradict
 * each other or the choice is no dialect, or another negative errno when it cannot be read.
 */
int known_dialect_find(enum dialect *ret, const char *directory, struct reason *how) must_check;

/*
 * Store the choice in DIRECTORY/etc/agent-registrar.dialect, unless it is there already. `group`
 * owns a new file; (gid_t)-1: the directory's group. Returns 0 or a negative errno with `why` set.
 */
int known_dialect_store(const char *directory, enum dialect dialect, gid_t group,
			struct reason *why) must_check;
