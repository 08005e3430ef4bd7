/* SPDX-License-Identifier: ISC */
/* Who asks, and what speaking with clients takes, reads the same at the other end. */
#include "tests/unit/support.h"

#include "tests/unit/registrar/registry/wire-fixture.h"

#include <errno.h>

/* ------------------------------------------------------------------ who asks */

static void test_login_request(void **state)
{
	struct login_request *sent = login_request_new(&wire_admin.client, 7, "a:b", "");
	struct registry_request request = { .type = REGISTRY_LOGIN, .login = sent };
	const struct login_request *read = wire_pass_request(&request, 0);
	size_t length;

	(void)state;
	assert_string_equal(read->client.text, "192.0.2.1 port 40000");
	assert_int_equal(read->failures, 7);
	assert_string_equal(read->user, "a:b");
	assert_string_equal(read->password, "");
	length = registry_wire_request(wire_packet, 1, 0, &request);
	assert_int_equal(wire_read_request(length), 0);
	wire_packet[0]--; /* the last byte of a length is missing */
	assert_int_equal(wire_read_request(length - 1), -EBADMSG);
	registry_request_clear(&request);
	request.login = read;
	registry_request_clear(&request);
}

static void test_session_request(void **state)
{
	static const enum registry_type types[] = { REGISTRY_SESSION, REGISTRY_LOGOUT };

	(void)state;
	for (size_t i = 0; i < COUNT(types); i++) {
		struct registry_request request = { .type = types[i], .session = &wire_admin };

		assert_string_equal(registry_request_token(&request), "token");
		request.session = wire_pass_request(&request, 0);
		wire_assert_user(request.session);
		registry_request_clear(&request);
	}
}

static const struct enroll_bearer bearer = {
	.key_id = "001", .made = UINT64_MAX, .nonce = "nonce", .mac = "mac"
};

static void test_bearer_request(void **state)
{
	const struct bearer_request sent = { .client = wire_admin.client, .bearer = bearer };
	struct registry_request request = { .type = REGISTRY_BEARER, .bearer = &sent };

	(void)state;
	assert_null(registry_request_token(&request));
	request.bearer = wire_pass_request(&request, 0);
	assert_string_equal(request.bearer->client.text, "192.0.2.1 port 40000");
	assert_memory_equal(&request.bearer->bearer, &bearer, sizeof bearer);
	registry_request_clear(&request);
}

/* ------------------------------------------------------------------ answers */

static void test_login_answer(void **state)
{
	struct registry_answer sent = { .type = REGISTRY_LOGIN,
					.login = { .fault = LOGIN_OK, .token = "token" } },
			       read;

	(void)state;
	assert_int_equal(wire_pass_answer(&read, &sent), 0);
	assert_string_equal(read.login.token, "token");
	sent.outcome = REGISTRY_FAILED;
	assert_int_equal(wire_pass_answer(&read, &sent), -EBADMSG);
	sent.outcome = REGISTRY_DECIDED;
	sent.login.fault = LOGIN_WRONG;
	sent.login.is_user = true;
	assert_int_equal(wire_pass_answer(&read, &sent), 0);
	assert_int_equal(read.login.fault, LOGIN_WRONG);
	assert_true(read.login.is_user);
	assert_string_equal(read.login.token, "");
}

static void test_session_answer(void **state)
{
	struct registry_answer sent = { .type = REGISTRY_SESSION, .session = { "admin" } }, read;
	const struct registry_request request = { .type = REGISTRY_SESSION };

	(void)state;
	assert_int_equal(wire_pass_answer(&read, &sent), 0);
	assert_string_equal(read.session.user, "admin");
	sent.outcome = REGISTRY_DENIED;
	assert_int_equal(wire_pass_answer(&read, &sent), -EBADMSG);
	registry_answer_fail(&sent, &request, REGISTRY_DENIED);
	assert_int_equal(wire_pass_answer(&read, &sent), 0);
	assert_int_equal(read.outcome, REGISTRY_DENIED);
	assert_string_equal(read.session.user, "");
}

static void test_bearer_answer(void **state)
{
	struct registry_answer sent = { .type = REGISTRY_BEARER }, read;

	(void)state;
	for (int fault = BEARER_OK; fault <= BEARER_STALE; fault++) {
		sent.bearer.fault = (enum bearer_fault)fault;
		assert_int_equal(wire_pass_answer(&read, &sent), 0);
		assert_int_equal(read.bearer.fault, fault);
	}
	sent.outcome = REGISTRY_BUSY;
	assert_int_equal(wire_pass_answer(&read, &sent), -EBADMSG);
}

static void test_material(void **state)
{
	char certificate[] = "/etc/certificate", content[] = "a\nb", key[] = "/etc/key",
	     empty[] = "", password[] = "secret";
	const struct registry_request request = { .type = REGISTRY_MATERIAL };
	struct registry_answer sent = {
		.type = REGISTRY_MATERIAL,
		.material.material = { .certificate = { certificate, content, 3 },
				       .private_key = { key, empty, 0 },
				       .password = { password, 6 },
				       .dialect = DIALECT_WAZUH },
	}, read;
	const struct material *material = &read.material.material;
	char *large = test_malloc(REGISTRY_PACKET_MAX);

	(void)state;
	assert_null(wire_pass_request(&request, 0));
	assert_int_equal(wire_pass_answer(&read, &sent), 0);
	assert_string_equal(material->certificate.path, "/etc/certificate");
	assert_string_equal(material->certificate.bytes, "a\nb");
	assert_int_equal(material->certificate.length, 3);
	assert_string_equal(material->private_key.bytes, "");
	assert_null(material->client_ca.path);
	assert_null(material->ciphers);
	assert_string_equal(material->password.text, "secret");
	assert_int_equal(material->password.length, 6);
	assert_int_equal(material->dialect, DIALECT_WAZUH);
	registry_answer_clear(&read);
	assert_null(material->certificate.bytes);
	/* What was not decided has none of it, and what is too large is not sent. */
	sent.outcome = REGISTRY_FAILED;
	assert_int_equal(wire_pass_answer(&read, &sent), -EBADMSG);
	sent.outcome = REGISTRY_DECIDED;
	memset(large, 'x', REGISTRY_PACKET_MAX);
	sent.material.material.client_ca = (struct material_file){ key, large, 100000 };
	assert_int_equal(wire_pass_answer(&read, &sent), 0);
	assert_memory_equal(material->client_ca.bytes, large, 100000);
	registry_answer_clear(&read);
	sent.material.material.client_ca.length = REGISTRY_PACKET_MAX;
	assert_int_equal(registry_wire_answer(wire_packet, 1, &sent), 0);
	test_free(large);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_login_request),  cmocka_unit_test(test_session_request),
		cmocka_unit_test(test_bearer_request), cmocka_unit_test(test_login_answer),
		cmocka_unit_test(test_session_answer), cmocka_unit_test(test_bearer_answer),
		cmocka_unit_test(test_material),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
