/* SPDX-License-Identifier: ISC */
/* Registrations own their texts, and say for whom they are. */
#include "tests/unit/support.h"

#include "registrar/registry/agent-registration.h"

static struct authd_field field(const char *text)
{
	return (struct authd_field){ text, text ? strlen(text) : 0 };
}

static void assert_field(struct authd_field actual, const char *expected)
{
	assert_int_equal(actual.length, strlen(expected));
	assert_memory_equal(actual.text, expected, actual.length);
}

static void test_copy(void **state)
{
	char name[] = "web-01", rest[] = "rest", key[] = "key";
	const struct agent_registration original = {
		.way = REGISTRATION_BY_API,
		.peer = { .address = "192.0.2.1", .text = "192.0.2.1 port 40000" },
		.token = "token",
		.force = { .enabled = true, .after_registration_time = 3600 },
		.fields = { .name = field(name),
			    .version = field("v4.7.0"),
			    .groups = field(""),
			    .ip = field(NULL),
			    .key_hash = field("hash"),
			    .rest = field(rest) },
		.id = field("007"),
		.key = field(key),
	};
	struct agent_registration *copy = agent_registration_copy(&original);

	(void)state;
	assert_non_null(copy);
	memset(name, 'x', sizeof name);
	memset(key, 'x', sizeof key);
	assert_field(copy->fields.name, "web-01");
	assert_field(copy->fields.version, "v4.7.0");
	assert_field(copy->fields.groups, ""); /* given, and empty */
	assert_null(copy->fields.ip.text);
	assert_field(copy->fields.key_hash, "hash");
	assert_null(copy->fields.rest.text);
	assert_field(copy->id, "007");
	assert_field(copy->key, "key");
	assert_int_equal(copy->text_length, strlen("web-01v4.7.0hash007key"));
	assert_int_equal(copy->way, REGISTRATION_BY_API);
	assert_string_equal(copy->peer.address, "192.0.2.1");
	assert_string_equal(copy->token, "token");
	assert_true(copy->force.enabled);
	assert_int_equal(copy->force.after_registration_time, 3600);
	agent_registration_free(copy);
	agent_registration_free(NULL);
}

static void test_client(void **state)
{
	static const struct {
		enum registration_way way;
		const char *client;
	} rows[] = {
		{ REGISTRATION_BY_AUTHD, "192.0.2.1 port 40000" },
		{ REGISTRATION_BY_ENROLL, "192.0.2.1 port 40000 (enrolling)" },
		{ REGISTRATION_BY_API, "192.0.2.1 port 40000 (user admin of the API)" },
	};
	struct agent_registration registration = {
		.peer = { .text = "192.0.2.1 port 40000" },
	};
	char buffer[AGENT_REGISTRATION_CLIENT_SIZE];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		registration.way = rows[i].way;
		assert_string_equal(agent_registration_client(&registration, "admin", buffer),
				    rows[i].client);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_copy),
		cmocka_unit_test(test_client),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
