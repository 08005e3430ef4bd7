/* SPDX-License-Identifier: ISC */
/* The machine that is asked for its name answers from here: see the wraps in local.mk. */
#include "tests/unit/support.h"

#include "client/system/given-name.h"
#include "client/system/host-name.h"
#include "common/cleanup.h"
#include "common/outcome.h"

#include <errno.h>

static const char *the_host;  /* null: gethostname() fails */
static const char *directory; /* its files, under the names below; others do not exist */

static const struct {
	const char *path, *name;
} files[] = {
	{ "/run/systemd/default-hostname", "fallback" },
	{ "/etc/os-release", "os-release" },
	{ "/usr/lib/os-release", "usr-os-release" },
	{ "/etc/hostname", "static" },
	{ "/proc/cmdline", "command-line" },
	{ "/run/cloud-init/instance-data-sensitive.json", "meta-data" },
	{ "/var/lib/cloud/instance/cloud-config.txt", "user-data" },
	{ "/credentials/system.hostname", "credential" },
	{ "/credentials/firstboot.hostname", "firstboot" },
};

int __wrap_gethostname(char *name, size_t length);
int __wrap_gethostname(char *name, size_t length)
{
	if (!the_host) {
		errno = ENAMETOOLONG;
		return -1;
	}
	(void)snprintf(name, length, "%s", the_host);
	return 0;
}

FILE *__real_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode)
{
	for (size_t i = 0; i < COUNT(files); i++)
		if (strcmp(path, files[i].path) == 0)
			return __real_fopen(path_in(directory, files[i].name), mode);
	return strncmp(path, directory, strlen(directory)) == 0 ? __real_fopen(path, mode) : NULL;
}

static int setup(void **state)
{
	if (setup_directory(state) < 0 || setenv("CREDENTIALS_DIRECTORY", "/credentials", 1) < 0)
		return -1;
	directory = *state;
	return 0;
}

static int read_name(const char *host, const struct host_name_rules *rules, struct host_name *ret)
{
	struct reason why = { "" };

	the_host = host;
	return host_name_read(ret, rules, &why);
}

static bool is_name(const char *host)
{
	static const struct host_name_rules rules;
	struct host_name name;
	int r = read_name(host, &rules, &name);

	assert_true(r == OUTCOME_OK || r == OUTCOME_NOT_READY);
	assert_string_equal(name.text, host);
	return r == OUTCOME_OK;
}

static void test_names(void **state)
{
	static const char *const good[] = {
		"web-01", "web-01.example.org", "localhost-2", "debian-9",  "mydebian",
		"deb",    "ip-10-0-0-5",        "fedora",      "raspberry", "a.debian.example.org",
	};
	static const char *const none[] = {
		"",
		".",
		"(none)",
		"localhost",
		"LOCALHOST",
		"localhost.",
		"localhost.localdomain",
		"Localhost.LocalDomain",
		"localhost4.localdomain4",
		"localhost6",
		"ip6-localhost",
		"localhost.example.org",
		"localhost-live",
		"debian",
		"DEBIAN",
		"Debian.example.org",
		"ubuntu",
		"ubuntu.localdomain",
		"raspberrypi.local",
		"archlinux",
		"nixos",
		"alpine",
		"OpenWrt",
		"DietPi",
		"unassigned-hostname.unassigned-domain",
		"alarm",
		"darkstar.example.net",
		"Pop-OS",
		"ubuntu-jammy",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++)
		check_row(good[i], is_name(good[i]));
	for (size_t i = 0; i < COUNT(none); i++)
		check_row(none[i], !is_name(none[i]));
}

static void test_no_host_name_at_all(void **state)
{
	static const struct host_name_rules rules;
	struct host_name name;
	struct reason why = { "" };

	(void)state;
	the_host = NULL;
	assert_int_equal(host_name_read(&name, &rules, &why), -ENAMETOOLONG);
	assert_non_null(strstr(why.text, "Cannot read the host name"));
}

/* Whatever systemd fell back to is none, however it looks, unless somebody wants it. */
static void test_fallback_of_systemd(void **state)
{
	static const struct host_name_rules rules;
	struct host_name name;

	write_text(path_in(*state, "fallback"), "corp-appliance\n");
	assert_int_equal(read_name("corp-appliance", &rules, &name), OUTCOME_NOT_READY);
	assert_non_null(strstr(name.problem, "/run/systemd/default-hostname"));
	assert_false(is_name("Corp-Appliance"));
	assert_false(is_name("corp-appliance.lan")); /* with what a network has added */
	assert_true(is_name("corp-appliance-2"));
	/* somebody has written it into /etc/hostname since */
	write_text(path_in(*state, "static"), "corp-appliance\n");
	assert_true(is_name("corp-appliance"));
	/* which is also where images have theirs */
	write_text(path_in(*state, "fallback"), "debian\n");
	write_text(path_in(*state, "static"), "debian\n");
	assert_false(is_name("debian"));
}

