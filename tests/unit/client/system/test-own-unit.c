/* SPDX-License-Identifier: ISC */
/* Our own unit; what systemd and the kernel say is made up (see the wraps in local.mk). */
#include "tests/unit/support.h"

#include "client/system/own-unit.h"
#include "client/system/systemctl.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

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

/* Without a process there is nothing to wait for. */
static void test_no_process(void **state)
{
	static const char *const rows[] = {
		NULL,
		"",
		"MainPID=0\n",
		"MainPID=\n",
		"MainPID=12x\n",
		"MainPID=99999999999\n",
		"MainPID=4194305\n", /* more than the kernel gives */
		"PID=1\n",
	};
	const struct deadline never = { USEC_INFINITY, -1 };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		shown_text = rows[i];
		check_row(rows[i] ?: "no systemd", !own_unit_outlasts(&never));
		assert_string_equal(asked_unit, "agent-register.service");
	}
}

/* A process that ends when `*ret` is closed, or as this one does. */
static pid_t start_process(int *ret)
{
	int ends[2];
	pid_t pid;
	char byte;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)close(ends[1]);
		while (read(ends[0], &byte, 1) > 0)
			;
		_exit(0);
	}
	(void)close(ends[0]);
	*ret = ends[1];
	return pid;
}

static void test_process(void **state)
{
	const struct deadline never = { USEC_INFINITY, -1 };
	const struct deadline soon = deadline_in(20 * USEC_PER_MSEC, NULL);
	char text[32];
	int alive;
	pid_t pid = start_process(&alive);

	(void)state;
	(void)snprintf(text, sizeof text, "MainPID=%d\n", (int)pid);
	shown_text = text;
	assert_true(own_unit_outlasts(&soon));
	(void)close(alive);
	assert_false(own_unit_outlasts(&never));
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_false(own_unit_outlasts(&never));
}

static void test_asked_to_stop(void **state)
{
	const int stop = open("/dev/null", O_RDONLY | O_CLOEXEC);
	const struct deadline until_stopped = { USEC_INFINITY, stop };
	char text[32];

	(void)state;
	assert_true(stop >= 0);
	(void)snprintf(text, sizeof text, "MainPID=%d\n", (int)getpid());
	shown_text = text;
	assert_true(own_unit_outlasts(&until_stopped));
	(void)close(stop);
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
		cmocka_unit_test(test_no_process),
		cmocka_unit_test(test_process),
		cmocka_unit_test(test_asked_to_stop),
		cmocka_unit_test(test_restart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
