/* SPDX-License-Identifier: ISC */
/*
 * How sources misbehaved lately. Each offence costs a time of penalty, as with sshd's
 * PerSourcePenalties; and the more wrong passwords come from a source, the later they are refused.
 *
 * Pure but for its memory: time is what the caller says (monotonic_usec()).
 */
#pragma once

#include "common/must-check.h"
#include "registrar/net/client-network.h"

#include <stdbool.h>
#include <stdint.h>

enum offence {
	OFFENCE_NO_TLS,  /* a handshake that failed, or something else than TLS */
	OFFENCE_NOTHING, /* gone without a request: after the handshake, or when room is short */
	OFFENCE_TIMEOUT, /* no request within the time for it */
	OFFENCE_IDLE,    /* idle until it had to give way; of those in one second, one counts */
	OFFENCE_WRONG_PASSWORD,
	OFFENCE_FLOOD, /* TLS messages without end, a request without end */
};

struct offences;

/* Returns null when out of memory or without random numbers. */
struct offences *offences_new(void) must_check;

/* Null is allowed. */
void offences_free(struct offences *offences);

/* Remember an offence. */
void offences_add(struct offences *offences, const struct client_network *source,
		  enum offence offence, uint64_t now);

/* Clients of this source are what they should be: what was held against it is forgotten. */
void offences_forgive(struct offences *offences, const struct client_network *source, uint64_t now);

/* Has this source misbehaved so often that it is served only while there is plenty of room? */
bool offences_is_penalised(struct offences *offences, const struct client_network *source,
			   uint64_t now) must_check;

/*
 * How long the refusal of a wrong password has to wait, in microseconds: the first five are refused
 * at once, then one every two seconds, but none waits for more than eight. Counts this one.
 */
uint64_t offences_delay_refusal(struct offences *offences, const struct client_network *source,
				uint64_t now) must_check;
