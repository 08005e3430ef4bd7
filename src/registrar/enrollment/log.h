/* SPDX-License-Identifier: ISC */
/*
 * The log of enrollments: one line for each client, with fields, and never a key or a password.
 */
#pragma once

#include "registrar/enrollment/enrollment.h"

/*
 * The outcome of an enrollment: registered, refused, or failed because of this machine. `user` is
 * who asked, by the API.
 */
void enrollment_log(const struct enrollment *enrollment,
		    const struct agent_registration *registration, const char *user);

/* An agent that was removed. */
void enrollment_log_removed(const char *id, const char *name, const char *peer);
