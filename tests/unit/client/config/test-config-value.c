/* SPDX-License-Identifier: ISC */
/* Each type's good and bad values. */
#include "tests/unit/support.h"

#include "client/agent-files/ossec-conf-edit.h"
#include "client/config/types.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DIGEST43 "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"
#define GROUP255 GROUP85 GROUP85 GROUP85
#define GROUP85 \
	"ggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggg"

static bool has_no_memory;

char *__real_strdup(const char *text);
char *__wrap_strdup(const char *text);
char *__wrap_strdup(const char *text)
{
	return has_no_memory ? NULL : __real_strdup(text);
}

void *__real_reallocarray(void *memory, size_t count, size_t size);
void *__wrap_reallocarray(void *memory, size_t count, size_t size);
void *__wrap_reallocarray(void *memory, size_t count, size_t size)
{
	return has_no_memory ? NULL : __real_reallocarray(memory, count, size);
}

struct row {
	const char *text;
	bool good;
};

/* Try each row on a key of the type. */
static void check_values(const char *section, const char *name, const struct row *rows,
			 size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct config config;
		struct reason why;

		assert_int_equal(config_init(&config), 0);
		check_row(rows[i].text, (config_set(&config, section, name, rows[i].text, "here",
						    &why) == 0) == rows[i].good);
		config_clear(&config);
	}
}

static void test_texts(void **state)
{
	static const struct row texts[] = {
		{ "a", true },     { "a; b = c # d", true }, { "h\xc3\xb6st", true },
		{ "a ;b", false }, { ";a", false },          { " a", false },
		{ "a ", false },   { "a;", true },           { "a\tb", false },
		{ "a\nb", false }, { "\x7f", false },        { "\x1b[0m", false },
	};
	static const struct row paths[] = {
		{ "/", true },    { "/a b/c", true }, { "a", false },   { "/a ;b", false },
		{ "/a ", false }, { "./a", false },   { "~/a", false }, { "/a\n", false },
	};

	(void)state;
	check_values("tls", "ciphers", texts, COUNT(texts));
	check_values("tls", "ca_file", paths, COUNT(paths));
}

/* People write the secret itself where a file of it is to be. */
static void test_secrets_are_not_shown(void **state)
{
	static const struct {
		const char *section, *name, *value;
	} rows[] = {
		{ "auth", "password_file", "hunter2" },
		{ "auth", "proxy_password_file", "hunter2" },
		{ "auth", "api_password_file", "hunter2" },
		{ "auth", "api_user", "me:hunter2\t" },
		{ "auth", "token_file", "hunter2" },
		{ "auth", "key_file", "hunter2" },
		{ "tls", "private_key_file", "hunter2" },
		{ "manager", "proxy", "http://me:hunter2@proxy" },
	};
	struct config config;
	struct reason why;

	(void)state;
	assert_int_equal(config_init(&config), 0);
	for (size_t i = 0; i < COUNT(rows); i++) {
		char name[64];

		(void)snprintf(name, sizeof name, "%s in [%s]", rows[i].name, rows[i].section);
		check_row(rows[i].name, config_set(&config, rows[i].section, rows[i].name,
						   rows[i].value, "here:7", &why) == -EINVAL);
		check_row(rows[i].name, !strstr(why.text, "hunter2"));
		check_row(rows[i].name, strncmp(why.text, "here:7: ", 8) == 0 &&
						strstr(why.text, name) &&
						strstr(why.text, "expected"));
	}
	/* any key that is named like one is among these rows */
	for (const struct config_key *key = config_keys; key->section; key++) {
		bool is_secret = strstr(key->name, "password") || strstr(key->name, "token") ||
				 strstr(key->name, "key_file");

		check_row(key->name, !is_secret || key->type->may_hold_secrets);
	}
	assert_int_equal(config_assign(&config, "password=hunter2", "here", &why), -EINVAL);
	assert_string_equal(why.text, "here: 'password=...' is not SECTION.KEY=VALUE");
	config_clear(&config);
}

static void test_ports(void **state)
{
	static const struct row rows[] = {
		{ "1", true },
		{ "1515", true },
		{ "65535", true },
		{ "01515", true },
		{ "0", false },
		{ "65536", false },
		{ "-1", false },
		{ "+1", false },
		{ "1515x", false },
		{ " 1", false },
		{ "0x10", false },
		{ "001515", false },
		{ "99999999999999999999", false },
	};

	(void)state;
	check_values("manager", "port", rows, COUNT(rows));
}

