/* SPDX-License-Identifier: ISC */
/* What systemd's queue says about the end of the machine; systemd is made up. */
#include "tests/unit/support.h"

#include "client/system/shutdown.h"
#include "client/system/systemctl.h"

#include <errno.h>

static const char *queued[3]; /* the units that have a job */
static int result;

int __wrap_systemctl_show(char *ret, size_t size, const char *const units[],
			  const char *properties);
/* In the form of systemctl show: units that have no job do not say so, or say 0. */
int __wrap_systemctl_show(char *ret, size_t size, const char *const units[], const char *properties)
{
	size_t used = 0;

	assert_string_equal(properties, "Id,Job");
	for (size_t i = 0; units[i]; i++) {
		bool has_job = false;

		for (size_t k = 0; k < COUNT(queued); k++)
			has_job |= queued[k] && strcmp(queued[k], units[i]) == 0;
		used += (size_t)snprintf(ret + used, size - used, "%sId=%s\n%s", i ? "\n" : "",
					 units[i],
					 has_job ? "Job=815\n"
					 : i % 2 ? "Job=0\n"
						 : "");
	}
	return result;
}

static void test_jobs(void **state)
{
	static const struct {
		const char *label, *queued[2];
		enum shutdown found;
	} rows[] = {
		{ "none", { NULL }, SHUTDOWN_NONE },
		{ "another one", { "rescue.target" }, SHUTDOWN_NONE },
		{ "poweroff", { "poweroff.target" }, SHUTDOWN_POWERS_OFF },
		{ "halt", { "halt.target" }, SHUTDOWN_POWERS_OFF },
		{ "exit", { "exit.target" }, SHUTDOWN_POWERS_OFF },
		{ "reboot", { "reboot.target" }, SHUTDOWN_RESTARTS },
		{ "kexec", { "kexec.target" }, SHUTDOWN_RESTARTS },
		{ "soft-reboot", { "soft-reboot.target" }, SHUTDOWN_RESTARTS },
		{ "both", { "poweroff.target", "reboot.target" }, SHUTDOWN_RESTARTS },
		{ "kexec and halt", { "kexec.target", "halt.target" }, SHUTDOWN_RESTARTS },
	};

	(void)state;
	result = 0;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct reason why = { "" };

		memcpy(queued, rows[i].queued, sizeof rows[i].queued);
		check_row(rows[i].label, shutdown_find(&why) == (int)rows[i].found);
		check_row(rows[i].label, !why.text[0]);
	}
}

static void test_nobody_to_ask(void **state)
{
	struct reason why = { "" };

	(void)state;
	result = -ENOENT;
	assert_int_equal(shutdown_find(&why), -ENOENT);
	assert_non_null(strstr(why.text, "Cannot ask systemd"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_jobs),
		cmocka_unit_test(test_nobody_to_ask),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
