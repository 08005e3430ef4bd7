/* SPDX-License-Identifier: ISC */
/*
 * Several files: drop-ins over the main file, /etc over /run over /usr/lib, and credentials over
 * all.
 */
#include "tests/unit/support.h"

#include "client/config/config.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* The only file that there is in the stores of credentials. */
static const char *stored_credential;

int __real_access(const char *path, int mode);
int __wrap_access(const char *path, int mode);
int __wrap_access(const char *path, int mode)
{
	if (!strstr(path, "/credstore"))
		return __real_access(path, mode);
	if (stored_credential && strcmp(path, stored_credential) == 0)
		return 0;
	errno = ENOENT;
	return -1;
}

/* *state: a directory with usr, run and etc for drop-ins, and credentials. */
static int setup(void **state)
{
	static const char *const names[] = { "usr", "run", "etc", "credentials" };

	if (setup_directory(state) < 0)
		return -1;
	for (size_t i = 0; i < COUNT(names); i++)
		if (mkdir(path_in(*state, names[i]), 0700) < 0)
			return -1;
	return setenv("CREDENTIALS_DIRECTORY", path_in(*state, "credentials"), 1);
}

static int read_layers(void **state, struct config *config, struct reason *why)
{
	const char *const directories[] = { path_in(*state, "usr"), path_in(*state, "run"),
					    path_in(*state, "etc"), NULL };

	assert_int_equal(config_init(config), 0);
	return config_read_layers(config, path_in(*state, "main.conf"), directories, why);
}

static void check_ciphers(void **state, const char *ciphers)
{
	struct config config;
	struct reason why;

	if (read_layers(state, &config, &why) < 0)
		fail_msg("%s", why.text);
	if (ciphers)
		assert_string_equal(config.tls.ciphers, ciphers);
	else
		assert_null(config.tls.ciphers);
	config_clear(&config);
}

static void write_ciphers(void **state, const char *name, const char *ciphers)
{
	char text[128];

	(void)snprintf(text, sizeof text, "[tls]\nciphers = %s\n", ciphers);
	write_text(path_in(*state, name), text);
}

static void test_nothing_has_to_exist(void **state)
{
	check_ciphers(state, NULL);
	assert_int_equal(rmdir(path_in(*state, "usr")), 0);
	assert_int_equal(rmdir(path_in(*state, "run")), 0);
	assert_int_equal(rmdir(path_in(*state, "etc")), 0);
	check_ciphers(state, NULL);
}

static void test_order(void **state)
{
	write_ciphers(state, "main.conf", "main");
	check_ciphers(state, "main");
	write_ciphers(state, "usr/50-a.conf", "usr-50");
	check_ciphers(state, "usr-50");
	/* the name decides, not the directory */
	write_ciphers(state, "etc/10-b.conf", "etc-10");
	check_ciphers(state, "usr-50");
	write_ciphers(state, "run/90-c.conf", "run-90");
	check_ciphers(state, "run-90");
	/* of the same name, the last directory's */
	write_ciphers(state, "usr/90-c.conf", "usr-90");
	check_ciphers(state, "run-90");
	write_ciphers(state, "etc/90-c.conf", "etc-90");
	check_ciphers(state, "etc-90");
	/* an empty one masks */
	write_text(path_in(*state, "etc/90-c.conf"), "");
	check_ciphers(state, "usr-50");
	assert_int_equal(unlink(path_in(*state, "etc/90-c.conf")), 0);
	assert_int_equal(symlink("/dev/null", path_in(*state, "etc/90-c.conf")), 0);
	check_ciphers(state, "usr-50");
}

/* A masked file is not read at all: what is wrong in it is nobody's problem. */
static void test_masked_file_is_not_read(void **state)
{
	write_text(path_in(*state, "usr/90-c.conf"), "[nonsense]\n");
	write_ciphers(state, "etc/90-c.conf", "etc-90");
	check_ciphers(state, "etc-90");
}

static void test_names_that_do_not_count(void **state)
{
	static const char *const names[] = { "etc/90-c.conf~", "etc/90-c.conf.bak",
					     "etc/.90-c.conf", "etc/README",
					     "etc/.conf",      "etc/90-c.Conf",
					     "etc/90conf" };

	write_ciphers(state, "main.conf", "main");
	for (size_t i = 0; i < COUNT(names); i++)
		write_ciphers(state, names[i], names[i]);
	check_ciphers(state, "main");
}

static void test_lists_grow_over_files(void **state)
{
	struct config config;
	struct reason why;

	write_text(path_in(*state, "main.conf"), "[manager]\naddress = a\n");
	write_text(path_in(*state, "run/50.conf"), "[manager]\naddress = b\n");
	assert_int_equal(read_layers(state, &config, &why), 0);
	assert_int_equal(config.manager.address.count, 2);
	config_clear(&config);
	write_text(path_in(*state, "run/50.conf"), "[manager]\naddress =\naddress = b\n");
	assert_int_equal(read_layers(state, &config, &why), 0);
	assert_int_equal(config.manager.address.count, 1);
	assert_string_equal(config.manager.address.items[0], "b");
	config_clear(&config);
}

