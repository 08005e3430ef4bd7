/* SPDX-License-Identifier: ISC */
/* What the tests of atomic_file have in common. */
#pragma once

#include "common/atomic-file.h"

#include <sys/types.h>

#define NOBODY ((gid_t)-1)

/* A directory in *state, for teardown_directory(), and no faults. */
int setup_atomic_file(void **state);

/* Stage and commit `text` to `path`; as atomic_file_commit() does. */
int replace_file(const char *path, const char *text, const char *backup, struct reason *why);
