/* SPDX-License-Identifier: ISC */
/* Our own unit; what systemd and the kernel say is made up (see the wraps in local.mk). */
#include "tests/unit/support.h"

#include "client/system/own-unit.h"
#include "client/system/systemctl.h"

#include <errno.h>

static const char *shown_text;  /* null: there is no systemd */
static const char *cgroup_text; /* null: there is no such file */
static const char *asked_unit;

int __wrap_systemctl_show(char *ret, size_t size, const char *const units[],
			  const char *properties);
int __wrap_systemctl_show(char *ret, size_t size, const char *const units[], const char *properties)
{
	static char name[256];

	(void)properties;
	assert_null(units[1]);
	(void)snprintf(name, sizeof name, "%s", units[0]);
	asked_unit = name;
	if (!shown_text)
		return -ENOENT;
	(void)snprintf(ret, size, "%s", shown_text);
	return 0;
}

FILE *__wrap_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode)
{
	(void)mode;
	assert_string_equal(path, "/proc/self/cgroup");
	errno = ENOENT;
	return cgroup_text ? fmemopen((void *)(uintptr_t)cgroup_text, strlen(cgroup_text), "r")
			   : NULL;
}

static void test_process(void **state)
{
	static const struct {
		const char *shown;
		bool has_process;
	} rows[] = {
		{ NULL, false },          { "", false },           { "MainPID=0\n", false },
		{ "MainPID=12\n", true }, { "MainPID=\n", false }, { "MainPID=12x\n", false },
		{ "PID=12\n", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		shown_text = rows[i].shown;
		check_row(rows[i].shown ?: "no systemd",
			  own_unit_has_process() == rows[i].has_process);
		assert_string_equal(asked_unit, "agent-register.service");
	}
}

static void test_restart(void **state)
{
	static const char service[] = "0::/system.slice/agent-register.service\n";
	static const struct {
		const char *cgroup, *shown;
		const char *unit; /* that systemd is asked about; null: none */
		bool was_restarted;
	} rows[] = {
		{ service, "NRestarts=0\n", "agent-register.service", false },
		{ service, "NRestarts=1\n", "agent-register.service", true },
		{ service, "NRestarts=\n", "agent-register.service", true },
		{ service, NULL, "agent-register.service", true },
		{ "12:pids:/x\n1:name=systemd:/system.slice/site.service\n", "NRestarts=0\n",
		  "site.service", false },
		{ "0::/user.slice/user-0.slice/session-1.scope\n", "NRestarts=0\n", NULL, true },
		{ "0::/.service\n", "NRestarts=0\n", NULL, true },
		{ "0::/\n", "NRestarts=0\n", NULL, true },
		{ "", "NRestarts=0\n", NULL, true },
		{ NULL, "NRestarts=0\n", NULL, true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		cgroup_text = rows[i].cgroup;
		shown_text = rows[i].shown;
		asked_unit = NULL;
		check_row(rows[i].cgroup ?: "no file",
			  own_unit_was_restarted() == rows[i].was_restarted);
		check_row(rows[i].cgroup ?: "no file",
			  strcmp(asked_unit ?: "", rows[i].unit ?: "") == 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_process),
		cmocka_unit_test(test_restart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
