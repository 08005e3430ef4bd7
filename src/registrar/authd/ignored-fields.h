/* SPDX-License-Identifier: ISC */
/* The log of what a request has behind its last field. */
#pragma once

#include "common/authd-message.h"

/*
 * What follows the last field of a request is ignored, as the managers do, and can have been meant
 * as groups or as an address. Its bytes are not logged: a password can be among them.
 */
void ignored_fields_log(const struct authd_request_fields *fields, const char *peer);