static void test_bools(void **state)
{
	static const struct {
		const char *text;
		int value; /* -1: refused */
	} rows[] = {
		{ "yes", 1 },   { "true", 1 },     { "on", 1 },    { "1", 1 },   { "YES", 1 },
		{ "True", 1 },  { "no", 0 },       { "false", 0 }, { "off", 0 }, { "0", 0 },
		{ "No", 0 },    { "y", -1 },       { "n", -1 },    { "2", -1 },  { "yes ", -1 },
		{ "nope", -1 }, { "enabled", -1 }, { "ye", -1 },
	};

	const char *expected;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		/* from both sides, so that it is the value that decides */
		for (int before = 0; before < 2; before++) {
			bool target = before;
			int r = config_bool.parse(&target, rows[i].text, &config_bool, &expected);

			check_row(rows[i].text, r == (rows[i].value >= 0 ? 0 : -EINVAL));
			check_row(rows[i].text,
				  target == (rows[i].value >= 0 ? rows[i].value : before));
		}
	}
}

static void test_durations(void **state)
{
	static const uint64_t second = 1000000;
	static const struct {
		const char *text;
		uint64_t usec;
	} good[] = {
		{ "0", 0 },
		{ "90", 90 * second },
		{ "90 s", 90 * second },
		{ "90s", 90 * second },
		{ "1 second", second },
		{ "2 sec", 2 * second },
		{ "2 seconds", 2 * second },
		{ "250 ms", 250000 },
		{ "1 us", 1 },
		{ "5 min", 300 * second },
		{ "5m", 300 * second },
		{ "1 minute", 60 * second },
		{ "2 minutes", 120 * second },
		{ "2 h", 7200 * second },
		{ "1 hour", 3600 * second },
		{ "2 hours", 7200 * second },
		{ "1 d", 86400 * second },
		{ "1 day", 86400 * second },
		{ "3650 days", 3650 * 86400 * second },
		{ "1min 30s", 90 * second },
		{ "1 min 30", 90 * second },
		{ "1h30min", 5400 * second },
		{ "1h\t1s  ", 3601 * second },
		{ "00000000000000000000000001 s", second },
	};
	static const char *const bad[] = {
		"s",
		"-1",
		"+1",
		"1.5 s",
		"1,5",
		"90 parsecs",
		"1 S",
		"1 Min",
		"5 ms 3 fortnights",
		"0x10",
		"3651 days",
		"3650 days 1us",
		"1000000000000000",
		"18446744073709551616",
		"99999999999999999999999 s",
		"one",
		"1 week",
		"999999999999999 days",
		" 1",
	};

	const char *expected;

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		uint64_t usec = 7;

		check_row(good[i].text,
			  !config_duration.parse(&usec, good[i].text, &config_duration, &expected));
		check_row(good[i].text, usec == good[i].usec);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		uint64_t usec = 7;

		check_row(bad[i],
			  config_duration.parse(&usec, bad[i], &config_duration, &expected) &&
				  usec == 7);
	}
}

