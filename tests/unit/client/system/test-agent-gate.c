/* SPDX-License-Identifier: ISC */
/* The files that the conditions in the drop-in of the agents' units ask for. */
#include "tests/unit/support.h"

#include "client/system/agent-gate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

/* a file that was made ("+PATH", of a link "PATH>TARGET"), removed or renamed ("=PATH") */
static char done[512];
static const char *enabled_by;

char *__wrap_own_unit_enabled_by(void);
char *__wrap_own_unit_enabled_by(void)
{
	return enabled_by ? strdup(enabled_by) : NULL;
}

static void note(const char *what, const char *path, const char *target)
{
	size_t used = strlen(done);

	(void)snprintf(done + used, sizeof done - used, "%s%s%s%s", used ? " " : "", what, path,
		       target);
}

int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
	assert_true(flags & O_CREAT);
	note("+", path, "");
	errno = EACCES;
	return -1;
}

int __wrap_symlink(const char *target, const char *path);
int __wrap_symlink(const char *target, const char *path)
{
	note("+", path, ">");
	(void)strncat(done, target, sizeof done - strlen(done) - 1);
	return 0;
}

int __wrap_unlink(const char *path);
int __wrap_unlink(const char *path)
{
	note("-", path, "");
	return 0;
}

int __wrap_rename(const char *path, const char *new_path);
int __wrap_rename(const char *path, const char *new_path)
{
	assert_int_equal(strncmp(path, new_path, strlen(new_path)), 0);
	note("=", new_path, "");
	return 0;
}

#define LINK "/etc/systemd/system/multi-user.target.wants/agent-register.service"

#define NEW "-/run/x/hold.new +/run/x/hold.new>"

/*
 * Only the service, which has a runtime directory, holds an agent, without ever letting it go in
 * between; any run lets it go.
 */
static void test_marks(void **state)
{
	static const struct {
		const char *runtime; /* null: no service */
		void (*set)(bool is_set);
		bool is_set;
		const char *enabled_by;
		const char *done;
	} rows[] = {
		{ "/run/x", agent_gate_hold, true, LINK, NEW LINK " =/run/x/hold" },
		{ "/run/x", agent_gate_hold, true, NULL, NEW ". =/run/x/hold" },
		{ "/run/x", agent_gate_hold, false, LINK, "-/run/x/hold" },
		{ NULL, agent_gate_hold, true, LINK, "" },
		{ NULL, agent_gate_hold, false, LINK, "-/run/agent-register/hold" },
		{ "/run/x", agent_gate_allow_without_key, true, LINK, "+/run/x/without-key" },
		{ "/run/x", agent_gate_allow_without_key, false, LINK, "-/run/x/without-key" },
		{ NULL, agent_gate_allow_without_key, true, LINK, "" },
		{ NULL, agent_gate_allow_without_key, false, LINK, "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (rows[i].runtime)
			(void)setenv("RUNTIME_DIRECTORY", rows[i].runtime, 1);
		else
			(void)unsetenv("RUNTIME_DIRECTORY");
		done[0] = '\0';
		enabled_by = rows[i].enabled_by;
		rows[i].set(rows[i].is_set);
		assert_string_equal(done, rows[i].done);
	}
	(void)unsetenv("RUNTIME_DIRECTORY");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_marks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