static void test_faults_name_the_file(void **state)
{
	struct config config;
	struct reason why = { "" };

	write_text(path_in(*state, "run/50.conf"), "[tls]\nverfy = no\n");
	assert_int_equal(read_layers(state, &config, &why), -EINVAL);
	assert_non_null(strstr(why.text, path_in(*state, "run/50.conf:2: ")));
	config_clear(&config);

	assert_int_equal(unlink(path_in(*state, "run/50.conf")), 0);
	write_text(path_in(*state, "main.conf"), "[nonsense]\n");
	assert_int_equal(read_layers(state, &config, &why), -EINVAL);
	assert_non_null(strstr(why.text, path_in(*state, "main.conf:1: ")));
	config_clear(&config);

	/* A file that is there but cannot be read is not the same as no file. */
	assert_int_equal(unlink(path_in(*state, "main.conf")), 0);
	assert_int_equal(mkdir(path_in(*state, "main.conf"), 0700), 0);
	assert_true(read_layers(state, &config, &why) < 0);
	config_clear(&config);
}

/* Where a file stands in the place of a directory, nobody has meant that. */
static void test_no_directory(void **state)
{
	const char *const directories[] = { path_in(*state, "file/drop-ins"), NULL };
	const char *const main_files[] = { path_in(*state, "file/main.conf"),
					   path_in(*state, "none.conf") };

	write_text(path_in(*state, "file"), "");
	for (size_t i = 0; i < COUNT(main_files); i++) {
		struct config config;
		struct reason why = { "" };

		assert_int_equal(config_init(&config), 0);
		assert_int_equal(config_read_layers(&config, main_files[i], directories, &why),
				 -ENOTDIR);
		assert_non_null(strstr(why.text, i == 0 ? main_files[0] : directories[0]));
		config_clear(&config);
	}
}

/* The newest file's time counts: what has changed since is a reason to try again at once. */
static void test_time_of_the_newest_file(void **state)
{
	static const char *const newest[] = { "main.conf", "usr/a.conf", "etc/b.conf" };

	for (size_t i = 0; i < COUNT(newest); i++) {
		struct config config;
		struct reason why;

		for (size_t j = 0; j < COUNT(newest); j++) {
			const struct timespec times[] = { { .tv_sec = j == i ? 2000 : 1000 },
							  { .tv_sec = j == i ? 2000 : 1000 } };

			write_ciphers(state, newest[j], "HIGH");
			assert_int_equal(utimensat(AT_FDCWD, path_in(*state, newest[j]), times, 0),
					 0);
		}
		assert_int_equal(read_layers(state, &config, &why), 0);
		check_row(newest[i], config.changed_at == 2000);
		config_clear(&config);
	}
}

/* ------------------------------------------------------------------ credentials */

static void test_credentials(void **state)
{
	static const struct {
		const char *credential;
		size_t offset;
	} roles[] = {
		{ "agent-register.password", offsetof(struct config, auth.password_file) },
		{ "agent-register.ca", offsetof(struct config, tls.ca_file) },
		{ "agent-register.certificate", offsetof(struct config, tls.certificate_file) },
		{ "agent-register.private-key", offsetof(struct config, tls.private_key_file) },
		{ "agent-register.proxy-password",
		  offsetof(struct config, auth.proxy_password_file) },
		{ "agent-register.api-password", offsetof(struct config, auth.api_password_file) },
		{ "agent-register.token", offsetof(struct config, auth.token_file) },
		{ "agent-register.client-key", offsetof(struct config, auth.key_file) },
	};
	const char *directory = path_in(*state, "credentials");

	for (size_t i = 0; i < COUNT(roles); i++) {
		const char *path = path_in(directory, roles[i].credential);
		struct config config;
		struct reason why;

		write_text(path, "x\n");
		assert_int_equal(config_init(&config), 0);
		check_row(roles[i].credential, config_read_credentials(&config, &why) == 0);
		for (size_t j = 0; j < COUNT(roles); j++) {
			const char *value = *(char **)(void *)((char *)&config + roles[j].offset);

			check_row(roles[i].credential,
				  j == i ? value && strcmp(value, path) == 0 : !value);
		}
		config_clear(&config);
		assert_int_equal(unlink(path), 0);
	}
}

