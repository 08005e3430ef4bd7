/* SPDX-License-Identifier: ISC */
/*
 * The bearer of an enrollment with Wazuh 5 (enroll-jwt.h), in its parts: it is signed with a secret
 * that the client has, the registration password for instance, and only the registry has the
 * secrets. Plain data.
 */
#pragma once

#include "common/enroll-jwt.h"
#include "registrar/net/peer.h"

#define BEARER_MAC_SIZE 32

struct enroll_bearer {
	/* whose secret it is; empty: the registration password */
	char key_id[ENROLL_KEY_ID_MAX + 1];
	uint64_t made; /* seconds since the epoch, as the client says */
	unsigned char nonce[ENROLL_NONCE_SIZE];
	unsigned char mac[BEARER_MAC_SIZE];
};

/* Is the bearer right? */
struct bearer_request {
	struct peer client;
	struct enroll_bearer bearer;
};

/* Why a bearer is refused: the classes of failure of Wazuh 5. */
enum bearer_fault {
	BEARER_OK,
	BEARER_INVALID_REQUEST,   /* it is no bearer */
	BEARER_KEY_UNAVAILABLE,   /* the manager's machine */
	BEARER_UNKNOWN_AGENT,     /* signed with the secret of an agent, which is unknown here */
	BEARER_UNKNOWN_TOKEN,     /* signed with an enrollment token that is unknown here */
	BEARER_REVOKED_TOKEN,     /* signed with one that was revoked */
	BEARER_EXPIRED_TOKEN,     /* ... or that has expired */
	BEARER_INVALID_SIGNATURE, /* signed with another secret than the one it names */
	BEARER_STALE,             /* too old, or from the future */
};

struct bearer_answer {
	enum bearer_fault fault;
};

/* What comes of an agent's request for a secret, of which the bearer says which agent it is. */
enum secret_fault {
	SECRET_OK,          /* it is on the disk */
	SECRET_DENIED,      /* the bearer is not right */
	SECRET_IN_PROGRESS, /* the agent is getting one already */
	SECRET_INTERNAL,    /* the manager's machine */
};

/* Holds a secret: wipe it. */
struct secret_answer {
	enum secret_fault fault;
	enum bearer_fault bearer; /* SECRET_DENIED: why */
	/* SECRET_OK: with which the agent may enroll again */
	char secret[ENROLL_AGENT_SECRET_LENGTH + 1];
};

/* The name that Wazuh has for the fault: "stale_token". Empty for BEARER_OK. */
const char *bearer_fault_text(enum bearer_fault fault);

/* What the log has to say beyond that, to go behind it; empty: nothing. */
const char *bearer_fault_cause(enum bearer_fault fault);
