/* SPDX-License-Identifier: ISC */
/*
 * The interface of a registration method: a way to obtain a key from a manager.
 *
 * To add a method: write methods/NAME.c with one function of the type of `run` below; declare its
 * `struct method` in methods/methods.h and add its row to the table in methods/methods.c (a method
 * that needs a library besides OpenSSL: methods/https/https-module.c), its name to the methods in
 * config/types.c, and its section to agent-register.conf(5). A method asks once, under one
 * deadline. It does not log, retry, or store anything.
 */
#pragma once

#include "client/agent-files/reenroll-secret.h"
#include "client/methods/enroll-token.h"
#include "client/net/own-names.h"
#include "client/net/proxy.h"
#include "client/net/tls-client.h"
#include "common/agent-key.h"
#include "common/deadline.h"
#include "common/endpoint.h"
#include "common/must-check.h"
#include "common/outcome.h"
#include "common/reason.h"
#include "common/secret.h"

#define MISSING_GROUPS_SIZE 512 /* what is longer is cut */

enum attempt_step {
	STEP_CONNECTING,
	STEP_VERIFYING, /* connected; the TLS handshake begins */
	STEP_SENDING,   /* verified; from here on the manager may have registered or removed us */
	STEP_WAITING,   /* the request has been sent */
	/* a valid key was received; reported by the registration, not by the method */
	STEP_RECEIVED,
};

/* The agent for which a key is requested. Terminated strings, not owned; null: not sent. */
struct attempt_agent {
	const char *name;
	const char *groups; /* separated by commas */
	const char *ip;
	const char *version;
	const char *key_hash; /* of the key still on disk */
};

/* The agent's name, as far as only the network can say it. */
struct attempt_naming {
	unsigned int needs; /* NAME_NEEDS_... (name-template.h); 0: agent.name is the name */
	/*
	 * Called with what was needed, each part valid (own-names.h), before a request is made:
	 * makes agent.name, and finds api.lost_for of it. Returns OUTCOME_OK, or what ends the
	 * attempt, with `why` set.
	 */
	int (*complete)(const struct own_names *own, uint64_t *ret_lost_for, struct reason *why,
			void *user);
};

/* How to connect to the manager, and how to verify it. Nothing is owned. */
struct attempt_connection {
	SSL_CTX *context; /* null: it is made in the process of the attempt */
	const struct tls_trust *trust;
	const char *private_key_file; /* loaded into the context as well; null: none */
	const char *private_key_home; /* of whoever named it (trusted-file.h); null: root did */
	const struct proxy *proxy;    /* to the manager; null: none */
	uint64_t timeout;             /* microseconds, within the deadline */
};

/* Only for the method api. */
struct attempt_api {
	const char *user; /* the user to whom the password belongs */
	bool replace;     /* replace an agent of our name that is not connected */
	/* the group for one that the manager does not have; null: none */
	const char *fallback_group;
	/* microseconds since a request whose response was lost; 0: none */
	uint64_t lost_for;
};

/* Only for the method enroll. Nothing is owned. */
struct attempt_enroll {
	const struct enrollment_token *token; /* null: none */
	const struct reenroll_secret *secret; /* this agent's own; null: none */
	const char *secret_file;              /* where that is, for messages */
	const char *prefix;                   /* of the paths; may be empty */
	/* the content of the trust's ca_file; with that only */
	const char *ca;
	size_t ca_length;
};

/*
 * Everything that one attempt needs: plain values, nothing owned. Composed by
 * registration/access.h, except the agent and the progress callback.
 */
struct attempt {
	const struct endpoint *manager;
	struct attempt_agent agent;
	struct attempt_naming naming;
	struct attempt_connection connection;
	/* where the manager serves agents: a connection to it comes first; 0: no connection */
	uint16_t probe_port;
	const char *password; /* null: none */
	struct attempt_api api;
	struct attempt_enroll enroll;
	const struct deadline *deadline;
	/* Called before each step; null: not called. A negative errno ends the attempt. */
	int (*progress)(enum attempt_step step, void *user);
	/*
	 * Called with the socket once it is connected, before anything is sent; null: not called.
	 * Only then agent.name is known. Returns as method_connect().
	 */
	int (*connected)(int fd, struct reason *why);
	void *user;
};

