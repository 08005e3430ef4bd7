/* SPDX-License-Identifier: ISC */
/* What the client reads and sends of passwords and keys does not stay behind in memory. */
#include "tests/unit/support.h"

#include "client/agent-files/import-file.h"
#include "client/agent-files/keystore.h"
#include "client/agent-files/reenroll-files.h"
#include "client/net/net.h"
#include "tests/unit/residue.h"

#include <fcntl.h>
#include <grp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEX64 "48a99873149358e48b13273c4ad07c44ed402bcb71fc94869f3e76b2f27637db"
#define RECORD "001 web-01 any " HEX64 "\n"
#define CREDENTIALS                                                                          \
	"dXNlcjo0OGE5OTg3MzE0OTM1OGU0OGIxMzI3M2M0YWQwN2M0NGVkNDAyYmNiNzFmYzk0ODY5ZjNlNzZiMm" \
	"YyNzYzN2Ri" /* "user:" and HEX64 */

static struct agent_key key; /* not on the stack that is searched */
static struct reenroll_secret secret;
static struct keystore store;
static struct reenroll_files files;

/*
 * What the function under test returned. It is judged outside of the stack that is searched, where
 * the judging would overwrite what is left there.
 */
static int result;

/* Not by stdio, whose buffers are freed with what was written. */
static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

/* *state is the agent's directory. */
static int setup(void **state)
{
	if (setup_directory(state) < 0 || mkdir(path_in(*state, "etc"), 0770) < 0)
		return -1;
	put(path_in(*state, "etc/client.keys"), RECORD);
	put(path_in(*state, "etc/reenroll.secret"), "001 " HEX64 "\n");
	return 0;
}

/* ------------------------------------------------------------------ files of the agent */

static void import(void *path)
{
	struct deadline at_once = { 0, -1 };

	result = import_file_read(&key, path, &at_once, NULL);
}

static void read_key(void *unused)
{
	(void)unused;
	result = keystore_read(&store, &key, NULL);
}

static void store_key(void *unused)
{
	struct deadline at_once = { 0, -1 };

	(void)unused;
	assert_int_equal(keystore_lock(&store, &at_once, NULL, NULL), 0);
	assert_int_equal(keystore_stage(&store, NULL), 0);
	result = keystore_commit(&store, &key, "old", NULL);
}

static void read_secret(void *unused)
{
	(void)unused;
	result = reenroll_files_read_secret(&files, &secret, NULL);
}

static void store_secret(void *unused)
{
	(void)unused;
	assert_int_equal(reenroll_files_stage(&files, getgid(), NULL), 0);
	result = reenroll_files_commit_secret(&files, &secret, "old", NULL);
}

static void retire_secret(void *unused)
{
	(void)unused;
	result = reenroll_files_retire_secret(&files, "001", "old", NULL);
}

static void test_key_files(void **state)
{
	char *path = strdup(path_in(*state, "etc/client.keys")), group[64];

	assert_null(find_residue(import, path, HEX64));
	assert_int_equal(result, 0);
	assert_string_equal(key.key, HEX64);
	(void)snprintf(group, sizeof group, "%s", getgrgid(getgid())->gr_name);
	assert_int_equal(keystore_open(&store, *state, NULL, group, NULL), 0);
	assert_null(find_residue(read_key, NULL, HEX64));
	assert_int_equal(result, KEYSTORE_KEY);
	assert_null(find_residue(store_key, NULL, HEX64));
	assert_int_equal(result, 0);
	keystore_unlock(&store);
	assert_file(path, RECORD);
	keystore_close(&store);
	free(path);
}

static void test_reenroll_files(void **state)
{
	const char *keys = path_in(*state, "etc/client.keys");

	assert_int_equal(reenroll_files_open(&files, keys, *state, NULL), 0);
	assert_null(find_residue(read_secret, NULL, HEX64));
	assert_int_equal(result, 1);
	assert_string_equal(secret.text, HEX64);
	assert_null(find_residue(store_secret, NULL, HEX64));
	assert_int_equal(result, 0);
	assert_null(find_residue(retire_secret, NULL, HEX64));
	assert_int_equal(result, 0);
	assert_file(path_in(*state, "etc/reenroll.secret"), "001 " HEX64 "\n");
	reenroll_files_close(&files);
}

/* ------------------------------------------------------------------ the proxy's password */

static struct proxy proxy;
static int ends[2]; /* ours and the proxy's */

static void ask_proxy(void *unused)
{
	static const struct endpoint manager = { .host = "m.example.org", .port = 1515 };
	struct deadline deadline = deadline_in(20 * USEC_PER_SEC, NULL);

	(void)unused;
	result = net_tunnel(ends[0], &proxy, &manager, &deadline, NULL);
}

static void forget_proxy(void *unused)
{
	(void)unused;
	proxy_wipe(&proxy);
}

static void test_proxy(void **state)
{
	static const char granted[] = "HTTP/1.1 200 Connection established\r\n\r\n";
	static const char *const searched[] = { HEX64, CREDENTIALS };
	static char request[4096];

	(void)state;
	for (size_t i = 0; i < COUNT(searched); i++) {
		assert_int_equal(proxy_parse(&proxy, "user@192.0.2.1"), 0);
		proxy.password.text = strdup(HEX64);
		proxy.password.length = strlen(HEX64);
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
		assert_int_equal(write(ends[1], granted, strlen(granted)), strlen(granted));
		assert_null(find_residue(ask_proxy, NULL, searched[i]));
		assert_int_equal(result, OUTCOME_OK);
		assert_true(read(ends[1], request, sizeof request - 1) > 0);
		assert_non_null(strstr(request, CREDENTIALS)); /* they have been sent */
		assert_null(find_residue(forget_proxy, NULL, HEX64));
		assert_null(proxy.password.text);
		close(ends[0]);
		close(ends[1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_key_files, setup, teardown_directory),
		cmocka_unit_test_setup_teardown(test_reenroll_files, setup, teardown_directory),
		cmocka_unit_test(test_proxy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
