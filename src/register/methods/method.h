/* SPDX-License-Identifier: ISC */
/*
 * A way to get a key from a manager.
 *
 * To add a method: write methods/NAME.c with one function of the type of `run` below; declare its `struct method`
 * here; add its row to `methods` in methods/method.c, its word to the methods in config-type.c, and its page section
 * to agent-register.conf(5). A method asks once, under one deadline. It does not log, retry, or store anything.
 */
#pragma once

#include "common/agent-key.h"
#include "common/deadline.h"
#include "common/outcome.h"
#include "common/reason.h"
#include "common/secret.h"
#include "register/endpoint.h"
#include "register/proxy.h"
#include "register/tls-client.h"

enum attempt_step {
	STEP_CONNECTING,
	STEP_VERIFYING, /* connected; the TLS handshake begins */
	STEP_SENDING,   /* verified; from here on the manager may have registered us */
	STEP_WAITING,   /* the request is out */
};

/* Everything one attempt needs; plain values, nothing owned. Null strings are not sent. */
struct attempt {
	const struct endpoint *manager;
	const char *name;
	const char *groups;
	const char *ip;
	const char *version;
	const char *key_hash; /* of the key still on disk */
	const char *password;
	SSL_CTX *context;
	const struct tls_trust *trust;
	const struct proxy *proxy; /* to the manager; null: none */
	uint64_t connect_timeout; /* microseconds, within the deadline */
	const struct deadline *deadline;
	/* Called before each step. A negative errno ends the attempt. */
	int (*progress)(enum attempt_step step, void *user);
	void *user;
};

/* What an attempt tells beside its outcome. */
struct attempt_report {
	struct reason why;     /* when it did not end in a key */
	struct reason warning; /* what was accepted although it looks wrong */
	bool answered;         /* the manager said that it did not register us */
};

struct method {
	const char *name;
	/* Ask for a key. `ret` is written only with OUTCOME_REGISTERED; otherwise `report->why` is set. */
	int (*run)(const struct attempt *attempt, struct agent_key *ret, struct attempt_report *report);
};

/* By enum method_kind; null for one that this build does not have. */
const struct method *method_get(int kind);

extern const struct method method_authd;
