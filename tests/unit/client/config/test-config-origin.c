/* SPDX-License-Identifier: ISC */
/* Where each value is from, and each value as a text that can be read again. */
#include "tests/unit/support.h"

#include "client/config/config.h"
#include "client/config/types.h"

#include <errno.h>

#define PIN "sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="

static const struct config_key *key_of(const char *section, const char *name)
{
	for (const struct config_key *key = config_keys; key->section; key++)
		if (strcmp(key->section, section) == 0 && strcmp(key->name, name) == 0)
			return key;
	fail_msg("no key %s.%s", section, name);
	return config_keys;
}

static const char *origin(const struct config *config, const char *section, const char *name,
			  size_t item)
{
	return config_origin(config, key_of(section, name), item) ?: "default";
}

static void read_text(struct config *config, const char *text, const char *path)
{
	FILE *file = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
	struct reason why;

	assert_non_null(file);
	if (config_read(config, file, path, &why) < 0)
		fail_msg("%s", why.text);
	(void)fclose(file);
}

static void set(struct config *config, const char *assignment, const char *from)
{
	struct reason why;

	if (config_assign(config, assignment, from, &why) < 0)
		fail_msg("%s", why.text);
}

/* ------------------------------------------------------------------ where values are from */

static void test_defaults(void **state)
{
	struct config config;

	(void)state;
	assert_int_equal(config_init(&config), 0);
	for (const struct config_key *key = config_keys; key->section; key++)
		for (size_t item = 0; item < 3; item++)
			check_row(key->name, !config_origin(&config, key, item));
	config_clear(&config);
}

static void test_last_value_counts(void **state)
{
	struct config config;

	(void)state;
	assert_int_equal(config_init(&config), 0);
	read_text(&config, "[tls]\n\nciphers = A\nciphers = B\nverify = yes\n", "one");
	assert_string_equal(origin(&config, "tls", "ciphers", 0), "one:4");
	/* as by default, but said */
	assert_string_equal(origin(&config, "tls", "verify", 0), "one:5");
	assert_string_equal(origin(&config, "tls", "pin", 0), "default");
	read_text(&config, "[tls]\nciphers = C\n", "two");
	assert_string_equal(origin(&config, "tls", "ciphers", 0), "two:2");
	assert_string_equal(origin(&config, "tls", "ciphers", 1), "default");
	set(&config, "tls.ciphers=D", "the command line");
	assert_string_equal(origin(&config, "tls", "ciphers", 0), "the command line");
	set(&config, "tls.ciphers=", "the command line");
	assert_string_equal(origin(&config, "tls", "ciphers", 0), "default");
	config_clear(&config);
}

static void test_every_item_of_a_list(void **state)
{
	struct config config;

	(void)state;
	assert_int_equal(config_init(&config), 0);
	read_text(&config, "[agent]\ngroups = a,b\ngroups = c\n", "one");
	read_text(&config, "[agent]\ngroups = d\n", "two");
	assert_int_equal(config.agent.groups.count, 4);
	assert_string_equal(origin(&config, "agent", "groups", 0), "one:2");
	assert_string_equal(origin(&config, "agent", "groups", 1), "one:2");
	assert_string_equal(origin(&config, "agent", "groups", 2), "one:3");
	assert_string_equal(origin(&config, "agent", "groups", 3), "two:2");
	assert_string_equal(origin(&config, "agent", "groups", 4), "default");
	read_text(&config, "[agent]\ngroups =\ngroups = e\n", "three");
	assert_string_equal(origin(&config, "agent", "groups", 0), "three:3");
	assert_string_equal(origin(&config, "agent", "groups", 1), "default");
	config_clear(&config);
}

/* A value that is refused leaves the one before it, and where that is from. */
static void test_refused_value(void **state)
{
	struct config config;
	struct reason why;

	(void)state;
	assert_int_equal(config_init(&config), 0);
	set(&config, "manager.port=1", "one");
	set(&config, "agent.groups=a", "one");
	assert_int_equal(config_assign(&config, "manager.port=0", "two", &why), -EINVAL);
	assert_int_equal(config_assign(&config, "agent.groups=b,/", "two", &why), -EINVAL);
	assert_string_equal(origin(&config, "manager", "port", 0), "one");
	assert_string_equal(origin(&config, "agent", "groups", 0), "one");
	assert_string_equal(origin(&config, "agent", "groups", 1), "default");
	config_clear(&config);
}

/* ------------------------------------------------------------------ values as text */

static const struct {
	const char *section, *name, *text;
	const char *shown; /* null: the same */
} values[] = {
	{ "manager", "address", "m.example.org:99", NULL },
	{ "manager", "port", "0099", "99" },
	{ "manager", "port", "", "" },
	{ "manager", "method", "enroll", NULL },
	{ "manager", "prefix", "siem/a/", NULL },
	{ "manager", "proxy", "http://me@proxy:8080", NULL },
	{ "tls", "ca_file", "/a b", NULL },
	{ "tls", "pin", PIN, NULL },
	{ "tls", "min_version", "1.3", NULL },
	{ "tls", "ciphers", "A:B", NULL },
	{ "tls", "verify", "0", "no" },
	{ "tls", "verify", "true", "yes" },
	{ "agent", "name", "%l-x", NULL },
	{ "agent", "ip", "10.0.0.0/8", NULL },
	{ "agent", "placeholder_names", "image-*", NULL },
	{ "agent", "on_missing_group", "default", NULL },
	{ "identity", "on_clone", "refuse", NULL },
	{ "identity", "on_duplicate", "suffix", NULL },
	{ "retry", "max", "0", "0 s" },
	{ "retry", "max", "90", "1 min 30 s" },
	{ "retry", "max", "3600 s", "1 h" },
	{ "retry", "max", "3650d", "3650 d" },
	{ "retry", "max", "1us", "1 us" },
	{ "retry", "max", "1d 2h 3m 4s 5ms 6us", "1 d 2 h 3 min 4 s 5 ms 6 us" },
	{ "retry", "max", "3649d 23h 59min 59s 999ms 999us",
	  "3649 d 23 h 59 min 59 s 999 ms 999 us" },
};

static void test_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(values); i++) {
		const struct config_key *key = key_of(values[i].section, values[i].name);
		char buffer[CONFIG_TEXT_SIZE], copy[256];
		const char *shown = values[i].shown ?: values[i].text, *text;
		struct config config;

		assert_int_equal(config_init(&config), 0);
		for (int round = 0; round < 2; round++) {
			const char *value = round ? copy : values[i].text;

			assert_int_equal(
				config_set(&config, key->section, key->name, "", "here", NULL), 0);
			assert_int_equal(config_set(&config, key->section, key->name, value, "here",
						    NULL),
					 0);
			text = key->type->text((char *)&config + key->offset, 0, key->type, buffer);
			(void)snprintf(copy, sizeof copy, "%s", text ?: "");
			if (strcmp(copy, shown) != 0)
				fail_msg("%s.%s = %s is shown as '%s'", key->section, key->name,
					 values[i].text, copy);
		}
		config_clear(&config);
	}
}

static void test_default_text(void **state)
{
	struct config config;

	(void)state;
	assert_int_equal(config_init(&config), 0);
	for (const struct config_key *key = config_keys; key->section; key++) {
		char buffer[CONFIG_TEXT_SIZE];
		const char *text = key->type->text((char *)&config + key->offset, 0, key->type,
						   buffer);

		check_row(key->name, !text == (*key->default_text == '\0'));
	}
	config_clear(&config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_last_value_counts),
		cmocka_unit_test(test_every_item_of_a_list),
		cmocka_unit_test(test_refused_value),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_default_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
