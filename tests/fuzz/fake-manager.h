/* SPDX-License-Identifier: ISC */
/*
 * A manager in place of the network, for the targets of methods: it takes whatever is sent to it,
 * and what it sends is its script. What would be waited for happens at once: the time passes.
 *
 * The script is what the manager sends; 0xFF and a letter are something that happens there:
 *
 *	p  until here in one piece           n  what follows answers the next request
 *	t  nothing comes until the deadline  e  the connection ends in order
 *	x  it ends without a word            r  it is reset
 *	a  an alert refuses our certificate  c  cannot be connected to
 *	l  an error of this machine          f  more letters than anybody wants
 *
 * A new connection begins behind the next one of them but p, t and f. Behind the script everything
 * ends.
 */
#pragma once

#include "fuzz.h"

#include "client/methods/method.h"

/* What is known of each connection. */
#define FAKE_MANAGER_WANTS_CERTIFICATE 1
#define FAKE_MANAGER_GOT_CERTIFICATE 2
#define FAKE_MANAGER_IS_TLS13 4
#define FAKE_MANAGER_IS_ODD 8 /* something about it is worth a warning */

/* Forget what was before, and play this script. */
void fake_manager_begin(const uint8_t *script, size_t size, unsigned int traits);

/* The method has come to its end: no connection is open. */
void fake_manager_end(void);

/*
 * What holds of the result of any method: its texts are printable and without this secret (null:
 * there is none), and the parent of the process takes all of it. Wipes `key` and `report`.
 */
void fake_manager_check(int outcome, struct agent_key *key, bool removed,
			struct attempt_report *report, const char *secret);
