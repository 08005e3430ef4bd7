/* SPDX-License-Identifier: ISC */
/* Running systemctl, of which a script of the shell takes the place (see the wraps in local.mk). */
#include "tests/unit/support.h"

#include "client/system/systemctl.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

static struct {
	bool is_booted;     /* with systemd */
	const char *script; /* what systemctl does */
	volatile pid_t pid;
	volatile bool was_late;
} world;

int __real_access(const char *path, int mode);
int __wrap_access(const char *path, int mode);
int __wrap_access(const char *path, int mode)
{
	if (strcmp(path, "/run/systemd/system/") != 0)
		return __real_access(path, mode);
	errno = ENOENT;
	return world.is_booted ? 0 : -1;
}

int __wrap_posix_spawnp(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
			const posix_spawnattr_t *attributes, char *const arguments[],
			char *const environment[]);
int __wrap_posix_spawnp(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
			const posix_spawnattr_t *attributes, char *const arguments[],
			char *const environment[])
{
	char *shell[32] = { (char[]){ "sh" }, (char[]){ "-c" }, strdup(world.script) };
	size_t count = 3;
	int r;

	assert_string_equal(file, "systemctl");
	for (size_t i = 0; arguments[i]; i++) {
		assert_true(count < COUNT(shell) - 1);
		shell[count++] = arguments[i];
	}
	r = posix_spawn(pid, "/bin/sh", actions, attributes, shell, environment);
	world.pid = *pid;
	free(shell[2]);
	return r;
}

static int setup(void **state)
{
	(void)state;
	world.is_booted = true;
	world.script = "exit 0";
	world.pid = -1;
	world.was_late = false;
	return 0;
}

/* ------------------------------------------------------------------ running it */

static const char *const arguments[] = { "--no-block", "restart", "x.service", NULL };

static void test_exit_status(void **state)
{
	static const struct {
		const char *script;
		int result;
		const char *word; /* of the reason; empty: there is none */
	} rows[] = {
		{ "exit 0", 0, "" },
		{ "exit 3", -EIO, "systemctl --no-block failed with exit status 3" },
		{ "kill -KILL $$", -EINTR, "Cannot run systemctl --no-block" },
		{ "test \"$*\" = '--no-ask-password --quiet --no-block restart x.service'", 0, "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct reason why = { "" };

		world.script = rows[i].script;
		check_row(rows[i].script, systemctl(arguments, -1, &why) == rows[i].result);
		check_row(rows[i].script,
			  strncmp(why.text, rows[i].word, strlen(rows[i].word)) == 0);
		check_row(rows[i].script, !why.text[0] == !rows[i].word[0]);
	}
}

/* We block signals, to read them from a descriptor; systemctl must be able to end by one. */
static void test_signals_are_not_blocked(void **state)
{
	sigset_t blocked, before;

	(void)state;
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	assert_int_equal(sigprocmask(SIG_BLOCK, &blocked, &before), 0);
	world.script = "kill -TERM $$; exit 0";
	assert_int_equal(systemctl(arguments, -1, NULL), -EINTR);
	assert_int_equal(sigprocmask(SIG_SETMASK, &before, NULL), 0);
}

/* Ends a systemctl that nobody else ends. */
static void end_it(int signal)
{
	(void)signal;
	world.was_late = true;
	(void)kill(world.pid, SIGKILL);
}

/* Who is asked to stop does not wait for systemctl, and leaves none behind. */
static void test_stopping(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(write(ends[1], "x", 1), 1);
	world.script = "kill -STOP $$";
	(void)signal(SIGALRM, end_it);
	(void)alarm(10);
	assert_int_equal(systemctl(arguments, ends[0], NULL), -ECANCELED);
	(void)alarm(0);
	(void)signal(SIGALRM, SIG_DFL);
	assert_false(world.was_late);
	assert_int_equal(kill(world.pid, 0), -1);
	assert_int_equal(errno, ESRCH);
	assert_int_equal(close(ends[0]) | close(ends[1]), 0);
}

static void test_without_systemd(void **state)
{
	static const char *const units[] = { "x.service", NULL };
	char shown[16] = "before";

	(void)state;
	world.is_booted = false;
	assert_int_equal(systemctl(arguments, -1, NULL), 0);
	assert_int_equal(systemctl_show(shown, sizeof shown, units, "Id"), -ENOENT);
	assert_int_equal(world.pid, -1);
	assert_string_equal(shown, "before");
}

/* ------------------------------------------------------------------ what it shows */

static void test_show(void **state)
{
	static const char *const units[] = { "x.service", "y.service", NULL };
	static const struct {
		const char *script;
		int result;
		const char *shown;
	} rows[] = {
		{ "echo \"$*\"", 0, "show --property Id,PartOf -- x.service y.service\n" },
		{ "echo Id=x; echo no >&2", 0, "Id=x\n" },
		{ "exit 0", 0, "" },
		{ "echo Id=x; exit 1", -EIO, NULL },
		{ "echo Id=x; kill -KILL $$", -EINTR, NULL },
		{ "printf %099d 0", 0, NULL },
		{ "printf %0100d 0", -EMSGSIZE, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char shown[100] = "";

		world.script = rows[i].script;
		check_row(rows[i].script, systemctl_show(shown, sizeof shown, units, "Id,PartOf") ==
						  rows[i].result);
		check_row(rows[i].script, !rows[i].shown || strcmp(shown, rows[i].shown) == 0);
	}
}

static void test_properties(void **state)
{
	static const char shown[] =
		"MainPID=12\nActiveState=active\nDescription=a=b c\nEmpty=\nX=1";
	static const struct {
		const char *name, *value;
	} rows[] = {
		{ "MainPID", "12" },
		{ "ActiveState", "active" },
		{ "Description", "a=b c" },
		{ "Empty", "" },
		{ "X", "1" },
		{ "Main", NULL },
		{ "PID", NULL },
		{ "State", NULL },
		{ "a", NULL },
	};
	char value[32];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *found = systemctl_property(shown, rows[i].name, value, sizeof value);

		check_row(rows[i].name, !found == !rows[i].value);
		check_row(rows[i].name, !found || strcmp(found, rows[i].value) == 0);
	}
}

static void test_edges(void **state)
{
	char value[4];

	(void)state;
	assert_null(systemctl_property("", "X", value, sizeof value));
	assert_null(systemctl_property("\n\n", "X", value, sizeof value));
	assert_null(systemctl_property("X", "X", value, sizeof value));
	assert_string_equal(systemctl_property("\nX=abcdef\n", "X", value, sizeof value), "abc");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_exit_status, setup),
		cmocka_unit_test_setup(test_signals_are_not_blocked, setup),
		cmocka_unit_test_setup(test_stopping, setup),
		cmocka_unit_test_setup(test_without_systemd, setup),
		cmocka_unit_test_setup(test_show, setup),
		cmocka_unit_test(test_properties),
		cmocka_unit_test(test_edges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
