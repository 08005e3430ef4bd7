/* SPDX-License-Identifier: ISC */
/*
 * A way to get a key from a manager.
 *
 * To add a method: write methods/NAME.c with one function of the type of `run` below; declare its
 * `struct method` here; add its row to `methods` in methods/method.c (a method that needs a library
 * besides OpenSSL: in methods/https-module.c), its word to the methods in config-type.c, and its
 * page section to agent-register.conf(5). A method asks once, under one deadline. It does not log,
 * retry, or store anything.
 */
#pragma once

#include "client/agent-files/reenroll-secret.h"
#include "client/methods/enroll-token.h"
#include "client/net/endpoint.h"
#include "client/net/proxy.h"
#include "client/net/tls-client.h"
#include "common/agent-key.h"
#include "common/deadline.h"
#include "common/outcome.h"
#include "common/reason.h"
#include "common/secret.h"

enum attempt_step {
	STEP_CONNECTING,
	STEP_VERIFYING, /* connected; the TLS handshake begins */
	STEP_SENDING,   /* verified; from here on the manager may have registered us */
	STEP_WAITING,   /* the request is out */
	/* a valid key has come; for the story to tell its listener, not for the method */
	STEP_RECEIVED,
};

/* Everything one attempt needs; plain values, nothing owned. Null strings are not sent. */
struct attempt {
	const struct endpoint *manager;
	const char *name;
	const char *groups;
	const char *ip;
	const char *version;
	const char *key_hash; /* of the key still on disk */
	const char *api_user; /* whose password it is, for the API */
	const char *password;
	bool replace; /* take the place of an agent of our name that is not connected */
	/* microseconds since a request of ours whose answer was lost; 0: none was */
	uint64_t lost_for;
	const struct enrollment_token *token; /* of method enroll; null: none */
	/* this agent's own, for method enroll; null: none */
	const struct reenroll_secret *again;
	const char *prefix; /* of the paths of method enroll; may be empty */
	SSL_CTX *context;
	const struct tls_trust *trust;
	const struct proxy *proxy; /* to the manager; null: none */
	uint64_t connect_timeout;  /* microseconds, within the deadline */
	const struct deadline *deadline;
	/* Called before each step. A negative errno ends the attempt. */
	int (*progress)(enum attempt_step step, void *user);
	void *user;
};

/* What an attempt tells beside its outcome. */
struct attempt_report {
	struct reason why;     /* when it did not end in a key */
	struct reason warning; /* what was accepted although it looks wrong */
	bool answered;         /* the manager said that it did not register us ... */
	/*
	 * ... in these words, escaped; empty: in none. `why` begins with "MANAGER says: " and them
	 */
	char said[400];
	/* what method enroll gets beside the key */
	struct reenroll_secret secret; /* without text: none */
	/* PEM of the CA that the agent shall trust; owned by the caller; null: none */
	char *anchor;
	/* microseconds for which the manager wants not to be asked again; 0: it does not say */
	uint64_t wait;
};

struct method {
	const char *name;
	/*
	 * Ask for a key. `ret` is written only with OUTCOME_REGISTERED; otherwise `report->why` is
	 * set.
	 */
	int (*run)(const struct attempt *attempt, struct agent_key *ret,
		   struct attempt_report *report);
	/*
	 * Read the token that says where the manager is; null: the method has no such thing.
	 * Returns 0, or a negative errno with `why` set.
	 */
	int (*parse_token)(struct enrollment_token *ret, const struct secret *token,
			   struct reason *why);
	/*
	 * Load the CA by which the attempt's token knows the manager into the attempt's context,
	 * without asking for a key; null together with `parse_token`. Returns as `run` does.
	 */
	int (*fetch_ca)(const struct attempt *attempt, struct attempt_report *report);
};

/* The word for a method (enum method_kind): "authd". */
const char *method_name(int kind);

/*
 * Get a method by its enum method_kind; the first use of one that lives in the module loads that.
 * Returns 0, or a negative errno with `why` set: the module is not installed, or cannot be loaded.
 */
int method_get(int kind, const struct method **ret, struct reason *why);

/*
 * What every method does first: connect to the manager, through the proxy if there is one, and
 * shake hands. Tells the steps up to STEP_VERIFYING, and puts what TLS warns of into the report.
 * Returns as tls_client_new() does.
 */
int method_connect(const struct attempt *attempt, struct tls_client **ret,
		   struct attempt_report *report);

extern const struct method method_authd;
