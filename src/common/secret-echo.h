/* SPDX-License-Identifier: ISC */
/*
 * Whether a secret is in a text, in any form from which somebody could have it back. For texts that
 * are about to be logged: a peer may be anybody; some echo what they receive, whole or cut, and
 * proxies and gateways write it in their own way.
 */
#pragma once

#include "common/must-check.h"

#include <stdbool.h>
#include <stddef.h>

/* How much of a secret counts. */
enum secret_echo_rule {
	/*
	 * Where nothing of it is by chance: in the words of a peer, or of a random secret. Three
	 * quarters of it, and of a longer one 12 bytes, also in pieces.
	 */
	SECRET_ECHO_IN_PIECES,
	/*
	 * In our words, which poor passwords share. One of less than 12 bytes counts as a whole,
	 * and not if it is a word or has less than 5; of a longer one count three quarters or 32
	 * bytes in a row.
	 */
	SECRET_ECHO_IN_A_ROW,
};

/*
 * Is the secret, or as much of it as counts, in the text? As it is or in another case, backwards,
 * with a + for each space, as hexadecimal or decimal numbers, in base64 (also as a part of what was
 * encoded, or in lines), and any of these in escapes of URLs, JSON, C or HTML, up to two times.
 * Only the first 4096 bytes of a text are searched for more than the secret as it is. A null
 * secret, or an empty one, is in no text; without memory, every other one is.
 */
bool secret_echo_is_in(const void *text, size_t text_length, const void *secret,
		       size_t secret_length, enum secret_echo_rule rule) must_check;
