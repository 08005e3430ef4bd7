/* SPDX-License-Identifier: ISC */
/* The table of keys: each changes its own field and nothing else, and goes back to its default. */
#include "tests/unit/support.h"

#include "client/config/types.h"

#define PIN "sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="

/* For every type: its size in struct config, and two good values that are no default. */
static const struct type_row {
	const struct config_type *type;
	size_t size;
	const char *value, *other;
} types[] = {
	{ &config_text, sizeof(char *), "some text", "other text" },
	{ &config_user, sizeof(char *), "some-user", "other-user" },
	{ &config_path, sizeof(char *), "/some/path", "/other/path" },
	{ &config_secret_path, sizeof(char *), "/some/secret", "/other/secret" },
	{ &config_ca_path, sizeof(char *), "/some/path", CONFIG_INHERIT },
	{ &config_port, sizeof(uint16_t), "2000", "65535" },
	{ &config_prefix, sizeof(char *), "siem/a", "wazuh" },
	{ &config_proxy, sizeof(char *), "http://me@proxy:8080", "proxy" },
	{ &config_bool, sizeof(bool), NULL, NULL }, /* the other of the two */
	{ &config_duration, sizeof(uint64_t), "7 s", "9 h" },
	{ &config_tls_version, sizeof(char *), "1.3", "1.0" },
	{ &config_address_list, sizeof(struct string_list), "a.example.org", "[::1]:99" },
	{ &config_pin_list, sizeof(struct string_list), PIN, PIN },
	{ &config_group_list, sizeof(struct string_list), "web", "db" },
	{ &config_pattern_list, sizeof(struct string_list), "golden", "image-*" },
	{ &config_agent_name, sizeof(char *), "%l-x", "fixed" },
	{ &config_agent_ip, sizeof(char *), "src", "10.0.0.0/8" },
	{ &config_method, sizeof(int), "api", "import" },
	{ &config_on_missing_group, sizeof(int), "default", "fail" },
	{ &config_on_clone, sizeof(int), "refuse", "keep" },
	{ &config_on_duplicate, sizeof(int), "fail", "suffix" },
	{ &config_set_manager, sizeof(int), "yes", "force" },
	{ &config_own_enrollment, sizeof(int), "off", "same" },
};

static const struct type_row *type_of(const struct config_key *key)
{
	for (size_t i = 0; i < COUNT(types); i++)
		if (types[i].type == key->type)
			return &types[i];
	fail_msg("no row for the type of %s.%s", key->section, key->name);
	return types;
}

static const char *value_of(const struct config_key *key)
{
	if (key->type == &config_bool)
		return strcmp(key->default_text, "yes") == 0 ? "no" : "yes";
	return type_of(key)->value;
}

/* Compare a field with that of another configuration by what it means. */
static bool fields_equal(const struct config *a, const struct config *b,
			 const struct config_key *key)
{
	const void *left = (const char *)a + key->offset, *right = (const char *)b + key->offset;
	const struct type_row *row = type_of(key);

	if (key->type->is_list) {
		const struct string_list *x = left, *y = right;

		for (size_t i = 0; i < x->count && x->count == y->count; i++)
			if (strcmp(x->items[i], y->items[i]) != 0)
				return false;
		return x->count == y->count;
	}
	if (row->size == sizeof(char *) && key->type != &config_duration) {
		const char *x = *(char *const *)left, *y = *(char *const *)right;

		return x && y ? strcmp(x, y) == 0 : x == y;
	}
	return memcmp(left, right, row->size) == 0;
}

static void check_only_changed(const struct config *config, const struct config *defaults,
			       const struct config_key *changed)
{
	for (const struct config_key *key = config_keys; key->section; key++)
		if (fields_equal(config, defaults, key) != (key != changed))
			fail_msg("setting %s.%s: %s.%s has %s", changed ? changed->section : "-",
				 changed ? changed->name : "-", key->section, key->name,
				 key == changed ? "not changed" : "changed");
}

