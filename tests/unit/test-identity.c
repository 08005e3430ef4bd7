/* SPDX-License-Identifier: ISC */
/* The machine that is asked who it is answers from here: see the wraps in local.mk. */
#include "support.h"

#include "register/identity.h"

#include <errno.h>
#include <systemd/sd-id128.h>

static const char *the_host;      /* null: gethostname() fails */
static bool has_machine_id;
static const char *instance_file; /* null: there is none */

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

int __wrap_sd_id128_get_machine(sd_id128_t *ret);
int __wrap_sd_id128_get_machine(sd_id128_t *ret)
{
	if (!has_machine_id)
		return -ENOMEDIUM;
	return sd_id128_from_string("0123456789abcdef0123456789abcdef", ret);
}

int __wrap_sd_id128_get_boot(sd_id128_t *ret);
int __wrap_sd_id128_get_boot(sd_id128_t *ret)
{
	return sd_id128_from_string("fedcba9876543210fedcba9876543210", ret);
}

FILE *__real_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode)
{
	if (strcmp(path, "/var/lib/cloud/data/instance-id") != 0)
		return __real_fopen(path, mode);
	if (instance_file)
		return __real_fopen(instance_file, mode);
	errno = ENOENT;
	return NULL;
}

static int setup(void **state)
{
	the_host = "web-01.example.org";
	has_machine_id = true;
	instance_file = NULL;
	return setup_directory(state);
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
		{ "%m%m%m%m%m%m%m%m%m%m%m%m%m%m%m%m%m%m%m%m%m%m%m%m%m%m%m%m%m%m%m%m%m%m%m%m", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char name[AGENT_NAME_MAX + 1] = "before";
		struct reason why = { "" };
		int r = identity_name(name, rows[i].template, &why);

		check_row(rows[i].template, r == (rows[i].name ? OUTCOME_OK : OUTCOME_MISCONFIGURED));
		check_row(rows[i].template, strcmp(name, rows[i].name ?: "before") == 0);
		check_row(rows[i].template, (why.text[0] == '\0') == (rows[i].name != NULL));
	}
}

static void test_longest(void **state)
{
	char name[AGENT_NAME_MAX + 1];
	struct reason why;

	(void)state;
	assert_int_equal(identity_name(name, "%m%m%m-123456789-123456789-123456789-1", &why), OUTCOME_MISCONFIGURED);
	assert_int_equal(identity_name(name, "%m%m%m-123456789-123456789-123456789-", &why), OUTCOME_OK);
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
		{ "", OUTCOME_UNREADY },
		{ "localhost", OUTCOME_UNREADY },
		{ "localhost.localdomain", OUTCOME_UNREADY },
		{ "(none)", OUTCOME_UNREADY },
		{ "a", OUTCOME_MISCONFIGURED },
		{ "my host", OUTCOME_MISCONFIGURED },
		{ "h\xc3\xb6st", OUTCOME_MISCONFIGURED },
		{ NULL, (enum outcome)-ENAMETOOLONG },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char name[AGENT_NAME_MAX + 1] = "before";
		struct reason why = { "" };
		int r;

		the_host = rows[i].host;
		r = identity_name(name, "%H", &why);
		check_row(rows[i].host ?: "none", r == (int)rows[i].outcome);
		check_row(rows[i].host ?: "none", identity_name(name, "%l", &why) == (int)rows[i].outcome);
		if (rows[i].outcome == OUTCOME_OK)
			assert_string_equal(name, rows[i].host);
		else
			check_row(rows[i].host ?: "none", why.text[0] && strcmp(name, "before") == 0);
		/* A name that does not come from the host name needs none. */
		check_row(rows[i].host ?: "none", identity_name(name, "%m", &why) == OUTCOME_OK);
	}
}

static void test_bad_host_name_is_shown_escaped(void **state)
{
	char name[AGENT_NAME_MAX + 1];
	struct reason why;

	(void)state;
	the_host = "evil\x1b[31m";
	assert_int_equal(identity_name(name, "%H", &why), OUTCOME_MISCONFIGURED);
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
		{ "i-0abc\n", OUTCOME_OK },
		{ "i-0abc", OUTCOME_OK },
		{ "i-0abc\r\n", OUTCOME_OK },
		{ "i-0abc\nsecond\n", OUTCOME_OK },
		{ "", OUTCOME_UNREADY },
		{ "\n", OUTCOME_UNREADY },
		{ "i 0\n", OUTCOME_MISCONFIGURED },
		{ NULL, OUTCOME_UNREADY },
	};
	const char *path = path_in(*state, "instance-id");

	for (size_t i = 0; i < COUNT(rows); i++) {
		char name[AGENT_NAME_MAX + 1] = "";
		struct reason why = { "" };

		instance_file = rows[i].content ? path : NULL;
		if (rows[i].content)
			write_text(path, rows[i].content);
		check_row(rows[i].content ?: "none", identity_name(name, "%i", &why) == (int)rows[i].outcome);
		if (rows[i].outcome == OUTCOME_OK)
			assert_string_equal(name, "i-0abc");
		else
			check_row(rows[i].content ?: "none", why.text[0]);
	}
}

static void test_no_machine_id(void **state)
{
	char name[AGENT_NAME_MAX + 1];
	struct reason why = { "" };

	(void)state;
	has_machine_id = false;
	assert_int_equal(identity_name(name, "%m", &why), OUTCOME_UNREADY);
	assert_non_null(strstr(why.text, "machine id"));
	assert_int_equal(identity_name(name, "%H", &why), OUTCOME_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_templates, setup, teardown_directory),
		cmocka_unit_test_setup_teardown(test_longest, setup, teardown_directory),
		cmocka_unit_test_setup_teardown(test_host_names, setup, teardown_directory),
		cmocka_unit_test_setup_teardown(test_bad_host_name_is_shown_escaped, setup, teardown_directory),
		cmocka_unit_test_setup_teardown(test_instance_id, setup, teardown_directory),
		cmocka_unit_test_setup_teardown(test_no_machine_id, setup, teardown_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
