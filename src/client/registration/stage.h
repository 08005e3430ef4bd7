/* SPDX-License-Identifier: ISC */
/*
 * The key file locked, and room made for a new key: what comes before a manager is asked for one.
 */
#pragma once

#include "client/registration/registration.h"
#include "common/deadline.h"
#include "common/must-check.h"

/*
 * Lock the key file, look at it again (another process may have registered this machine), and make
 * sure that a key can be stored. Waits for another run's lock until `deadline`. Returns CONTINUE,
 * the exit status, or -ECANCELED.
 */
int stage_files(struct registration *run, const struct deadline *deadline) must_check;

/* Discard what is staged, and unlock. */
void stage_unlock(struct registration *run);
