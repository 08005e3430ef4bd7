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

#define TOO_LARGE (64 * 1024 * 1024 + 1)

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

/* What is no file that could be one of keys. Once, because no input changes it. */
static void check_others(void)
{
	char path[128];
	struct keystore store = { .path = path };
	struct reason why = { "" };
	struct agent_key key;

	(void)snprintf(path, sizeof path, "%s", fuzz_directory());
	HOLDS(keystore_read(&store, &key, &why) == -EINVAL && why.text[0]);
	fuzz_write("client.keys", "", 0);
	(void)snprintf(path, sizeof path, "%s/client.keys/none", fuzz_directory());
	HOLDS(keystore_read(&store, &key, &why) == -ENOTDIR);
	*strrchr(path, '/') = '\0';
	HOLDS(truncate(path, TOO_LARGE) == 0);
	HOLDS(keystore_read(&store, &key, &why) == -EFBIG);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool others_are_checked;
	struct agent_key key, again;
	struct reason why = { "" };
	char line[AGENT_LINE_SIZE + 1];
	size_t length;
	int state;

	if (!others_are_checked)
		check_others();
	others_are_checked = true;
	state = keystore_judge(&key, (const char *)data, size, "FILE", &why);

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
