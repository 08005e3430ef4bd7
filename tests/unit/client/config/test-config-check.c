/* SPDX-License-Identifier: ISC */
/* The rules over several keys. */
#include "tests/unit/support.h"

#include "client/config/config.h"

#include <errno.h>

#define PIN "tls.pin=sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="

static const struct {
	const char *assignments[5];
	const char *said; /* null: in order */
} rows[] = {
	{ { "tls.ca_file=/ca" }, NULL },
	{ { PIN }, NULL },
	{ { "tls.ca_file=/ca", PIN }, NULL },
	{ { "tls.verify=no" }, NULL },
	{ { "tls.ca_file=/ca", "tls.certificate_file=/c", "tls.private_key_file=/k" }, NULL },
	{ { "tls.ca_file=/ca", "retry.initial=5 min", "retry.max=5 min" }, NULL },
	{ { "tls.ca_file=/ca", "retry.budget=0" }, NULL },
	{ { NULL }, "No way to verify the manager" },
	{ { "manager.address=m.example.org" }, "agent-register pin m.example.org" },
	{ { "tls.verify_name=m" }, "No way to verify the manager" },
	{ { "tls.verify=no", "tls.ca_file=/ca" }, "contradicts ca_file" },
	{ { "tls.verify=no", PIN }, "contradicts pin" },
	{ { "tls.ca_file=/ca", "tls.certificate_file=/c" }, "private_key_file" },
	{ { "tls.ca_file=/ca", "tls.private_key_file=/k" }, "set certificate_file" },
	{ { "tls.ca_file=/ca", "retry.initial=0" }, "initial" },
	{ { "tls.ca_file=/ca", "retry.initial=301 s" }, "initial" },
	{ { "tls.ca_file=/ca", "retry.max=999 ms" }, "initial" },
	{ { "tls.ca_file=/ca", "manager.connect_timeout=0" }, "connect_timeout" },
	{ { "tls.ca_file=/ca", "manager.attempt_timeout=0" }, "attempt_timeout" },
	{ { "tls.ca_file=/ca", "manager.method=api" }, "set api_user in [auth]" },
	{ { "tls.ca_file=/ca", "manager.method=api", "auth.api_user=u" },
	  "set api_password_file in [auth]" },
	{ { "tls.ca_file=/ca", "manager.method=api", "auth.api_password_file=/p" },
	  "set api_user in [auth]" },
	{ { "tls.ca_file=/ca", "manager.method=api", "auth.api_user=u",
	    "auth.api_password_file=/p" },
	  NULL },
	{ { "tls.ca_file=/ca", "manager.method=api", "auth.api_user=u:v",
	    "auth.api_password_file=/p" },
	  "colon" },
	{ { "manager.method=api", "auth.api_user=u", "auth.api_password_file=/p" },
	  "No way to verify the manager" },
	{ { "tls.ca_file=/ca", "manager.method=import" }, "agent-register.client-key" },
	{ { "manager.method=import", "auth.key_file=/k" }, NULL },
	{ { "manager.method=import", "auth.key_file=/k", "tls.verify=no", PIN }, NULL },
	{ { "manager.method=enroll", "auth.token_file=/t" }, NULL },
	{ { "manager.method=enroll", "auth.token_file=/t", PIN, "tls.ca_file=/ca" }, NULL },
	{ { "manager.method=enroll", "auth.token_file=/t", "tls.verify=no" },
	  "contradicts token_file" },
	{ { "manager.method=enroll", "manager.address=m" }, "No way to verify the manager" },
	{ { "manager.method=enroll", "tls.ca_file=/ca", "auth.password_file=/p" }, NULL },
	{ { "tls.ca_file=/ca", "auth.token_file=/t" }, "requires method = enroll" },
	{ { "tls.ca_file=/ca", "manager.proxy=http://p" }, NULL },
	{ { "tls.ca_file=/ca", "manager.proxy=http://u@p", "auth.proxy_password_file=/pp" }, NULL },
	{ { "tls.ca_file=/ca", "auth.proxy_password_file=/pp" }, NULL },
	{ { "tls.ca_file=/ca", "manager.proxy=p:3128", "auth.proxy_password_file=/pp" },
	  "requires a user" },
};

static void assign_all(struct config *config, const char *const *assignments)
{
	struct reason why;

	assert_int_equal(config_init(config), 0);
	for (; *assignments; assignments++)
		if (config_assign(config, *assignments, "here", &why) < 0)
			fail_msg("%s", why.text);
}

