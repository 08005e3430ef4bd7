/* SPDX-License-Identifier: ISC */
/*
 * The shipped agent-register.conf: every key, commented out, at its default, in its section, and
 * nothing else.
 */
#include "tests/unit/support.h"

#include "client/config/config.h"

static FILE *open_shipped(void)
{
	const char *data = getenv("TEST_DATA");
	FILE *file;

	assert_non_null(data);
	file = fopen(path_in(data, "../../etc/agent-register.conf"), "re");
	assert_non_null(file);
	return file;
}

/* Split "#KEY = VALUE" in place; false for anything else. */
static bool split_setting(char *line, char **ret_name, char **ret_value)
{
	char *equals = strchr(line, '=');

	if (line[0] != '#' || line[1] == ' ' || line[1] == '\0' || !equals || equals[-1] != ' ')
		return false;
	equals[-1] = '\0';
	*ret_name = line + 1;
	*ret_value = equals + 1 + (equals[1] == ' ');
	return true;
}

static size_t find(const char *section, const char *name)
{
	size_t i = 0;

	for (; config_keys[i].section; i++)
		if (strcmp(config_keys[i].section, section) == 0 &&
		    strcmp(config_keys[i].name, name) == 0)
			return i;
	fail_msg("[%s] %s is no key", section, name);
	return i;
}

static void test_every_key_once_at_its_default(void **state)
{
	char line[512], section[64] = "", *name, *value;
	unsigned seen[256] = { 0 };
	FILE *file = open_shipped();

	(void)state;
	while (fgets(line, sizeof line, file)) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '\0' || strcmp(line, "#") == 0 || strncmp(line, "# ", 2) == 0)
			continue;
		if (sscanf(line, "[%63[a-z]]", section) == 1)
			continue;
		if (!split_setting(line, &name, &value)) {
			fail_msg("neither comment, section nor '#key = default': %s", line);
			continue;
		}
		if (strcmp(value, config_keys[find(section, name)].default_text) != 0)
			fail_msg("[%s] %s is '%s', but its default is '%s'", section, name, value,
				 config_keys[find(section, name)].default_text);
		seen[find(section, name)]++;
	}
	(void)fclose(file);
	for (size_t i = 0; config_keys[i].section; i++)
		if (seen[i] != 1)
			fail_msg("[%s] %s stands %u times in the file", config_keys[i].section,
				 config_keys[i].name, seen[i]);
}

/* Taking the marks off the settings gives a file that reads and changes nothing. */
static void test_uncommented(void **state)
{
	char line[512], *text = NULL, *name, *value;
	size_t length;
	FILE *file = open_shipped(), *stream = open_memstream(&text, &length);
	struct config config;
	struct reason why = { "" };

	(void)state;
	while (fgets(line, sizeof line, file)) {
		line[strcspn(line, "\n")] = '\0';
		if (split_setting(line, &name, &value))
			(void)fprintf(stream, "%s = %s\n", name, value);
		else
			(void)fprintf(stream, "%s\n", line);
	}
	(void)fclose(file);
	(void)fclose(stream);

	file = fmemopen(text, length, "r");
	assert_int_equal(config_init(&config), 0);
	if (config_read(&config, file, "uncommented", &why) < 0)
		fail_msg("%s", why.text);
	assert_true(config.tls.verify);
	assert_int_equal(config.manager.address.count, 0);
	assert_int_equal(config_default_port(&config), 1515);
	(void)fclose(file);
	free(text);
	config_clear(&config);
}

static void test_as_shipped(void **state)
{
	struct config config;
	struct reason why = { "" };
	FILE *file = open_shipped();

	(void)state;
	assert_int_equal(config_init(&config), 0);
	if (config_read(&config, file, "as shipped", &why) < 0)
		fail_msg("%s", why.text);
	(void)fclose(file);
	assert_false(config_has_work(&config));
	config_clear(&config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_key_once_at_its_default),
		cmocka_unit_test(test_uncommented),
		cmocka_unit_test(test_as_shipped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
