/* SPDX-License-Identifier: ISC */
/*
 * What became of a registration attempt.
 *
 * A function that talks to a manager returns a negative errno when something is wrong on this
 * machine, and one of these when the peer (or the way to it) decided. What follows from each
 * outcome (exit code, message id, remedy, how long to wait) is one table:
 * src/client/registration/policy.c.
 */
#pragma once

enum outcome {
	OUTCOME_OK = 0,                  /* of a step: it went well */
	OUTCOME_REGISTERED = OUTCOME_OK, /* of an attempt: a valid key is in hand */
	OUTCOME_NOT_READY,   /* this machine cannot say who it is yet (no host name, ...) */
	OUTCOME_UNREACHABLE, /* no route, no DNS answer, refused, timed out before TLS */
	OUTCOME_UNTRUSTED,   /* chain, name, pin, validity or TLS version */
	OUTCOME_BUSY,        /* closed before TLS, internal error, agent limit */
	OUTCOME_DUPLICATE,   /* name or address already taken */
	/* password, name, group, version, client certificate; silent close after the request */
	OUTCOME_REFUSED,
	OUTCOME_PROTOCOL_ERROR, /* the reply is not the protocol, or does not validate */
	OUTCOME_MISCONFIGURED,  /* configuration or credential unusable */
	OUTCOME_STORAGE_ERROR,  /* the key cannot be written */
	OUTCOME_CLONED,         /* the key belongs to another machine and the policy is to refuse */
	OUTCOME_MAX_,
};
