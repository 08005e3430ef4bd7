/* SPDX-License-Identifier: ISC */
/* What the tests of the keystore share: an agent's directory, and the keys in it. */
#pragma once

#include "client/agent-files/keystore.h"

#define HEX64 "48a99873149358e48b13273c4ad07c44ed402bcb71fc94869f3e76b2f27637db"
#define RECORD "001 web-01 any " HEX64

/* A fixture: *state is the agent's directory, with etc and queue/rids. */
int setup_agent(void **state);

#define ON_AGENT(test) cmocka_unit_test_setup_teardown(test, setup_agent, teardown_directory)

/* The path of its client.keys. */
const char *keys_of(void **state);

/* Its keystore. Close it. */
struct keystore open_store(void **state, const char *group);

/* For keystore_lock() where nobody else holds the lock. */
void never_waits(const char *directory, const char *holder);