/* The configuration file among them is read first, so that it does not undo the others. */
static void test_credential_configuration(void **state)
{
	const char *directory = path_in(*state, "credentials");
	struct config config;
	struct reason why = { "" };

	write_text(path_in(directory, "agent-register.conf"),
		   "[manager]\naddress = m\n[tls]\nca_file = /elsewhere\n");
	assert_int_equal(config_init(&config), 0);
	assert_int_equal(config_read_credentials(&config, &why), 0);
	assert_string_equal(config.manager.address.items[0], "m");
	assert_string_equal(config.tls.ca_file, "/elsewhere");
	config_clear(&config);

	write_text(path_in(directory, "agent-register.ca"), "x");
	assert_int_equal(config_init(&config), 0);
	assert_int_equal(config_read_credentials(&config, &why), 0);
	assert_string_equal(config.tls.ca_file, path_in(directory, "agent-register.ca"));
	config_clear(&config);

	write_text(path_in(directory, "agent-register.conf"), "[manager]\nadress = m\n");
	assert_int_equal(config_init(&config), 0);
	assert_int_equal(config_read_credentials(&config, &why), -EINVAL);
	assert_non_null(strstr(why.text, "agent-register.conf:2"));
	config_clear(&config);
}

/* The time of systemd's copy says nothing about when somebody changed it. */
static void test_time_of_a_credential(void **state)
{
	struct config config;
	struct reason why;

	write_text(path_in(*state, "credentials/agent-register.conf"), "[tls]\nciphers = HIGH\n");
	assert_int_equal(config_init(&config), 0);
	config.changed_at = 1000;
	assert_int_equal(config_read_credentials(&config, &why), 0);
	assert_string_equal(config.tls.ciphers, "HIGH");
	assert_int_equal(config.changed_at, 1000);
	config_clear(&config);
}

static void test_what_is_a_credential(void **state)
{
	char text[4096];

	(void)snprintf(text, sizeof text, "%s/token", getenv("CREDENTIALS_DIRECTORY"));
	assert_true(config_is_credential(text));
	(void)snprintf(text, sizeof text, "%s-of-mine/token", getenv("CREDENTIALS_DIRECTORY"));
	assert_false(config_is_credential(text));
	assert_false(config_is_credential(path_in(*state, "token")));
	assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
	assert_false(config_is_credential("/token"));
}

/* Only what is stored where systemd looks for it, but was not there when this unit was started. */
static void test_late_credentials(void **state)
{
	static const char *const stores[] = { "/etc/credstore", "/etc/credstore.encrypted",
					      "/run/credstore", "/run/credstore.encrypted" };
	char path[64];

	assert_null(config_late_credential());
	for (size_t i = 0; i < COUNT(stores); i++) {
		const char *handed = path_in(*state, "credentials/agent-register.token");

		(void)snprintf(path, sizeof path, "%s/agent-register.token", stores[i]);
		stored_credential = path;
		check_row(path,
			  strcmp(config_late_credential() ?: "", "agent-register.token") == 0);
		write_text(handed, "x");
		check_row(path, !config_late_credential());
		assert_int_equal(unlink(handed), 0);
		assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
		check_row(path, config_late_credential());
		assert_int_equal(setenv("CREDENTIALS_DIRECTORY", path_in(*state, "credentials"), 1),
				 0);
	}
	stored_credential = "/etc/credstore/something.else";
	assert_null(config_late_credential());
	stored_credential = NULL;
}

/* Not wherever the program happens to be started. */
static void test_relative_credentials(void **state)
{
	int before = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct config config;
	struct reason why;

	write_text(path_in(*state, "credentials/agent-register.ca"), "x");
	assert_int_equal(chdir(*state), 0);
	assert_int_equal(setenv("CREDENTIALS_DIRECTORY", "credentials", 1), 0);
	assert_int_equal(config_init(&config), 0);
	assert_int_equal(config_read_credentials(&config, &why), 0);
	assert_null(config.tls.ca_file);
	config_clear(&config);
	assert_int_equal(fchdir(before), 0);
	close(before);
}

static void test_no_credentials(void **state)
{
	struct config config;
	struct reason why;

	(void)state;
	assert_int_equal(config_init(&config), 0);
	assert_int_equal(config_read_credentials(&config, &why), 0);
	assert_null(config.tls.ca_file);
	assert_int_equal(setenv("CREDENTIALS_DIRECTORY", "relative", 1), 0);
	assert_int_equal(config_read_credentials(&config, &why), 0);
	assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
	assert_int_equal(config_read_credentials(&config, &why), 0);
	assert_null(config.tls.ca_file);
	config_clear(&config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_nothing_has_to_exist, setup,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_order, setup, teardown_directory),
		cmocka_unit_test_setup_teardown(test_masked_file_is_not_read, setup,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_names_that_do_not_count, setup,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_lists_grow_over_files, setup,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_faults_name_the_file, setup,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_no_directory, setup, teardown_directory),
		cmocka_unit_test_setup_teardown(test_credentials, setup, teardown_directory),
		cmocka_unit_test_setup_teardown(test_credential_configuration, setup,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_time_of_the_newest_file, setup,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_time_of_a_credential, setup,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_what_is_a_credential, setup,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_late_credentials, setup, teardown_directory),
		cmocka_unit_test_setup_teardown(test_relative_credentials, setup,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_no_credentials, setup, teardown_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
