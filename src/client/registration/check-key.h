/* SPDX-License-Identifier: ISC */
/* Is there a key, and is it this machine's? */
#pragma once

#include "client/registration/registration.h"

/*
 * Read the key file. A key that nothing is known of becomes this machine's; one that is known to be
 * another machine's is treated as on_clone says. Returns CONTINUE when a key is to be got (also
 * when the run is forced), or the exit status: 0 when there is a key that stays.
 */
int check_existing_key(struct registration *run);
