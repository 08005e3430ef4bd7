/* SPDX-License-Identifier: ISC */
/*
 * How the two families of managers answer: the same request grammar, different replies and endings.
 *
 * OSSEC (observed: 3.8, 4.3): `\n\n` after everything; an error is two TLS records. After a key
 * comes close_notify, which the real ossec-authd never sends, because agent-auth 3.8 needs it to
 * exit 0; after an error comes none, because agent-auth 4 takes one for success. A wrong password
 * or a request that is none gets no answer at all.
 *
 * Wazuh (observed: 4.14): no newline; an error is one record that ends in ". Unable to add agent";
 * close_notify always.
 */
#pragma once

#include "common/must-check.h"

enum dialect {
	DIALECT_OSSEC,
	DIALECT_WAZUH,
};

/* "ossec" or "wazuh" */
const char *dialect_text(enum dialect dialect);

/* Read "ossec" or "wazuh". Returns the dialect, or -EINVAL: neither. */
int dialect_from_text(const char *text) must_check;
