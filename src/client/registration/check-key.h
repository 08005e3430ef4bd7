/* SPDX-License-Identifier: ISC */
/* Is there a key, and is it this machine's? */
#pragma once

#include "client/registration/registration.h"
#include "common/must-check.h"

/*
 * Read the key file, unless it is a manager's. A key that nothing is known of becomes this
 * machine's; one that is known to be another machine's is treated as on_clone says. Returns
 * CONTINUE when a key is to be got (also when the run is forced) and the file may be replaced, or
 * the exit status: 0 when there is a key that stays, or for a service on a manager.
 */
int check_existing_key(struct registration *run) must_check;