static void test_default_of_distribution(void **state)
{
	static const struct {
		const char *line, *host;
		bool is_name;
	} rows[] = {
		{ "DEFAULT_HOSTNAME=corp\n", "corp", false },
		{ "DEFAULT_HOSTNAME=\"corp\"\n", "CORP", false },
		{ "DEFAULT_HOSTNAME='corp'\n", "corp.lan", false },
		{ "NAME=x\nDEFAULT_HOSTNAME=corp-????\n", "corp-1a2b", false },
		{ "DEFAULT_HOSTNAME=corp\n", "corporate", true },
		{ "DEFAULT_HOSTNAME=\n", "web-01", true },
		{ "#DEFAULT_HOSTNAME=corp\n", "corp", true },
		{ "X_DEFAULT_HOSTNAME=corp\n", "corp", true },
		{ "  DEFAULT_HOSTNAME=corp  \r\n", "corp", false },
		{ "DEFAULT_HOSTNAME=old\nDEFAULT_HOSTNAME=corp\n", "corp", false },
		{ "DEFAULT_HOSTNAME=old\nDEFAULT_HOSTNAME=corp\n", "old", true },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		write_text(path_in(*state, "os-release"), rows[i].line);
		check_row(rows[i].line, is_name(rows[i].host) == rows[i].is_name);
	}
	write_text(path_in(*state, "os-release"), "NAME=x\n");
	write_text(path_in(*state, "usr-os-release"), "DEFAULT_HOSTNAME=corp\n");
	assert_false(is_name("corp"));
	/* systemd falls back to it only without a static one */
	write_text(path_in(*state, "static"), "# set by a person\ncorp\n");
	assert_true(is_name("corp"));
	write_text(path_in(*state, "static"), "corp2\n");
	assert_false(is_name("corp"));
}

static void test_names_that_were_given(void **state)
{
	static const struct {
		const char *file, *content, *host;
		bool is_name;
	} rows[] = {
		{ "command-line", "quiet systemd.hostname=debian ro\n", "debian", true },
		{ "command-line", "systemd.hostname=Debian.example.org", "debian", true },
		{ "command-line", "quiet systemd.hostname=\"debian\" ro\n", "debian", true },
		{ "command-line", "quiet hostname=debian ro\n", "debian", true },
		{ "command-line", "systemd.hostname=debian-2\n", "debian", false },
		{ "command-line", "x.systemd.hostname=debian\n", "debian", false },
		{ "credential", "debian", "debian.example.org", true },
		{ "firstboot", "debian\n", "debian", true },
		{ "credential", "ubuntu", "debian", false },
		{ "meta-data",
		  "{\n \"ds\": {\n  \"meta_data\": {\n   \"local-hostname\": \"debian\"", "debian",
		  true },
		/* cloud-init's own opinion, which may be the name of the image */
		{ "meta-data", "{\n \"v1\": {\n  \"local-hostname\": \"debian\",\n", "debian",
		  false },
		{ "user-data", "#cloud-config\nhostname: debian\n", "debian", true },
		{ "user-data", "#cloud-config\nhostname: 'debian'\n", "debian", true },
		{ "user-data", "#cloud-config\nfqdn: \"debian.example.org\"\n", "debian", true },
		{ "user-data", "#cloud-config\nfqdn: debian.example.org\n", "debian.example.org",
		  true },
		{ "user-data", "#cloud-config\nx:\n  hostname: debian\n", "debian", false },
		{ "user-data", "#cloud-config\npreserve_hostname: debian\n", "debian", false },
		{ "static", "debian\n", "debian", false }, /* which is where images have it */
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *path = path_in(*state, rows[i].file);

		write_text(path, rows[i].content);
		check_row(rows[i].content, is_name(rows[i].host) == rows[i].is_name);
		check_row(rows[i].content, is_name("localhost") == false);
		assert_int_equal(remove(path), 0);
	}
	assert_false(is_name("debian"));
}

/* The administrator's own list counts more than who gave the name. */
static void test_placeholders(void **state)
{
	static const char *const patterns[] = { "golden", "tmpl-*", "*.image.example", "win??" };
	cleanup(string_list_clear) struct string_list list = { 0 };
	const struct host_name_rules rules = { .placeholders = &list };
	static const struct {
		const char *host;
		bool is_name;
	} rows[] = {
		{ "golden", false },  { "GOLDEN.example.org", false },
		{ "golden-2", true }, { "tmpl-7", false },
		{ "tmpl", true },     { "a.image.example", false },
		{ "win11", false },   { "win11.lan", false },
		{ "windows", true },  { "debian", false },
	};
	struct host_name name;

	for (size_t i = 0; i < COUNT(patterns); i++)
		assert_int_equal(string_list_add(&list, patterns[i], strlen(patterns[i])), 0);
	for (size_t i = 0; i < COUNT(rows); i++)
		check_row(rows[i].host, read_name(rows[i].host, &rules, &name) ==
						(rows[i].is_name ? OUTCOME_OK : OUTCOME_NOT_READY));
	write_text(path_in(*state, "command-line"), "systemd.hostname=golden\n");
	assert_int_equal(read_name("golden", &rules, &name), OUTCOME_NOT_READY);
	assert_non_null(strstr(name.problem, "placeholder_names"));
}

/* agent-auth takes what the agents' own program takes. */
static void test_any_name(void **state)
{
	static const struct host_name_rules rules = { .take_any = true };
	struct host_name name;

	write_text(path_in(*state, "fallback"), "corp\n");
	assert_int_equal(read_name("debian", &rules, &name), OUTCOME_OK);
	assert_int_equal(read_name("corp", &rules, &name), OUTCOME_OK);
	assert_int_equal(read_name("localhost", &rules, &name), OUTCOME_NOT_READY);
	assert_string_equal(name.problem, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_names, setup, teardown_directory),
		cmocka_unit_test_setup_teardown(test_no_host_name_at_all, setup,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_fallback_of_systemd, setup,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_default_of_distribution, setup,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_names_that_were_given, setup,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_placeholders, setup, teardown_directory),
		cmocka_unit_test_setup_teardown(test_any_name, setup, teardown_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