static void test_choices(void **state)
{
	static const struct {
		const struct config_type *type;
		const char *text;
		int value; /* -1: refused */
	} rows[] = {
		{ &config_method, "authd", METHOD_AUTHD },
		{ &config_method, "api", METHOD_API },
		{ &config_method, "enroll", METHOD_ENROLL },
		{ &config_method, "import", METHOD_IMPORT },
		{ &config_method, "Authd", -1 },
		{ &config_method, "auth", -1 },
		{ &config_method, "0", -1 },
		{ &config_on_missing_group, "fail", MISSING_GROUP_FAIL },
		{ &config_on_missing_group, "default", MISSING_GROUP_DEFAULT },
		{ &config_on_missing_group, "web", -1 },
		{ &config_on_clone, "register", CLONE_REGISTER },
		{ &config_on_clone, "keep", CLONE_KEEP },
		{ &config_on_clone, "refuse", CLONE_REFUSE },
		{ &config_on_clone, "wait", -1 },
		{ &config_on_duplicate, "wait", DUPLICATE_WAIT },
		{ &config_on_duplicate, "suffix", DUPLICATE_SUFFIX },
		{ &config_on_duplicate, "fail", DUPLICATE_FAIL },
		{ &config_on_duplicate, "keep", -1 },
		{ &config_set_manager, "no", SET_MANAGER_NO },
		{ &config_set_manager, "yes", SET_MANAGER_YES },
		{ &config_set_manager, "force", SET_MANAGER_FORCE },
		{ &config_set_manager, "Yes", -1 },
		{ &config_own_enrollment, "keep", OWN_ENROLLMENT_KEEP },
		{ &config_own_enrollment, "off", OWN_ENROLLMENT_OFF },
		{ &config_own_enrollment, "same", OWN_ENROLLMENT_SAME },
		{ &config_own_enrollment, "no", -1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		int value = 42;
		const char *expected = "";
		int r = rows[i].type->parse(&value, rows[i].text, rows[i].type, &expected);

		check_row(rows[i].text, value == (rows[i].value < 0 ? 42 : rows[i].value));
		check_row(rows[i].text, r == (rows[i].value >= 0 ? 0 : -EINVAL));
		for (int word = 0; r < 0 && rows[i].type->choices[word]; word++)
			check_row(rows[i].text, strstr(expected, rows[i].type->choices[word]));
	}
}

/* A value that is not a word of the type: all words, and the one that is most like it. */
static void test_nearest_words(void **state)
{
	static const struct {
		const char *assignment, *end;
	} rows[] = {
		{ "manager.method=enrol", "'enrol' is not a valid value for method in [manager]: "
					  "expected authd, api, enroll or import; "
					  "did you mean enroll?" },
		{ "manager.method=Authd", "import; did you mean authd?" },
		{ "manager.method=ossec", ": expected authd, api, enroll or import" },
		{ "identity.on_clone=registre",
		  ": expected register, keep or refuse; did you mean register?" },
		{ "identity.on_clone=never", ": expected register, keep or refuse" },
		{ "identity.on_duplicate=replcae",
		  ": expected wait, suffix, replace or fail; did you mean replace?" },
		{ "tls.verify=flase", ": expected yes or no; did you mean false?" },
		{ "tls.verify=ye", ": expected yes or no; did you mean yes?" },
		{ "tls.verify=perhaps", ": expected yes or no" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct config config;
		struct reason why = { 0 };
		size_t length, end = strlen(rows[i].end);

		assert_int_equal(config_init(&config), 0);
		assert_int_equal(config_assign(&config, rows[i].assignment, "here", &why), -EINVAL);
		length = strlen(why.text);
		check_row(rows[i].assignment,
			  length >= end && strcmp(why.text + length - end, rows[i].end) == 0);
		config_clear(&config);
	}
}

static void test_lists(void **state)
{
	static const struct row addresses[] = {
		{ "manager", true },      { "10.0.0.1:1515", true }, { "[::1]:99", true },
		{ "fe80::1%eth0", true }, { "a, b", false },         { "a b", false },
		{ "a;b", false },         { "https://a", false },    { "a:0", false },
	};
	static const struct row pins[] = {
		{ "sha256//" DIGEST43 "=", true },
		{ "sha256//" DIGEST43, false },
		{ "sha256//" DIGEST43 "==", false },
		{ "sha256//" DIGEST43 "a", false },
		{ "SHA256//" DIGEST43 "=", false },
		{ "sha256/" DIGEST43 "=", false },
		{ DIGEST43 "=", false },
		{ "sha256//x" DIGEST43 "=", false },
		{ "sha256//=", false },
		{ "sha256//", false },
		{ "sha256", false },
		{ "sha256//" DIGEST43 "= ", false },
		{ "sha1//" DIGEST43 "=", false },
		{ "sha256//-7DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU=", false },
	};
	static const struct row groups[] = {
		{ "web", true },   { "web,db", true },   { "web,web", true },
		{ "...", true },   { GROUP255, true },   { "web,", false },
		{ ",web", false }, { "web,,db", false }, { "web, db", false },
		{ "we b", false }, { "..", false },      { "web,.", false },
		{ "a'b", false },  { ",", false },       { GROUP255 "g", false },
	};

	(void)state;
	check_values("manager", "address", addresses, COUNT(addresses));
	check_values("tls", "pin", pins, COUNT(pins));
	check_values("agent", "groups", groups, COUNT(groups));
}

/* Whatever is wrong with it, a proxy's address is not shown: there may be a password in it. */
static void test_proxies(void **state)
{
	static const struct row rows[] = {
		{ "proxy", true },
		{ "http://me@[::1]:8080/", true },
		{ "https://proxy", false },
		{ "http://me:sesame@proxy", false },
		{ "http://me:sesame@pro xy", false },
		{ "sesame", true },
		{ "ftp://me:sesame@proxy", false },
		{ "me@sesame:x", false },
		{ "proxy\n", false },
	};

	(void)state;
	check_values("manager", "proxy", rows, COUNT(rows));
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct config config;
		struct reason why = { "" };

		assert_int_equal(config_init(&config), 0);
		check_row(rows[i].text, config_set(&config, "manager", "proxy", rows[i].text,
						   "here", &why) == (why.text[0] ? -EINVAL : 0));
		check_row(rows[i].text, !strstr(why.text, "sesame"));
		check_row(rows[i].text, !strstr(rows[i].text, ":sesame@p") ||
						strstr(why.text, "proxy_password_file"));
		config_clear(&config);
	}
}

/* A bad group among good ones adds none of them. */
static void test_groups_are_taken_together(void **state)
{
	struct string_list list = { 0 };
	const char *expected;

	(void)state;
	assert_int_equal(config_group_list.parse(&list, "web,db,..", &config_group_list, &expected),
			 -EINVAL);
	assert_int_equal(list.count, 0);
	assert_int_equal(config_group_list.parse(&list, "web,db", &config_group_list, &expected),
			 0);
	assert_int_equal(config_group_list.parse(&list, "mail", &config_group_list, &expected), 0);
	assert_int_equal(list.count, 3);
	assert_string_equal(list.items[1], "db");
	assert_string_equal(list.items[2], "mail");
	config_group_list.clear(&list);
	assert_int_equal(list.count, 0);
	assert_null(list.items);
}

/* No memory is no fault of the value. */
static void test_out_of_memory(void **state)
{
	static const char *const assignments[] = { "tls.ca_file=/ca.pem", "tls.ciphers=HIGH",
						   "manager.address=10.0.0.1", "agent.groups=web" };

	(void)state;
	for (size_t i = 0; i < COUNT(assignments); i++) {
		struct config config;
		struct reason why = { 0 };
		char section[16], name[16], value[16];
		int r;

		assert_int_equal(
			sscanf(assignments[i], "%15[^.].%15[^=]=%15s", section, name, value), 3);
		assert_int_equal(config_init(&config), 0);
		has_no_memory = true;
		r = config_set(&config, section, name, value, "FILE:7", &why);
		has_no_memory = false;
		check_row(assignments[i], r == -ENOMEM);
		check_row(why.text, strncmp(why.text, "FILE:7: ", strlen("FILE:7: ")) == 0 &&
					    strstr(why.text, "Cannot allocate memory") &&
					    !strstr(why.text, "invalid"));
		config_clear(&config);
	}
}

static void test_agent(void **state)
{
	static const struct row names[] = {
		{ "%H", true },
		{ "%l-%m.%b_%i", true },
		{ "web-01", true },
		{ "100%%", true },
		{ "a", true },
		{ "%", false },
		{ "%x", false },
		{ "a b", false },
		{ "a%", false },
		{ "h\xc3\xb6st", false },
		{ "it's", false },
		{ "%h", false },
		{ "${HOSTNAME}", false },
		{ ".web", false },
		{ "web.", true },
		{ "ip-%a.%f", true },
		{ "%{file:/run/x y}", true },
		{ "%{file:x}", false },
		{ "%{file:/x", false },
		{ "%{file:/\n}", false },
	};
	static const struct row ips[] = {
		{ "any", true },        { "src", true },          { "10.0.0.1", true },
		{ "10.0.0.0/8", true }, { "::1", true },          { "source", false },
		{ "300.0.0.1", false }, { "10.0.0.0/33", false }, { "manager", false },
		{ "Src", false },
	};
	static const struct row versions[] = {
		{ "1.0", true },     { "1.1", true },     { "1.2", true },   { "1.3", true },
		{ "TLSv1.2", true }, { "tlsv1.3", true }, { "1.4", false },  { "2", false },
		{ "SSLv3", false },  { "TLS1.2", false }, { "1.2+", false }, { "TLSv", false },
	};

	(void)state;
	check_values("agent", "name", names, COUNT(names));
	check_values("agent", "ip", ips, COUNT(ips));
	check_values("tls", "min_version", versions, COUNT(versions));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_secrets_are_not_shown),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_ports),
		cmocka_unit_test(test_bools),
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_choices),
		cmocka_unit_test(test_nearest_words),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_proxies),
		cmocka_unit_test(test_groups_are_taken_together),
		cmocka_unit_test(test_agent),
		cmocka_unit_test(test_out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
