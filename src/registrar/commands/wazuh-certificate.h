/* SPDX-License-Identifier: ISC */
/* wazuh-authd -C DAYS -B BITS -K KEY -X CERTIFICATE -S SUBJECT: make a certificate. */
#pragma once

#include "common/must-check.h"
#include "common/reason.h"

/* Texts of the command line; null: not given. */
struct wazuh_certificate {
	const char *days, *bits, *key_path, *certificate_path, *subject;
};

/*
 * Make the key, mode 0600, and the certificate, in place of files that are there. Returns 0, or a
 * negative errno with `why` set, in wazuh-authd's words where something is missing.
 */
int wazuh_certificate_make(const struct wazuh_certificate *wanted, struct reason *why) must_check;
