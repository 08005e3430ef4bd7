/* SPDX-License-Identifier: ISC */
/*
 * Which units start the agent, which of them run, and what keeps them from it; what systemd says is
 * made up, and no file is touched (local.mk).
 */
#include "tests/unit/support.h"

#include "client/system/agent-units.h"

#include <errno.h>
#include <fcntl.h>

static const char *shown_text; /* null: there is no systemd */

int __wrap_systemctl_show(char *ret, size_t size, const char *const units[],
			  const char *properties);
int __wrap_systemctl_show(char *ret, size_t size, const char *const units[], const char *properties)
{
	(void)units, (void)properties;
	if (!shown_text)
		return -ENOENT;
	assert_true(strlen(shown_text) < size);
	(void)snprintf(ret, size, "%s", shown_text);
	return 0;
}

/* The names, separated by blanks. */
static const char *joined(const struct agent_units *units)
{
	static char text[512];

	text[0] = '\0';
	for (size_t i = 0; units->names[i]; i++)
		(void)snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s",
			       i ? " " : "", units->names[i]);
	return text;
}

static void test_which_units(void **state)
{
	static const char all[] = "wazuh-agent.service ossec-hids.service ossec.service "
				  "ossec-agent.target ossec-agentd.service";
	static const struct {
		const char *configured, *directory, *units;
	} rows[] = {
		{ NULL, "/var/ossec", all },
		{ NULL, "/opt/ossec", all },
		{ NULL, "/var/ossec/ossec-agent", "ossec-hids-hybrid.service" },
		{ "site.service", "/var/ossec", "site.service" },
		{ "site.service", "/var/ossec/ossec-agent", "site.service" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct agent_units units = agent_units_of(rows[i].configured, rows[i].directory);

		assert_string_equal(joined(&units), rows[i].units);
	}
}

/* One block of lines as `systemctl show` prints it. */
#define SHOWN(id, part_of, state, since)                                                       \
	"Id=" id "\nPartOf=" part_of "\nActiveState=" state "\nInactiveExitTimestampMonotonic" \
	"=" since "\n"
#define NOT_THERE(id) SHOWN(id, "", "inactive", "0")

static void test_what_runs(void **state)
{
	static const struct {
		const char *what, *shown;
		const char *running; /* null: none */
		const char *started; /* before 1000 */
	} rows[] = {
		{ "no systemd", NULL, NULL, "" },
		{ "nothing", "", NULL, "" },
		{ "none of them", NOT_THERE("a") "\n" NOT_THERE("b") "\n" NOT_THERE("c"), NULL,
		  "" },
		{ "one", NOT_THERE("a") "\n" SHOWN("b", "", "active", "999"), "b", "b" },
		{ "too late", SHOWN("a", "", "active", "1000"), "a", "" },
		{ "activating", SHOWN("a", "", "activating", "5"), "a", "a" },
		{ "reloading", SHOWN("a", "", "reloading", "5"), "a", "a" },
		{ "failed", SHOWN("a", "", "failed", "5"), NULL, "" },
		{ "deactivating", SHOWN("a", "", "deactivating", "5"), "a", "" },
		{ "several",
		  SHOWN("a", "", "active", "5") "\n" NOT_THERE("b") "\n" SHOWN("c", "", "active",
									       "6"),
		  "a", "a c" },
		{ "an alias", SHOWN("b", "", "active", "5") "\n" SHOWN("b", "", "active", "5"), "a",
		  "a" },
		{ "a part", SHOWN("a", "", "active", "5") "\n" SHOWN("b", "x a", "active", "6"),
		  "a", "a" },
		{ "a part that stands before",
		  SHOWN("a", "b", "active", "5") "\n" SHOWN("b", "", "active", "6"), "a", "b" },
		{ "a part without the whole", NOT_THERE("a") "\n" SHOWN("b", "a", "active", "6"),
		  "b", "b" },
		{ "a part of what is not restarted",
		  SHOWN("a", "", "active", "2000") "\n" SHOWN("b", "a", "active", "6"), "a", "b" },
		{ "a part of something like it",
		  SHOWN("a", "", "active", "5") "\n" SHOWN("b", "aa a.a", "active", "6"), "a",
		  "a b" },
		{ "no time", "Id=a\nActiveState=active\n", "a", "a" },
		{ "more than was asked for",
		  NOT_THERE("a") "\n" NOT_THERE("b") "\n" NOT_THERE("c") "\n" SHOWN("d", "",
										    "active", "5"),
		  NULL, "" },
	};
	static const struct agent_units units = { { "a", "b", "c" } };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct agent_units started;
		const char *running;

		shown_text = rows[i].shown;
		running = agent_units_running(&units);
		check_row(rows[i].what, strcmp(running ?: "", rows[i].running ?: "") == 0);
		started = agent_units_started_before(&units, 1000);
		check_row(rows[i].what, strcmp(joined(&started), rows[i].started) == 0);
	}
}

/* What systemd shows of a unit's installation. */
#define INSTALLED(id, load, file, wanted, required, active)                        \
	"Id=" id "\nWantedBy=" wanted "\nRequiredBy=" required "\nLoadState=" load \
	"\nUnitFileState=" file "\nActiveState=" active "\n"
#define ABSENT(id) INSTALLED(id, "not-found", "", "", "", "inactive")
#define DISABLED(id) INSTALLED(id, "loaded", "disabled", "", "", "inactive")

