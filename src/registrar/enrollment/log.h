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

/*
 * A request that was refused before it came to a decision. `name` is what the agent is to be
 * called, without text if that is not known; `text` is what was sent to the client. Bytes of the
 * client's in them are escaped here.
 */
void enrollment_log_refused(const struct authd_field *name, const char *text, const char *peer);

/*
 * What follows the last field of a request is ignored, as the managers do, and can have been meant
 * as groups or as an address. Its bytes are not logged: a password can be among them.
 */
void enrollment_log_ignored(const struct authd_request_fields *fields, const char *peer);

/* An agent that was removed. */
void enrollment_log_removed(const char *id, const char *name, const char *peer);
