/* SPDX-License-Identifier: ISC */
/*
 * A wazuh-authd that runs on this machine, by its local socket, as manage_agents and the API of
 * Wazuh use it. While it runs, client.keys is its own: it keeps the agents in memory and writes all
 * of them after every change, so that what others write is lost, and whom they remove comes back.
 *
 * The socket is queue/sockets/auth, up to Wazuh 4.1 queue/ossec/auth. A connection carries one
 * request and one answer, each a length of four bytes (little endian) and so many bytes of JSON
 * (Wazuh 4.14.5 src/os_auth/local-server.c). authd checks neither name nor key there.
 */
#pragma once

#include "common/agent-key.h"
#include "common/must-check.h"
#include "common/reason.h"

#include <limits.h>
#include <stdbool.h>

#define LOCAL_AUTHD_MESSAGE_SIZE 200

struct local_authd {
	char path[PATH_MAX]; /* of the socket, for messages */
	char directory[PATH_MAX];
};

/* What authd said. Codes are those of Wazuh (9007: the address is taken, ...). */
struct local_authd_answer {
	int error;                              /* 0: it did what it was asked for */
	char id[AGENT_ID_MAX + 1];              /* of an agent that was added */
	char message[LOCAL_AUTHD_MESSAGE_SIZE]; /* with an error; printable */
};

/* When authd may replace an agent that has the name or the address. Seconds. */
struct local_authd_force {
	bool ask_disconnected;
	unsigned int disconnected_time, after_registration_time;
};

/*
 * Does something accept connections there? Costs some microseconds, but does not show whether it
 * answers. `queue` is the manager's queue directory. Returns 1, and writes `ret`; 0: nothing does;
 * or a negative errno with `why` set: this machine is too short of something to see it.
 */
int local_authd_listens(struct local_authd *ret, const char *queue, struct reason *why) must_check;

/*
 * Find a running authd. Returns 1 when it answers, 0 when there is none, or a negative errno with
 * `why` set: something accepts connections, but does not answer within some seconds; or as above.
 */
int local_authd_find(struct local_authd *ret, const char *queue, struct reason *why) must_check;

/*
 * Have an agent added. Its name, address and, unless that is empty, id must be valid; its key is
 * not used. `force` null: by the rules of authd's configuration, and before Wazuh 4.3 never in
 * place of another; those versions take any `force` for leave to replace, so it must be asked for.
 * Returns 0 when there is an answer, or a negative errno with `why` set.
 */
int local_authd_add(const struct local_authd *authd, const struct agent_key *agent,
		    const struct local_authd_force *force, struct local_authd_answer *ret,
		    struct reason *why) must_check;

/* Have the agent removed whose id is written so in client.keys; `purge`: without a trace. */
int local_authd_remove(const struct local_authd *authd, const char *id, bool purge,
		       struct local_authd_answer *ret, struct reason *why) must_check;
