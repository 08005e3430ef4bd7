/* SPDX-License-Identifier: ISC */
/*
 * init --rotate-ca: another CA for the certificate that init has made.
 *
 * First a new CA is made, and handed out together with the old one, while the certificate stays: so
 * whoever trusts the old CA is served, and learns of the new one. Once everybody has, the
 * certificate is issued anew, by the new CA, and the old one is not handed out any more. The key of
 * the certificate stays, and with it what is pinned of it, so each step replaces one file after the
 * other, in an order in which every state between them works; and a step that was interrupted is
 * done again, or gone on with.
 */
#pragma once

#include "common/must-check.h"
#include "common/reason.h"
#include "registrar/commands/init.h"

#include <stdbool.h>

/*
 * Make a new CA, unless one is on its way already; or, with `is_last`, use it. Says on stdout what
 * was done and what is to be done next. Returns 0, or a negative errno with `why` set; -EINVAL also
 * where the certificate was not made by init, or there is no new CA to use.
 */
int rotate_ca(const struct init_settings *settings, bool is_last, struct reason *why) must_check;
