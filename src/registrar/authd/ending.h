/* SPDX-License-Identifier: ISC */
/* What a connection that ended without an answer means: a line of the log, an offence. */
#pragma once

#include "registrar/authd/connection.h"
#include "registrar/net/admission.h"
#include "registrar/net/peer-log.h"

/*
 * Log the end, unless it is one of too many, and count what was an offence while so many
 * connections were open.
 */
void ending_note(const struct connection *connection, enum connection_end how, const char *detail,
		 struct peer_log *log, struct admission *admission, size_t open);
