/* SPDX-License-Identifier: ISC */
/*
 * What a run remembers for the next one and for `agent-register status`: STATE_DIRECTORY/state,
 * lines of NAME=VALUE. It never holds a key or a password. Losing it loses no registration.
 */
#pragma once

#include "client/agent-files/reenroll-files.h"
#include "client/methods/method.h"
#include "client/system/identity.h"
#include "client/system/machine-marks.h"
#include "common/agent-key.h"
#include "common/endpoint.h"
#include "common/must-check.h"
#include "common/reason.h"

#include <stdbool.h>
#include <stdint.h>

#define STATE_MAX_MANAGERS 16

/* How far the attempts with one manager have got. */
struct manager_state {
	char address[ENDPOINT_TEXT_SIZE]; /* empty: this machine itself (no host name yet) */
	char outcome[16];                 /* of the last attempt */
	uint64_t wait;                    /* microseconds, the wait that follows it */
	uint64_t next_at;                 /* when that ends: microseconds since 1970 */
	bool was_soon; /* not remembered: that wait was RETRY_SHORTLY, whatever the outcome */
	/* a request that was sent, and whose answer was not received; of several the first */
	struct {
		char name[AGENT_NAME_MAX + 1];
		uint64_t sent_at; /* seconds since 1970; 0: there is none */
	} unanswered;
	/* not remembered: what the log last said of it, and when (monotonic microseconds) */
	uint64_t last_logged;
	uint64_t last_logged_at;
};

/* Empty strings and zeros, here and below: not known. Times are seconds since 1970. */

/*
 * The registration that made the key on disk; an imported one has no manager, an adopted one (of
 * another tool) no method either.
 */
struct state_registration {
	char agent_id[AGENT_ID_MAX + 1];
	char agent_name[AGENT_NAME_MAX + 1];
	/* what was requested, if the manager, or a suffix, made `agent_name` of it */
	char requested_name[AGENT_NAME_MAX + 1];
	/* those that the manager does not have, and another one took the place of; by commas */
	char missing_groups[MISSING_GROUPS_SIZE];
	char manager[ENDPOINT_TEXT_SIZE];
	/* of the manager's paths, behind a slash; of the method enroll */
	char prefix[1 + ENDPOINT_PREFIX_SIZE];
	char method[16];
	uint64_t registered_at;
};

struct state_failure {
	char outcome[16];
	char manager[ENDPOINT_TEXT_SIZE];
	char error[1024];
	uint64_t at;
};

/* What came of the attempts since the last success. */
struct state_attempts {
	uint64_t count;
	struct state_failure last; /* the last one that failed */
	struct manager_state managers[STATE_MAX_MANAGERS];
	uint64_t manager_count;
	/* the boot of the last start that requested a key */
	char boot[IDENTITY_BOOT_SIZE];
	/*
	 * the boot in which a start has used up its budget: later starts hold nothing up any more
	 */
	char background_boot[IDENTITY_BOOT_SIZE];
};

struct state {
	uint64_t version; /* of the file that it was read from; 0: older than versions */
	struct state_registration registration;
	struct machine_marks bound; /* of the machine that the key is bound to */
	struct state_attempts attempts;
	/*
	 * the checksum (agent_key_checksum()) of a key with which the agent's message counters are
	 * to go: saved before the key is stored, and cleared once they are gone
	 */
	char counters_of[AGENT_KEY_CHECKSUM_SIZE];
	/*
	 * of the CA that we have stored for the agent (reenroll_files_mark_anchor()), saved before
	 * it is: another one is not ours to remove
	 */
	char stored_ca[REENROLL_FILES_MARK_SIZE];
};

/*
 * Read it. What is missing or does not parse stays empty; a missing file is an empty state, and so
 * is one that cannot be read. The file has a version: what an older one did not have stays empty,
 * and of a newer one the marks in `bound` do, because they may have been made in another way.
 * Returns 0, or a negative errno with `why` set where this machine is short of something
 * (is_shortage()): what is there then, such as that the key is another machine's, is not known.
 */
int state_load(struct state *ret, const char *directory, struct reason *why) must_check;

/* Replace it, making the directory if need be. Returns 0, or a negative errno with `why` set. */
int state_save(const struct state *state, const char *directory, struct reason *why) must_check;

/*
 * The state of a manager, made if there is none yet; those of managers that are no longer used
 * make room. Never null.
 */
struct manager_state *state_manager(struct state *state, const char *address);
