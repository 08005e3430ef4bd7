/* SPDX-License-Identifier: ISC */
/* What holds where the command line says nothing. */
#pragma once

#include "common/must-check.h"
#include "registrar/commands/options.h"

/* The options before any is parsed. */
struct options defaults_begin(void) must_check;

/*
 * Complete options that were parsed for a command with what follows from others: the paths from the
 * directory, the policy from the dialect, the dialect from the manager's programs or the stored
 * choice. Where serve does not know it, no_dialect_status is set. Returns 0, or -EINVAL when they
 * contradict each other (a usage error has been printed); `paths` is then to be cleared all the
 * same.
 */
int defaults_complete(struct options *options, enum command_index command) must_check;

/* Free the paths that were made. */
void defaults_clear(struct default_paths *paths);