/* What an attempt reports in addition to its outcome. Start with zeros. */
struct attempt_report {
	struct reason why;     /* when no key was obtained */
	struct reason warning; /* a problem that was accepted */
	/* the manager reported that it did not do it; `why` carries its message, if any */
	bool answered;
	/* what a refusal is about, as far as the manager said it */
	enum refusal_subject subject;
	/*
	 * the groups that the manager does not have, separated by commas, and that `fallback_group`
	 * has taken the place of; of the method api
	 */
	char missing_groups[MISSING_GROUPS_SIZE];
	/* of the method enroll; without text: none */
	struct reenroll_secret reenroll_secret;
	/*
	 * of the method enroll: PEM of the CA for the agent to trust; owned by the caller; null:
	 * none
	 */
	char *anchor;
	/* the delay, in microseconds, that the manager requested; 0: none */
	uint64_t retry_after;
	bool is_soon;        /* what the manager lacks it may have within seconds */
	bool secret_refused; /* of the method enroll: this agent's own, and the next was tried */
};

struct method {
	const char *name;
	bool keeps_name; /* a key is never for another name than the one that was requested */
	/*
	 * Request a key. `ret` is written only with OUTCOME_REGISTERED; otherwise `report->why` is
	 * set. Returns an outcome, or a negative errno.
	 */
	int (*run)(const struct attempt *attempt, struct agent_key *ret,
		   struct attempt_report *report);

	/* What follows is optional: null where the method cannot do it. */

	/*
	 * Parse the text of an enrollment token. Returns 0 with `ret` set (wipe it with
	 * enrollment_token_wipe()), or a negative errno with `why` set.
	 */
	int (*parse_token)(struct enrollment_token *ret, const struct secret *token,
			   struct reason *why);
	/*
	 * Load the CA identified by the attempt's token into the attempt's context, without
	 * requesting a key; set together with `parse_token`. Returns as `run`.
	 */
	int (*fetch_ca)(const struct attempt *attempt, struct attempt_report *report);
	/*
	 * Can this be the CA (PEM; null: none) that an attempt which succeeded reports for the
	 * agent to trust? Whoever has taken over the process of the attempt reports what he likes.
	 * Null: the method reports none. Returns 0, or a negative errno.
	 */
	int (*check_anchor)(const struct attempt *attempt, const char *anchor);
	/*
	 * Verify the manager, and request nothing but the CA certificates that the agent is to
	 * trust, which become the report's anchor: in place of those that are trusted now. Returns
	 * OUTCOME_OK, or as `run`.
	 */
	int (*renew_trust)(const struct attempt *attempt, struct attempt_report *report);
	/* As check_anchor, for `renew_trust`; set together with it. */
	int (*check_renewed)(const struct attempt *attempt, const char *anchor);
	/*
	 * Remove the agent with this id from the manager, if it has our key there: the one of the
	 * attempt's name and hash. Returns OUTCOME_OK when the manager no longer has the agent,
	 * with `*ret_removed` true if it had one; or as `run`.
	 */
	int (*deregister)(const struct attempt *attempt, const char *id, bool *ret_removed,
			  struct attempt_report *report);
};

/*
 * Report that a step begins, to the attempt's progress callback. Returns OUTCOME_OK, or the
 * negative errno that ends the attempt.
 */
static inline int attempt_begin_step(const struct attempt *attempt, enum attempt_step step)
{
	return attempt->progress ? attempt->progress(step, attempt->user) : OUTCOME_OK;
}

/*
 * The first step of every method: connect to the manager, through the proxy if there is one, and
 * perform the TLS handshake. Reports the steps up to STEP_VERIFYING, and puts a warning of TLS into
 * the report. Returns as tls_client_new() does; free the client with tls_client_free().
 */
int method_connect(const struct attempt *attempt, struct tls_client **ret,
		   struct attempt_report *report) must_check;