static void test_rules(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct config config;
		struct reason why = { "" };
		int r;

		assign_all(&config, rows[i].assignments);
		r = config_check(&config, &why);
		if (rows[i].said ? r != -EINVAL || !strstr(why.text, rows[i].said) : r != 0)
			fail_msg("row %zu: %d, '%s'", i, r, why.text);
		config_clear(&config);
	}
}

static void test_default_port(void **state)
{
	static const struct {
		const char *method, *port;
		int expected;
	} ports[] = {
		{ "authd", "", 1515 }, { "api", "", 55000 }, { "enroll", "", 1517 },
		{ "api", "443", 443 }, { "authd", "9", 9 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(ports); i++) {
		struct config config;

		assert_int_equal(config_init(&config), 0);
		assert_int_equal(
			config_set(&config, "manager", "method", ports[i].method, "here", NULL), 0);
		assert_int_equal(
			config_set(&config, "manager", "port", ports[i].port, "here", NULL), 0);
		assert_int_equal(config_default_port(&config), ports[i].expected);
		config_clear(&config);
	}
}

static void test_has_work(void **state)
{
	static const char *const none[] = { NULL }, *const one[] = { "manager.address=m", NULL },
				 *const token[] = { "manager.method=enroll", "auth.token_file=/t",
						    NULL },
				 *const unused_token[] = { "auth.token_file=/t", NULL },
				 *const no_token[] = { "manager.method=enroll", NULL },
				 *const import[] = { "manager.method=import", NULL },
				 *const taken_back[] = { "manager.address=m",
							 "manager.address=", NULL };
	struct config config;

	(void)state;
	assign_all(&config, none);
	assert_false(config_has_work(&config));
	config_clear(&config);
	assign_all(&config, one);
	assert_true(config_has_work(&config));
	config_clear(&config);
	assign_all(&config, import);
	assert_true(config_has_work(&config));
	config_clear(&config);
	assign_all(&config, token);
	assert_true(config_has_work(&config));
	config_clear(&config);
	assign_all(&config, no_token);
	assert_false(config_has_work(&config));
	config_clear(&config);
	assign_all(&config, unused_token);
	assert_false(config_has_work(&config));
	config_clear(&config);
	assign_all(&config, taken_back);
	assert_false(config_has_work(&config));
	config_clear(&config);
}

/* A list that is too long names the first line that is. */
static void test_many_managers(void **state)
{
	static const struct {
		const char *section, *key;
	} lists[] = { { "manager", "address" }, { "agent", "manager_address" } };
	static const char *const methods[] = { "authd", "import" };

	(void)state;
	for (size_t i = 0; i < COUNT(lists); i++)
		for (size_t k = 0; k < COUNT(methods); k++) {
			struct config config;
			struct reason why = { "" };
			char origin[32], expected[128];

			if (i == 0 && k == 1)
				continue; /* nobody is asked */
			assert_int_equal(config_init(&config), 0);
			assert_int_equal(config_assign(&config, "tls.ca_file=/ca", "x", &why), 0);
			assert_int_equal(config_assign(&config, "auth.key_file=/k", "x", &why), 0);
			assert_int_equal(
				config_set(&config, "manager", "method", methods[k], "x", &why), 0);
			for (int n = 1; n <= CONFIG_MAX_MANAGERS + 2; n++) {
				(void)snprintf(origin, sizeof origin, "a.conf:%d", n);
				assert_int_equal(config_set(&config, lists[i].section, lists[i].key,
							    "m", origin, &why),
						 0);
				check_row(origin, config_check(&config, &why) ==
							  (n > CONFIG_MAX_MANAGERS ? -EINVAL : 0));
			}
			(void)snprintf(expected, sizeof expected,
				       "a.conf:16: more than 15 managers (%s in [%s])",
				       lists[i].key, lists[i].section);
			assert_non_null(strstr(why.text, expected));
			config_clear(&config);
		}
}

/* A person's run has a budget only if somebody has set one; an empty value takes that back. */
static void test_budget_is_set(void **state)
{
	struct config config;

	(void)state;
	assert_int_equal(config_init(&config), 0);
	assert_false(config.budget_is_set);
	assert_int_equal(config_assign(&config, "retry.max=1h", "here", NULL), 0);
	assert_false(config.budget_is_set);
	assert_int_equal(config_assign(&config, "retry.budget=1 s", "here", NULL), 0);
	assert_true(config.budget_is_set);
	assert_int_equal(config_assign(&config, "retry.budget=", "here", NULL), 0);
	assert_false(config.budget_is_set);
	config_clear(&config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),         cmocka_unit_test(test_default_port),
		cmocka_unit_test(test_has_work),      cmocka_unit_test(test_many_managers),
		cmocka_unit_test(test_budget_is_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
