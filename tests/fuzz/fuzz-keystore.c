/* SPDX-License-Identifier: ISC */
/*
 * Whatever a crash left in the key file: only a whole record is a key, and storing it anew changes
 * nothing.
 */
#include "directory.h"
#include "fuzz.h"

#include "client/agent-files/keystore.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

/* From a file, and through a link, it is the same. */
static void check_file(const void *data, size_t size, int state)
{
	static char path[128], other[128];
	struct keystore store = { .path = path };
	struct agent_key key;
	struct reason why = { "" };
	char *target;

	(void)snprintf(path, sizeof path, "%s/client.keys", fuzz_directory());
	(void)snprintf(other, sizeof other, "%s/link", fuzz_directory());
	fuzz_write("client.keys", data, size);
	HOLDS(keystore_read(&store, &key, &why) == state);
	HOLDS(!keystore_link_target(&store));
	HOLDS(symlink("client.keys", other) == 0 || errno == EEXIST);
	store.path = other;
	HOLDS(keystore_read(&store, &key, &why) == state);
	target = keystore_link_target(&store);
	HOLDS(target && strcmp(target, path) == 0);
	free(target);
	fuzz_write("client.keys", NULL, 0);
	HOLDS(keystore_read(&store, &key, &why) == KEYSTORE_MISSING);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct agent_key key, again;
	struct reason why = { "" };
	char line[AGENT_LINE_SIZE + 1];
	size_t length;

	int state = keystore_judge(&key, (const char *)data, size, "FILE", &why);

	check_file(data, size, state);
	switch (state) {
	case KEYSTORE_KEY:
		length = agent_key_format(line, &key);
		HOLDS(memmem(data, size, line, length - 1));
		HOLDS(keystore_judge(&again, line, length, "FILE", &why) == KEYSTORE_KEY);
		HOLDS(strcmp(key.id, again.id) == 0 && strcmp(key.name, again.name) == 0);
		HOLDS(strcmp(key.ip, again.ip) == 0 && strcmp(key.key, again.key) == 0);
		break;
	case KEYSTORE_TORN:
		HOLDS(why.text[0]);
		break;
	case KEYSTORE_MISSING:
		HOLDS(!why.text[0]);
		break;
	default:
		abort();
	}
	return 0;
}