static void test_flip_every_key(void **state)
{
	struct config defaults;

	(void)state;
	assert_int_equal(config_init(&defaults), 0);
	for (const struct config_key *key = config_keys; key->section; key++) {
		struct config config;
		struct reason why = { "" };

		assert_int_equal(config_init(&config), 0);
		check_only_changed(&config, &defaults, NULL);
		if (config_set(&config, key->section, key->name, value_of(key), "here", &why) < 0)
			fail_msg("%s", why.text);
		check_only_changed(&config, &defaults, key);

		/* An empty value goes back to the default. */
		check_row(key->name,
			  config_set(&config, key->section, key->name, "", "here", &why) == 0);
		check_only_changed(&config, &defaults, NULL);
		config_clear(&config);
	}
	config_clear(&defaults);
}

/* Every field up to the last key's belongs to exactly one key; what is left over is padding. */
static void test_every_field_has_a_key(void **state)
{
	char covered[sizeof(struct config)] = { 0 };
	size_t gap = 0, end = 0;

	(void)state;
	for (const struct config_key *key = config_keys; key->section; key++) {
		for (size_t i = 0; i < type_of(key)->size; i++) {
			if (covered[key->offset + i]++)
				fail_msg("%s.%s shares its field", key->section, key->name);
		}
		if (key->offset + type_of(key)->size > end)
			end = key->offset + type_of(key)->size;
	}
	for (size_t i = 0; i < end; i++) {
		gap = covered[i] ? 0 : gap + 1;
		if (gap >= sizeof(void *))
			fail_msg("the field at offset %zu has no key", i);
	}
}

static void test_keys_are_unique(void **state)
{
	(void)state;
	for (const struct config_key *a = config_keys; a->section; a++)
		for (const struct config_key *b = a + 1; b->section; b++)
			if (strcmp(a->section, b->section) == 0 && strcmp(a->name, b->name) == 0)
				fail_msg("%s.%s stands twice in the table", a->section, a->name);
}

/* The second value of a list stands behind the first; of anything else it takes its place. */
static void test_second_value(void **state)
{
	(void)state;
	for (const struct config_key *key = config_keys; key->section; key++) {
		struct config once, twice;
		struct reason why;

		if (key->type == &config_bool)
			continue;
		assert_int_equal(config_init(&once), 0);
		assert_int_equal(config_init(&twice), 0);
		assert_int_equal(config_set(&once, key->section, key->name, type_of(key)->other,
					    "here", &why),
				 0);
		assert_int_equal(config_set(&twice, key->section, key->name, value_of(key), "here",
					    &why),
				 0);
		assert_int_equal(config_set(&twice, key->section, key->name, type_of(key)->other,
					    "here", &why),
				 0);
		if (key->type->is_list) {
			const struct string_list *list =
				(const void *)((const char *)&twice + key->offset);

			check_row(key->name, list->count == 2);
			assert_string_equal(list->items[0], value_of(key));
			assert_string_equal(list->items[1], type_of(key)->other);
		} else
			check_row(key->name, fields_equal(&once, &twice, key));
		config_clear(&once);
		config_clear(&twice);
	}
}

/*
 * A value that is refused leaves the one before it alone, and the reason says what was wrong where.
 */
static void test_refused_value_changes_nothing(void **state)
{
	(void)state;
	for (const struct config_key *key = config_keys; key->section; key++) {
		struct config config, same;
		struct reason why = { "" };

		assert_int_equal(config_init(&config), 0);
		assert_int_equal(config_init(&same), 0);
		assert_int_equal(config_set(&config, key->section, key->name, value_of(key), "here",
					    &why),
				 0);
		assert_int_equal(
			config_set(&same, key->section, key->name, value_of(key), "here", &why), 0);
		check_row(key->name, config_set(&config, key->section, key->name, "\x1b bad",
						"file:7", &why) < 0);
		check_only_changed(&config, &same, NULL);
		check_row(key->name,
			  strncmp(why.text, "file:7: ", 8) == 0 && strstr(why.text, key->name));
		check_row(key->name,
			  !strstr(why.text, "\\x1b bad") == key->type->may_hold_secrets &&
				  !strchr(why.text, '\x1b'));
		config_clear(&config);
		config_clear(&same);
	}
}

