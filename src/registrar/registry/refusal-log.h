/* SPDX-License-Identifier: ISC */
/*
 * The log of refused registrations: one line for each, with fields, whoever has refused it. What is
 * no request at all is refused without asking the registry.
 */
#pragma once

#include "common/authd-message.h"

/*
 * `name` is what the agent is to be called, without text if that is not known; `text` is what was
 * sent to the client, and `detail` what was not, or empty. Bytes of the client's in name and text
 * are escaped here, and not shown if they hold `password` (the one for registrations; null: the
 * client knows it, or there is none) or what may be a key.
 */
void refusal_log(const struct authd_field *name, const char *text, const char *detail,
		 const char *client, const char *password);