static void test_what_is_enabled(void **state)
{
	static const struct {
		const char *what, *shown;
		const char *enabled, *disabled; /* null: none is named */
	} rows[] = {
		{ "no systemd", NULL, "", NULL },
		{ "none of them", ABSENT("a") "\n" ABSENT("b"), "", NULL },
		{ "enabled",
		  ABSENT("a") "\n" INSTALLED("b", "loaded", "enabled", "multi-user.target", "",
					     "inactive"),
		  "b", NULL },
		{ "not loaded by what wants it",
		  INSTALLED("a", "loaded", "enabled", "", "", "inactive"), "a", NULL },
		{ "until the next boot",
		  INSTALLED("a", "loaded", "enabled-runtime", "", "", "inactive"), "a", NULL },
		{ "disabled", DISABLED("a") "\n" ABSENT("b"), "", "a" },
		{ "disabled, but started by hand",
		  INSTALLED("a", "loaded", "disabled", "", "", "active"), "", NULL },
		{ "masked", INSTALLED("a", "masked", "masked", "", "", "inactive"), "", NULL },
		{ "masked, and still wanted",
		  INSTALLED("a", "masked", "masked-runtime", "multi-user.target", "", "inactive"),
		  "", NULL },
		{ "an init script",
		  INSTALLED("a", "loaded", "generated", "graphical.target multi-user.target", "",
			    "inactive"),
		  "a", NULL },
		{ "an init script without links",
		  INSTALLED("a", "loaded", "generated", "", "", "inactive"), "", "a" },
		{ "an init script that was left behind",
		  INSTALLED("a", "loaded", "enabled", "multi-user.target", "",
			    "active") "\n" INSTALLED("b", "loaded", "generated", "", "",
						     "inactive"),
		  "a", NULL },
		{ "wanted by a unit of the site",
		  INSTALLED("a", "loaded", "static", "site.target", "", "inactive"), "a", NULL },
		{ "required by one",
		  INSTALLED("a", "loaded", "static", "", "site.target", "inactive"), "a", NULL },
		{ "wanted by our target, which starts it",
		  INSTALLED("a", "loaded", "disabled", "agent-registered.target", "", "inactive"),
		  "", "a" },
		{ "a part of a disabled agent",
		  DISABLED("a") "\n" INSTALLED("b", "loaded", "static", "", "a", "inactive"), "",
		  "a" },
		{ "a part of an enabled agent",
		  INSTALLED("a", "loaded", "enabled", "multi-user.target", "",
			    "inactive") "\n" INSTALLED("b", "loaded", "static", "", "a",
						       "inactive"),
		  "a", NULL },
	};
	static const struct agent_units units = { { "a", "b", "c" } };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct agent_units enabled;
		const char *disabled;

		shown_text = rows[i].shown;
		enabled = agent_units_to_start(&units, 1000, &disabled);
		check_row(rows[i].what, strcmp(joined(&enabled), rows[i].enabled) == 0);
		check_row(rows[i].what, strcmp(disabled ?: "", rows[i].disabled ?: "") == 0);
	}
}

/* An enabled unit that was started once. */
#define STARTED(id, active, since)                                          \
	INSTALLED(id, "loaded", "enabled", "multi-user.target", "", active) \
	"InactiveExitTimestampMonotonic=" since "\n"

static void test_what_nobody_else_starts(void **state)
{
	static const struct {
		const char *what, *shown, *missing;
	} rows[] = {
		{ "never started", STARTED("a", "inactive", "0"), "a" },
		{ "skipped by its conditions", STARTED("a", "inactive", "0") "Job=0\n", "a" },
		{ "ended before the moment", STARTED("a", "inactive", "999"), "a" },
		{ "failed before", STARTED("a", "failed", "999"), "a" },
		{ "running, from before", STARTED("a", "active", "999"), "a" },
		{ "started at the moment", STARTED("a", "activating", "1000"), "" },
		{ "running", STARTED("a", "active", "2000"), "" },
		{ "failed since", STARTED("a", "failed", "2000"), "" },
		{ "stopped since", STARTED("a", "inactive", "2000"), "" },
		{ "running from before, stopped since",
		  STARTED("a", "inactive", "5") "InactiveEnterTimestampMonotonic=1000\n", "" },
		{ "stopped before",
		  STARTED("a", "inactive", "5") "InactiveEnterTimestampMonotonic=999\n", "a" },
		{ "about to be started", STARTED("a", "inactive", "0") "Job=577\n", "" },
		{ "one of two", STARTED("a", "active", "2000") "\n" STARTED("b", "failed", "5"),
		  "b" },
		{ "another one is disabled", STARTED("a", "active", "2000") "\n" DISABLED("b"),
		  "" },
	};
	static const struct agent_units units = { { "a", "b", "c" } };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct agent_units missing;
		const char *disabled;

		shown_text = rows[i].shown;
		missing = agent_units_to_start(&units, 1000, &disabled);
		check_row(rows[i].what, strcmp(joined(&missing), rows[i].missing) == 0);
		check_row(rows[i].what, !disabled);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_which_units),
		cmocka_unit_test(test_what_runs),
		cmocka_unit_test(test_what_is_enabled),
		cmocka_unit_test(test_what_nobody_else_starts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
