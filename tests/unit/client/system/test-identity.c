/* SPDX-License-Identifier: ISC */
/* The machine that is asked who it is answers from here: see the wraps in local.mk. */
#include "tests/unit/support.h"

#include "client/system/identity.h"
#include "client/system/machine-marks.h"

#include <errno.h>

#define MACHINE_ID "0123456789abcdef0123456789abcdef"

static const char *the_host;      /* null: gethostname() fails */
static const char *boot_file;     /* the same for the boot id */
static const char *mark_file;     /* where systemd has made a place for one: our own */
static const char *instance_file; /* null: there is none */
static const char *machine_file;  /* holds what /etc/machine-id should; null: there is none */

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
	if (strcmp(path, "/var/lib/cloud/data/instance-id") == 0)
		path = instance_file;
	else if (strcmp(path, "/etc/machine-id") == 0)
		path = machine_file;
	else if (strcmp(path, "/proc/sys/kernel/random/boot_id") == 0)
		path = boot_file;
	else if (strcmp(path, "/run/agent-register/boot") == 0)
		path = mark_file;
	else if (strncmp(path, "/run/", 5) == 0 || strncmp(path, "/etc/", 5) == 0 ||
		 strncmp(path, "/usr/", 5) == 0 || strcmp(path, "/proc/cmdline") == 0)
		path = NULL; /* of no interest here, and not those of the machine that tests */
	if (path)
		return __real_fopen(path, mode);
	errno = ENOENT;
	return NULL;
}

/* The name by this template, with "golden" as a placeholder. */
static int name_with(char ret[static AGENT_NAME_MAX + 1], const char *template,
		     const struct own_names *own, struct reason *why)
{
	char name[1024], golden[] = "golden", *items[] = { golden };
	const struct config config = { .agent = { .name = name,
						  .placeholder_names = { items, 1 } } };

	assert_true(strlen(template) < sizeof name);
	(void)strcpy(name, template);
	return identity_name(ret, &config, own, why);
}

static int name_of(char ret[static AGENT_NAME_MAX + 1], const char *template, struct reason *why)
{
	return name_with(ret, template, NULL, why);
}

static int setup(void **state)
{
	the_host = "web-01.example.org";
	instance_file = NULL;
	if (setup_directory(state) < 0)
		return -1;
	machine_file = path_in(*state, "machine-id");
	write_text(machine_file, MACHINE_ID "\n");
	boot_file = path_in(*state, "boot-id");
	write_text(boot_file, "fedcba98-7654-3210-fedc-ba9876543210\n");
	mark_file = NULL;
	return 0;
}

