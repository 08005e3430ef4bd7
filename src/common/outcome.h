/* SPDX-License-Identifier: ISC */
/*
 * The result of a registration attempt.
 *
 * A function that communicates with a manager returns a negative errno when something is wrong on
 * this machine, and one of these when the result depends on the peer or the network. The
 * consequences of each outcome (exit status, message ID, remedy, delay) are in one table:
 * src/client/registration/policy.c.
 */
#pragma once

enum outcome {
	OUTCOME_OK = 0,                  /* of a step: success */
	OUTCOME_REGISTERED = OUTCOME_OK, /* of an attempt: a valid key was obtained */
	OUTCOME_NOT_READY,               /* this machine has no identity yet (no host name, ...) */
	OUTCOME_UNREACHABLE, /* no route, no DNS response, refused, timed out before TLS */
	OUTCOME_UNTRUSTED,   /* chain, name, pin, validity or TLS version */
	OUTCOME_BUSY,        /* closed before TLS, internal error, agent limit */
	OUTCOME_DUPLICATE,   /* name or address already in use */
	/* password, name, group, version, client certificate; silent close after the request */
	OUTCOME_REFUSED,
	OUTCOME_PROTOCOL_ERROR, /* the response does not follow the protocol, or is not valid */
	OUTCOME_MISCONFIGURED,  /* configuration or credential not usable */
	OUTCOME_STORAGE_ERROR,  /* the key cannot be written */
	OUTCOME_CLONED,         /* the key belongs to another machine and the policy is to refuse */
	OUTCOME_CRASHED,        /* the process that talked to the peer died, or is not believed */
	OUTCOME_MAX_,
};

/* What a refusal is about, where something follows from that besides its outcome. */
enum refusal_subject {
	REFUSED_OTHER,   /* anything else, or the manager did not say */
	REFUSED_NAME,    /* another agent has the name */
	REFUSED_ADDRESS, /* another agent has the address, whatever its name */
	REFUSED_ID,      /* another agent has the ID that the manager has chosen */
	REFUSED_GROUP,   /* the manager has no such group */
};
