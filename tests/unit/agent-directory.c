/* SPDX-License-Identifier: ISC */
#include "tests/unit/support.h"

#include "tests/unit/agent-directory.h"

#include <sys/stat.h>

int setup_agent(void **state)
{
	if (setup_directory(state) < 0)
		return -1;
	return mkdir(path_in(*state, "etc"), 0770) < 0 ||
	       mkdir(path_in(*state, "queue"), 0770) < 0 ||
	       mkdir(path_in(*state, "queue/rids"), 0770) < 0;
}

const char *keys_of(void **state)
{
	return path_in(*state, "etc/client.keys");
}

struct keystore open_store(void **state, const char *group)
{
	struct keystore store;
	struct reason why;

	assert_int_equal(keystore_open(&store, *state, NULL, group, &why), 0);
	return store;
}

void never_waits(const char *directory, const char *holder)
{
	(void)directory, (void)holder;
	fail_msg("nobody holds the lock");
}