static void test_templates(void **state)
{
	static const struct {
		const char *template, *name; /* name null: misconfigured */
	} rows[] = {
		{ "%H", "web-01.example.org" },
		{ "%l", "web-01" },
		{ "%m", "0123456789abcdef0123456789abcdef" },
		{ "%b", "fedcba9876543210fedcba9876543210" },
		{ "fixed", "fixed" },
		{ "a-%l-b", "a-web-01-b" },
		{ "%l%l", "web-01web-01" },
		{ "%l-%m", "web-01-0123456789abcdef0123456789abcdef" },
		{ "ab", "ab" },
		{ "a", NULL },
		{ "", NULL },
		{ "50%%", NULL },
		{ "ab%", NULL },
		{ "a b", NULL },
		{ "%m%m%m%m", NULL }, /* 128: one more than every reader keeps */
		{ "%m%m%m%m%m%m%m%m%m%m%m%m%m%m%m%m%m%m%m%m%m%m%m%m%m%m%m%m%m%m%m%m%m%m%m%m",
		  NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char name[AGENT_NAME_MAX + 1] = "before";
		struct reason why = { "" };
		int r = name_of(name, rows[i].template, &why);

		check_row(rows[i].template,
			  r == (rows[i].name ? OUTCOME_OK : OUTCOME_MISCONFIGURED));
		check_row(rows[i].template, strcmp(name, rows[i].name ?: "before") == 0);
		check_row(rows[i].template, (why.text[0] == '\0') == (rows[i].name != NULL));
	}
}

/* What only the network knows. */
static void test_own_names(void **state)
{
	static const struct {
		const char *template, *fqdn, *address, *name; /* name null: misconfigured */
	} rows[] = {
		{ "%f", "web-01.example.org", "", "web-01.example.org" },
		{ "ip-%a", "", "10.0.0.15", "ip-10.0.0.15" },
		{ "%a", "", "fd00::15", "fd00--15" },
		{ "%a", "", "::1", "--1" },
		{ "%l_%a_%f", "w.x", "::2", "web-01_--2_w.x" },
		{ "%f%f", "a123456789.b123456789.c123456789.d123456789.e123456789.f12345678", "",
		  NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char name[AGENT_NAME_MAX + 1] = "before";
		struct own_names own = { 0 };
		struct reason why = { "" };

		(void)strcpy(own.fqdn, rows[i].fqdn);
		(void)strcpy(own.address, rows[i].address);
		/* nothing is wrong as long as it is not known */
		check_row(rows[i].template, name_of(name, rows[i].template, &why) == OUTCOME_OK);
		check_row(rows[i].template, strcmp(name, "before") == 0);
		check_row(rows[i].template,
			  name_with(name, rows[i].template, &own, &why) ==
				  (rows[i].name ? OUTCOME_OK : OUTCOME_MISCONFIGURED));
		check_row(rows[i].template, strcmp(name, rows[i].name ?: "before") == 0);
	}
}

/* The rest of a name that needs the network is looked for before that is asked. */
static void test_rest_of_own_names(void **state)
{
	char name[AGENT_NAME_MAX + 1];
	struct own_names own = { "debian.example.org", "10.0.0.1" };
	struct reason why = { "" };

	(void)state;
	assert_int_equal(name_of(name, "%f-%i", &why), OUTCOME_NOT_READY);
	the_host = "debian";
	assert_int_equal(name_of(name, "%f", &why), OUTCOME_NOT_READY);
	assert_non_null(strstr(why.text, "accept it by name = debian in [agent]"));
	assert_int_equal(name_with(name, "%f", &own, &why), OUTCOME_NOT_READY);
	assert_int_equal(name_with(name, "%a", &own, &why), OUTCOME_OK);
}

static void test_file(void **state)
{
	const char *path = path_in(*state, "name");
	char name[AGENT_NAME_MAX + 1], template[512];
	struct reason why = { "" };

	(void)snprintf(template, sizeof template, "x-%%{file:%s}-%%l", path);
	assert_int_equal(name_of(name, template, &why), OUTCOME_NOT_READY);
	assert_non_null(strstr(why.text, path));
	write_text(path, "blue 1\n");
	assert_int_equal(name_of(name, template, &why), OUTCOME_MISCONFIGURED);
	write_text(path, "blue\n");
	assert_int_equal(name_of(name, template, &why), OUTCOME_OK);
	assert_string_equal(name, "x-blue-web-01");
	the_host = "debian"; /* what is in braces stays in the advice */
	assert_int_equal(name_of(name, template, &why), OUTCOME_NOT_READY);
	assert_non_null(strstr(why.text, "}-debian in [agent]"));
}

static void test_longest(void **state)
{
	char name[AGENT_NAME_MAX + 1];
	struct reason why;

	(void)state;
	assert_int_equal(name_of(name, "%m%m%m-123456789-123456789-123456789-1", &why),
			 OUTCOME_MISCONFIGURED);
	assert_int_equal(name_of(name, "%m%m%m-123456789-123456789-123456789-", &why), OUTCOME_OK);
	assert_int_equal(strlen(name), AGENT_NAME_SAFE_MAX);
}

static void test_host_names(void **state)
{
	static const struct {
		const char *host;
		enum outcome outcome;
	} rows[] = {
		{ "web-01", OUTCOME_OK },
		{ "localhost-2", OUTCOME_OK },
		{ "", OUTCOME_NOT_READY },
		{ "localhost", OUTCOME_NOT_READY },
		{ "localhost.localdomain", OUTCOME_NOT_READY },
		{ "(none)", OUTCOME_NOT_READY },
		{ "a", OUTCOME_MISCONFIGURED },
		{ "my host", OUTCOME_MISCONFIGURED },
		{ "h\xc3\xb6st", OUTCOME_MISCONFIGURED },
		{ NULL, (enum outcome) - ENAMETOOLONG },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char name[AGENT_NAME_MAX + 1] = "before";
		struct reason why = { "" };
		int r;

		the_host = rows[i].host;
		r = name_of(name, "%H", &why);
		check_row(rows[i].host ?: "none", r == (int)rows[i].outcome);
		check_row(rows[i].host ?: "none",
			  name_of(name, "%l", &why) == (int)rows[i].outcome);
		if (rows[i].outcome == OUTCOME_OK)
			assert_string_equal(name, rows[i].host);
		else
			check_row(rows[i].host ?: "none",
				  why.text[0] && strcmp(name, "before") == 0);
		/* A name that does not come from the host name needs none. */
		check_row(rows[i].host ?: "none", name_of(name, "%m", &why) == OUTCOME_OK);
	}
}

static void test_bad_host_name_is_shown_escaped(void **state)
{
	char name[AGENT_NAME_MAX + 1];
	struct reason why;

	(void)state;
	the_host = "evil\x1b[31m";
	assert_int_equal(name_of(name, "%H", &why), OUTCOME_MISCONFIGURED);
	assert_null(strchr(why.text, '\x1b'));
	assert_non_null(strstr(why.text, "evil\\x1b"));
	assert_non_null(strstr(why.text, "%H"));
}

static void test_instance_id(void **state)
{
	static const struct {
		const char *content; /* null: no file */
		enum outcome outcome;
	} rows[] = {
		{ "i-0abc\n", OUTCOME_OK },         { "i-0abc", OUTCOME_OK },
		{ "i-0abc\r\n", OUTCOME_OK },       { "i-0abc\nsecond\n", OUTCOME_OK },
		{ "", OUTCOME_NOT_READY },          { "\n", OUTCOME_NOT_READY },
		{ "i 0\n", OUTCOME_MISCONFIGURED }, { NULL, OUTCOME_NOT_READY },
	};
	const char *path = path_in(*state, "instance-id");

	for (size_t i = 0; i < COUNT(rows); i++) {
		char name[AGENT_NAME_MAX + 1] = "";
		struct reason why = { "" };

		instance_file = rows[i].content ? path : NULL;
		if (rows[i].content)
			write_text(path, rows[i].content);
		check_row(rows[i].content ?: "none",
			  name_of(name, "%i", &why) == (int)rows[i].outcome);
		if (rows[i].outcome == OUTCOME_OK)
			assert_string_equal(name, "i-0abc");
		else
			check_row(rows[i].content ?: "none", why.text[0]);
	}
}

static void test_suffixed_name(void **state)
{
	char name[AGENT_NAME_MAX + 1] = "before", mark[MACHINE_MARK_SIZE], expected[64],
				   longest[AGENT_NAME_SAFE_MAX + 1];

	(void)state;
	machine_marks_read_machine(mark);
	assert_int_equal(identity_suffixed_name(name, "web-01"), 0);
	(void)snprintf(expected, sizeof expected, "web-01-%.8s", mark);
	assert_string_equal(name, expected);

	memset(longest, 'n', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	assert_int_equal(identity_suffixed_name(name, longest), 0);
	assert_int_equal(strlen(name), AGENT_NAME_SAFE_MAX);
	assert_memory_equal(name + AGENT_NAME_SAFE_MAX - 8, mark, 8);
	assert_true(agent_name_is_valid(name, strlen(name)));

	machine_file = NULL;
	(void)strcpy(name, "before");
	assert_int_equal(identity_suffixed_name(name, "web-01"), -ENODATA);
	assert_string_equal(name, "before");
}

static void test_boot_and_seed(void **state)
{
	char boot[IDENTITY_BOOT_SIZE];
	uint64_t seed = identity_seed();

	(void)state;
	identity_boot(boot);
	assert_string_equal(boot, "fedcba9876543210fedcba9876543210");
	/* one seed a machine, also for one that has no id yet */
	assert_true(identity_seed() == seed);
	write_text(machine_file, "1123456789abcdef0123456789abcdef\n");
	assert_true(identity_seed() != seed);
	machine_file = NULL;
	assert_true(identity_seed() == identity_seed());
	assert_true(identity_seed() != seed);
	boot_file = NULL;
	identity_boot(boot);
	assert_string_equal(boot, "");
	assert_true(identity_seed() == identity_seed());
}

/* Each sentence says which name it is, why it is none, and how to accept it. */
static void test_explanations(void **state)
{
	static const struct {
		const char *host, *template, *explanation;
	} rows[] = {
		{ "", "%H",
		  "This machine has no host name yet (it is ''): set one, or set name in [agent]" },
		{ "LocalHost", "%H",
		  "This machine has no host name yet (it is 'LocalHost'): "
		  "set one, or set name in [agent]" },
		{ "debian", "%H",
		  "This machine has no host name yet (it is 'debian', a name that comes "
		  "with images): set another one, or accept it by name = debian in [agent]" },
		{ "Debian.lan", "%l-%i",
		  "This machine has no host name yet (it is 'Debian.lan', a name that comes "
		  "with images): set another one, or accept it by name = Debian-%i in [agent]" },
		{ "ubuntu.lan", "%m-%H-50%%",
		  "This machine has no host name yet (it is 'ubuntu.lan', a name that comes "
		  "with images): set another one, "
		  "or accept it by name = %m-ubuntu.lan-50%% in [agent]" },
		{ "golden", "%H",
		  "This machine has no host name yet (it is 'golden', one of placeholder_names "
		  "in [agent]): set another one, or accept it by name = golden in [agent]" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char name[AGENT_NAME_MAX + 1] = "before";
		struct reason why = { "" };

		the_host = rows[i].host;
		check_row(rows[i].host, name_of(name, rows[i].template, &why) == OUTCOME_NOT_READY);
		assert_string_equal(why.text, rows[i].explanation);
		assert_string_equal(name, "before");
		/* a name that was written down is one, whatever it is */
		check_row(rows[i].host, name_of(name, "debian", &why) == OUTCOME_OK);
		assert_string_equal(name, "debian");
	}
}

/* What is the same on every machine without one makes no name. */
static void test_fallback_instances(void **state)
{
	char name[AGENT_NAME_MAX + 1];
	struct reason why = { "" };

	instance_file = path_in(*state, "instance-id");
	write_text(instance_file, "nocloud\n");
	assert_int_equal(name_of(name, "%l-%i", &why), OUTCOME_NOT_READY);
	assert_non_null(strstr(why.text, "'nocloud'"));
	write_text(instance_file, "iid-datasource-none\n");
	assert_int_equal(name_of(name, "%i", &why), OUTCOME_NOT_READY);
	assert_non_null(strstr(why.text, "'iid-datasource-none'"));
}

/* Where there is a place for it, the id of a boot is one of our own: the same until it is gone. */
static void test_own_boot_id(void **state)
{
	char first[IDENTITY_BOOT_SIZE], again[IDENTITY_BOOT_SIZE];

	mark_file = path_in(*state, "boot");
	identity_boot(first);
	assert_int_equal(strspn(first, "0123456789abcdef"), 32);
	assert_string_not_equal(first, "fedcba9876543210fedcba9876543210");
	assert_file(mark_file, first);
	identity_boot(again);
	assert_string_equal(again, first);
	write_text(mark_file, ""); /* of a boot that was killed while it wrote */
	identity_boot(again);
	assert_int_equal(strlen(again), 32);
	assert_string_not_equal(again, first);
	assert_file(mark_file, again);
}

static void test_no_machine_id(void **state)
{
	char name[AGENT_NAME_MAX + 1];
	struct reason why = { "" };

	(void)state;
	machine_file = NULL;
	assert_int_equal(name_of(name, "%m", &why), OUTCOME_NOT_READY);
	assert_non_null(strstr(why.text, "/etc/machine-id"));
	boot_file = NULL;
	assert_int_equal(name_of(name, "%b", &why), OUTCOME_NOT_READY);
	assert_int_equal(name_of(name, "%H", &why), OUTCOME_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_templates, setup, teardown_directory),
		cmocka_unit_test_setup_teardown(test_own_names, setup, teardown_directory),
		cmocka_unit_test_setup_teardown(test_rest_of_own_names, setup, teardown_directory),
		cmocka_unit_test_setup_teardown(test_file, setup, teardown_directory),
		cmocka_unit_test_setup_teardown(test_longest, setup, teardown_directory),
		cmocka_unit_test_setup_teardown(test_host_names, setup, teardown_directory),
		cmocka_unit_test_setup_teardown(test_bad_host_name_is_shown_escaped, setup,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_instance_id, setup, teardown_directory),
		cmocka_unit_test_setup_teardown(test_explanations, setup, teardown_directory),
		cmocka_unit_test_setup_teardown(test_fallback_instances, setup, teardown_directory),
		cmocka_unit_test_setup_teardown(test_suffixed_name, setup, teardown_directory),
		cmocka_unit_test_setup_teardown(test_boot_and_seed, setup, teardown_directory),
		cmocka_unit_test_setup_teardown(test_own_boot_id, setup, teardown_directory),
		cmocka_unit_test_setup_teardown(test_no_machine_id, setup, teardown_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
