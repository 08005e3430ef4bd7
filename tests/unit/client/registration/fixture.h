/* SPDX-License-Identifier: ISC */
/*
 * A registration on a machine that is made up: its directories are private, its marks, its boot
 * and its clock are what the test says, time passes by waiting only, there is no systemd, and the
 * manager is a function of the test. Linked with REGISTRATION_WRAPS (local.mk).
 */
#pragma once

#include "client/registration/registration.h"

#define HEX64 "48a99873149358e48b13273c4ad07c44ed402bcb71fc94869f3e76b2f27637db"
#define OTHER64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

#define FIXTURE_BOOT "00112233445566778899aabbccddeeff"
#define FIXTURE_MANAGER "manager.example.org:1515"
#define FIXTURE_NOW UINT64_C(1795291200) /* when it begins: seconds since 1970 */

#define FIXTURE_MAX_WAITS 128

struct fixture {
	char *directory;
	char agent[256], keys[256], state[256], runtime[256]; /* below it */

	struct machine_marks marks; /* of this machine, now */
	uint64_t passed;            /* microseconds since the beginning */
	bool was_restarted;         /* is this a restart by systemd? */
	unsigned ready_count;       /* how often READY=1 was sent */
	const char *gap;            /* what cannot be confined here; null: nothing */

	/* the waits so far */
	struct {
		uint64_t usec;
		unsigned events; /* WAKEUP_ON_... */
	} waits[FIXTURE_MAX_WAITS];
	unsigned wait_count;
	int wakeup; /* what ends the next wait for an event (enum wakeup); WAKEUP_TIME behind it */

	struct config config; /* of FIXTURE_MANAGER and the name web-01 */
	struct registration run;
	/* what is in every enrollment token */
	struct enrollment_token token;
	/* the manager, by any method; null: it must not be asked */
	int (*answer)(const struct attempt *attempt, struct agent_key *ret,
		      struct attempt_report *report);
};

/* A cmocka fixture: *state becomes a struct fixture; what is logged is collected (log-lines.h). */
int fixture_setup(void **state);
int fixture_teardown(void **state);

/* Set a key of the configuration: "SECTION.KEY=VALUE". */
void fixture_set(struct fixture *fixture, const char *assignment);

/* Write the key file, and a state in which the key is this machine's. */
void fixture_install_key(struct fixture *fixture, const struct agent_key *key);

/* What the state file says now. */
struct state fixture_saved_state(const struct fixture *fixture);

/* Is the agent kept from starting? */
bool fixture_holds_agent(const struct fixture *fixture);