/* What is like no key gets no advice, whatever the section. */
static void test_keys_like_no_other(void **state)
{
	static const struct {
		const char *assignment, *said;
	} rows[] = {
		{ "manager.frobnicate=a", "here: unknown key 'frobnicate' in [manager]" },
		{ "nowhere.frobnicate=a", "here: unknown key 'frobnicate' in [nowhere]" },
		{ ".frobnicate=a", "here: key 'frobnicate' appears before any section" },
		{ "manager.=a", "here: unknown key '' in [manager]" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct config config;
		struct reason why = { "" };

		assert_int_equal(config_init(&config), 0);
		check_row(rows[i].assignment,
			  config_assign(&config, rows[i].assignment, "here", &why) < 0);
		assert_string_equal(why.text, rows[i].said);
		config_clear(&config);
	}
}

static void test_unknown_keys(void **state)
{
	static const struct {
		const char *assignment, *said;
	} rows[] = {
		{ "manager.adress=a",
		  "here: unknown key 'adress' in [manager]; did you mean address?" },
		{ "manager.Address=a", "did you mean address?" },
		{ "manager.adresses=a", "did you mean address?" },
		{ "tls.verfy=no", "did you mean verify?" },
		{ "tls.verify_peer=no", "did you mean verify" },
		{ "manager.ca_file=/x", "did you mean ca_file in [tls]?" },
		{ "manger.address=a", "did you mean address in [manager]?" },
		{ "auth.password=x", "did you mean password_file?" },
		{ "=x", "SECTION.KEY=VALUE" },
		{ "address=a", "SECTION.KEY=VALUE" },
		{ "manager.address", "SECTION.KEY=VALUE" },
		{ "address=a.b", "SECTION.KEY=VALUE" },
		{ ".address=a", "before any section; did you mean address in [manager]?" },
		{ "manager.=a", "unknown key ''" },
		{ "manager.\x1b[31m=a", "unknown key '\\x1b[31m'" },
		{ "\x1b[31m.verify=no", "in [\\x1b[31m]; did you mean verify in [tls]?" },
		{ "manager.addressaddressaddressaddressaddressaddressaddressaddressaddress"
		  "address=a",
		  "unknown key" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct config config, defaults;
		struct reason why = { "" };

		assert_int_equal(config_init(&config), 0);
		assert_int_equal(config_init(&defaults), 0);
		check_row(rows[i].assignment,
			  config_assign(&config, rows[i].assignment, "here", &why) < 0);
		if (!strstr(why.text, rows[i].said))
			fail_msg("%s: %s", rows[i].assignment, why.text);
		check_row(rows[i].assignment, !strchr(why.text, '\x1b'));
		check_only_changed(&config, &defaults, NULL);
		config_clear(&config);
		config_clear(&defaults);
	}
}

static void test_assign(void **state)
{
	struct config config;
	struct reason why;

	(void)state;
	assert_int_equal(config_init(&config), 0);
	assert_int_equal(config_assign(&config, "tls.ciphers=A=B.C", "here", &why), 0);
	assert_string_equal(config.tls.ciphers, "A=B.C");
	assert_int_equal(config_assign(&config, "tls.ciphers=", "here", &why), 0);
	assert_null(config.tls.ciphers);
	assert_int_equal(config_assign(&config, "manager.address=a.b:9", "here", &why), 0);
	assert_string_equal(config.manager.address.items[0], "a.b:9");
	config_clear(&config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flip_every_key),
		cmocka_unit_test(test_every_field_has_a_key),
		cmocka_unit_test(test_keys_are_unique),
		cmocka_unit_test(test_second_value),
		cmocka_unit_test(test_refused_value_changes_nothing),
		cmocka_unit_test(test_unknown_keys),
		cmocka_unit_test(test_keys_like_no_other),
		cmocka_unit_test(test_assign),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
