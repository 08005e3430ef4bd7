/* SPDX-License-Identifier: ISC */
/* What front and keeper say reads the same at the other end, and nothing else is read. */
#include "tests/unit/support.h"

#include "tests/unit/registrar/registry/wire-fixture.h"

#include <errno.h>

#define KEY "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"

/* In a request: of the type of what is asked, and of the way of a registration. */
#define TYPE_PLACE (PACKET_HEADER_SIZE + sizeof(uint64_t))
#define WAY_PLACE (TYPE_PLACE + 1)
#define PACKET_NUMBER_PLACE (2 * sizeof(uint32_t)) /* in any packet */

static struct authd_field field(const char *text)
{
	return (struct authd_field){ text, text ? strlen(text) : 0 };
}

static void assert_same_field(const struct authd_field *a, const struct authd_field *b)
{
	assert_int_equal(a->text != NULL, b->text != NULL);
	assert_int_equal(a->length, b->length);
	if (a->text)
		assert_memory_equal(a->text, b->text, a->length);
}

static struct agent_registration example(enum registration_way way)
{
	return (struct agent_registration){
		.way = way,
		.peer = { .address = "192.0.2.1", .text = "192.0.2.1 port 40000", .port = 40000 },
		.fields = { .name = field("web-01"), .groups = field("a,b"), .ip = field("") },
	};
}

static size_t write_registration(uint64_t number, uint64_t patience,
				 const struct agent_registration *registration)
{
	const struct registry_request request = {
		.type = REGISTRY_REGISTER,
		.registration = registration,
	};

	return registry_wire_request(wire_packet, number, patience, &request);
}

static struct agent_registration *pass_on(const struct agent_registration *registration,
					  uint64_t patience)
{
	const struct registry_request request = {
		.type = REGISTRY_REGISTER,
		.registration = registration,
	};

	return (void *)wire_pass_request(&request, patience);
}

static void test_registration(void **state)
{
	static const char *const addresses[] = { "192.0.2.1", "2001:db8::1", "::" };
	struct agent_registration sent = example(REGISTRATION_BY_AUTHD), *read;

	(void)state;
	sent.fault = AUTHD_REQUEST_OPEN_IP;
	for (size_t i = 0; i < COUNT(addresses); i++) {
		(void)snprintf(sent.peer.address, sizeof sent.peer.address, "%s", addresses[i]);
		(void)snprintf(sent.peer.text, sizeof sent.peer.text, "%s port 40000",
			       addresses[i]);
		read = pass_on(&sent, i == 0 ? 0 : UINT64_MAX);
		assert_int_equal(read->way, REGISTRATION_BY_AUTHD);
		assert_string_equal(read->peer.address, sent.peer.address);
		assert_string_equal(read->peer.text, sent.peer.text);
		assert_int_equal(read->peer.port, 40000);
		assert_same_field(&read->fields.name, &sent.fields.name);
		assert_same_field(&read->fields.version, &sent.fields.version);
		assert_same_field(&read->fields.groups, &sent.fields.groups);
		assert_same_field(&read->fields.ip, &sent.fields.ip);
		assert_same_field(&read->fields.key_hash, &sent.fields.key_hash);
		assert_int_equal(read->fault, AUTHD_REQUEST_OPEN_IP);
		agent_registration_free(read);
	}
}

/* Id, key and whom it replaces are for users of the API, and for nobody else. */
static void test_by_api(void **state)
{
	struct agent_registration sent = example(REGISTRATION_BY_API), *read;

	(void)state;
	(void)snprintf(sent.token, sizeof sent.token, "token");
	sent.id = field("007");
	sent.key = field(KEY);
	sent.force = (struct registration_force){ true, true, 3600, UINT32_MAX };
	read = pass_on(&sent, 1);
	assert_string_equal(read->token, "token");
	assert_same_field(&read->id, &sent.id);
	assert_same_field(&read->key, &sent.key);
	assert_true(read->force.enabled && read->force.check_disconnected);
	assert_int_equal(read->force.disconnected_time, 3600);
	assert_int_equal(read->force.after_registration_time, UINT32_MAX);
	agent_registration_free(read);
	sent.way = REGISTRATION_BY_ENROLL;
	read = pass_on(&sent, 1);
	assert_int_equal(read->way, REGISTRATION_BY_ENROLL);
	assert_string_equal(read->token, "");
	assert_null(read->id.text);
	assert_null(read->key.text);
	assert_false(read->force.enabled);
	agent_registration_free(read);
}

/* The bearer goes with who enrolls, and with nobody else. */
static void test_by_enroll(void **state)
{
	static const struct enroll_bearer bearer = {
		.key_id = "001", .made = UINT64_MAX, .nonce = "nonce", .mac = "mac"
	};
	struct agent_registration sent = example(REGISTRATION_BY_ENROLL), *read;
	const struct enroll_bearer none = { .made = 0 };

	(void)state;
	sent.bearer = bearer;
	read = pass_on(&sent, 0);
	assert_memory_equal(&read->bearer, &bearer, sizeof bearer);
	agent_registration_free(read);
	sent.way = REGISTRATION_BY_AUTHD;
	read = pass_on(&sent, 0);
	assert_memory_equal(&read->bearer, &none, sizeof none);
	agent_registration_free(read);
}

static void test_bad_registrations(void **state)
{
	struct agent_registration sent = example(REGISTRATION_BY_API);
	size_t length;

	(void)state;
	/* The longest token there can be, and something behind it. */
	memset(sent.token, 'x', sizeof sent.token - 1);
	length = write_registration(1, 0, &sent);
	assert_int_equal(wire_read_request(length), 0);
	wire_packet[0]++;
	assert_int_equal(wire_read_request(length + 1), -EBADMSG);
	sent = example(REGISTRATION_BY_AUTHD);
	length = write_registration(1, 0, &sent);
	assert_int_equal(wire_read_request(length), 0);
	wire_packet[WAY_PLACE] = REGISTRATION_BY_API + 1;
	assert_int_equal(wire_read_request(length), -EBADMSG);
	wire_packet[WAY_PLACE] = REGISTRATION_BY_API; /* whose part is missing */
	assert_int_equal(wire_read_request(length), -EBADMSG);
	/* What has no name is not for the registry. */
	wire_packet[WAY_PLACE] = REGISTRATION_BY_AUTHD;
	wire_packet[length - 1] = AUTHD_REQUEST_MALFORMED;
	assert_int_equal(wire_read_request(length), -EBADMSG);
	wire_packet[length - 1] = AUTHD_REQUEST_OK;
	/* Something behind the last field. */
	wire_packet[0]++;
	assert_int_equal(wire_read_request(length + 1), -EBADMSG);
}

/* The longest request that authd takes fits; what is longer than a packet is not sent. */
static void test_long_registration(void **state)
{
	char *groups = test_malloc(REGISTRY_PACKET_MAX);
	struct agent_registration sent = example(REGISTRATION_BY_AUTHD), *read;

	(void)state;
	memset(groups, 'g', REGISTRY_PACKET_MAX);
	sent.fields.groups = (struct authd_field){ groups, 65536 + 4096 };
	read = pass_on(&sent, 0);
	assert_same_field(&read->fields.groups, &sent.fields.groups);
	agent_registration_free(read);
	sent.fields.groups.length++;
	assert_int_equal(wire_read_request(write_registration(1, 0, &sent)), -EBADMSG);
	sent.fields.groups.length = REGISTRY_PACKET_MAX;
	assert_int_equal(write_registration(1, 0, &sent), 0);
	test_free(groups);
}

/* ------------------------------------------------------------------ what users ask */

static void test_key_request(void **state)
{
	const struct key_request sent = { .user = wire_admin, .id = "00000001" };
	struct registry_request request = { .type = REGISTRY_KEY, .key = &sent };
	const struct key_request *read = wire_pass_request(&request, 0);

	(void)state;
	wire_assert_user(&read->user);
	assert_string_equal(read->id, "00000001");
	request.key = read;
	registry_request_clear(&request);
	assert_null(request.content);
}

static void test_join_request(void **state)
{
	struct join_request sent = { .user = wire_admin, .id = "001", .alone = true };
	struct registry_request request = { .type = REGISTRY_JOIN, .join = &sent };
	const struct join_request *read;

	(void)state;
	memset(sent.group, 'g', GROUP_NAME_MAX);
	read = wire_pass_request(&request, UINT64_MAX);
	wire_assert_user(&read->user);
	assert_string_equal(read->id, "001");
	assert_string_equal(read->group, sent.group);
	assert_true(read->alone);
	request.join = read;
	registry_request_clear(&request);
}

/* There is nothing behind the last field, and no other type. */
static void test_bad_requests(void **state)
{
	const struct join_request sent = { .user = wire_admin, .id = "001", .group = "web" };
	const struct registry_request request = { .type = REGISTRY_JOIN, .join = &sent };
	size_t length = registry_wire_request(wire_packet, 1, 0, &request);

	(void)state;
	assert_int_equal(wire_read_request(length), 0);
	wire_packet[length - 1] = 2; /* alone */
	assert_int_equal(wire_read_request(length), -EBADMSG);
	wire_packet[length - 1] = 1;
	wire_packet[0]++;
	assert_int_equal(wire_read_request(length + 1), -EBADMSG);
	wire_packet[0]--;
	wire_packet[TYPE_PLACE] = REGISTRY_KEY;
	assert_int_equal(wire_read_request(length), -EBADMSG);
	wire_packet[TYPE_PLACE] = REGISTRY_TYPES;
	assert_int_equal(wire_read_request(length), -EBADMSG);
}

/* ------------------------------------------------------------------ answers */

static void test_answers(void **state)
{
	const struct registry_answer accepted = {
		.decision = { .fault = REGISTRATION_OK,
			      .agent = { "001", "web-01", "192.0.2.0/255.255.255.0", KEY },
			      .shown_ip = "192.0.2.0/24" },
	};
	struct registry_answer sent = accepted, read;

	(void)state;
	assert_int_equal(wire_pass_answer(&read, &sent), 0);
	assert_int_equal(read.type, REGISTRY_REGISTER);
	assert_int_equal(read.outcome, REGISTRY_DECIDED);
	assert_int_equal(read.decision.fault, REGISTRATION_OK);
	assert_true(agent_key_equal(&read.decision.agent, &accepted.decision.agent));
	assert_string_equal(read.decision.shown_ip, "192.0.2.0/24");
	/* What was not decided grants nothing, and is refused for no other reason. */
	sent.outcome = REGISTRY_BUSY;
	assert_int_equal(wire_pass_answer(&read, &sent), -EBADMSG);
	sent.decision = (struct registration_decision){ .fault = REGISTRATION_NAME_TAKEN };
	assert_int_equal(wire_pass_answer(&read, &sent), -EBADMSG);
	assert_int_equal(read.outcome, REGISTRY_DECIDED); /* not written */
	sent.outcome = REGISTRY_DECIDED;
	memset(sent.decision.refusal, 'x', sizeof sent.decision.refusal - 1);
	assert_int_equal(wire_pass_answer(&read, &sent), 0);
	assert_int_equal(read.decision.fault, REGISTRATION_NAME_TAKEN);
	assert_string_equal(read.decision.refusal, sent.decision.refusal);
}

static void test_key_answer(void **state)
{
	struct registry_answer sent = {
		.type = REGISTRY_KEY,
		.key = { .fault = KEY_OK, .agent = { "001", "web-01", "any", KEY } },
	}, read;

	(void)state;
	assert_int_equal(wire_pass_answer(&read, &sent), 0);
	assert_int_equal(read.type, REGISTRY_KEY);
	assert_true(agent_key_equal(&read.key.agent, &sent.key.agent));
	sent.outcome = REGISTRY_FAILED;
	assert_int_equal(wire_pass_answer(&read, &sent), -EBADMSG);
	sent.outcome = REGISTRY_DECIDED;
	sent.key.fault = KEY_ABSENT; /* then there is no key in it */
	assert_int_equal(wire_pass_answer(&read, &sent), 0);
	assert_int_equal(read.key.fault, KEY_ABSENT);
	assert_string_equal(read.key.agent.key, "");
	registry_answer_clear(&sent);
	assert_string_equal(sent.key.agent.key, "");
}

static void test_join_answer(void **state)
{
	struct registry_answer sent = { .type = REGISTRY_JOIN }, read;

	(void)state;
	for (int fault = JOIN_OK; fault <= JOIN_INTERNAL; fault++) {
		sent.join.fault = (enum join_fault)fault;
		assert_int_equal(wire_pass_answer(&read, &sent), 0);
		assert_int_equal(read.join.fault, fault);
	}
	sent.join.fault = JOIN_MEMBER;
	sent.outcome = REGISTRY_BUSY;
	assert_int_equal(wire_pass_answer(&read, &sent), -EBADMSG);
}

/* Whatever was asked: there is an answer to it when nothing could be decided. */
static void test_failures(void **state)
{
	const struct agent_registration registration = example(REGISTRATION_BY_AUTHD);
	struct registry_answer sent, read;

	(void)state;
	for (int type = 0; type < REGISTRY_TYPES; type++) {
		const struct registry_request request = {
			.type = (enum registry_type)type,
			.registration = type == REGISTRY_REGISTER ? &registration : NULL,
		};

		registry_answer_fail(&sent, &request, REGISTRY_FAILED);
		assert_int_equal(wire_pass_answer(&read, &sent), 0);
		assert_int_equal(read.type, type);
		assert_int_equal(read.outcome, REGISTRY_FAILED);
		registry_answer_clear(&read);
	}
	assert_string_equal(registration.fields.name.text, "web-01");
}

static void test_greeting(void **state)
{
	struct packet_header header =
		wire_find(registry_wire_hello(wire_packet, REGISTRY_PACKET_HELLO));

	(void)state;
	assert_int_equal(header.type, REGISTRY_PACKET_HELLO);
	assert_true(registry_wire_is_our_version(wire_packet, &header));
	wire_packet[PACKET_HEADER_SIZE]++;
	assert_false(registry_wire_is_our_version(wire_packet, &header));
	header = wire_find(registry_wire_withdraw(wire_packet, 3));
	assert_true(header.number == 3);
	assert_true(registry_wire_is_empty(&header));
	assert_false(registry_wire_is_our_version(wire_packet, &header));
}

static int read_news(enum registry_news *ret, size_t length)
{
	struct packet_header header = wire_find(length);
	struct reason why;

	return registry_wire_read_news(ret, &why, wire_packet, &header);
}

/* Nobody has asked for news. */
static void test_news(void **state)
{
	enum registry_news news = REGISTRY_NEWS_RELOAD;
	size_t length = registry_wire_news(wire_packet, REGISTRY_NEWS_CLOSING, NULL);

	(void)state;
	assert_int_equal(read_news(&news, length), 0);
	assert_int_equal(news, REGISTRY_NEWS_CLOSING);
	wire_packet[PACKET_NUMBER_PLACE] = 1;
	assert_int_equal(read_news(&news, length), -EBADMSG);
	wire_packet[PACKET_NUMBER_PLACE] = 0;
	wire_packet[PACKET_HEADER_SIZE] = REGISTRY_NEWS_PING; /* which has no text */
	assert_int_equal(read_news(&news, length), -EBADMSG);
	length = registry_wire_news(wire_packet, REGISTRY_NEWS_PING, NULL);
	assert_int_equal(read_news(&news, length), 0);
	assert_int_equal(news, REGISTRY_NEWS_PING);
	wire_packet[PACKET_HEADER_SIZE]++; /* of no kind */
	assert_int_equal(read_news(&news, length), -EBADMSG);
	wire_packet[PACKET_HEADER_SIZE] = REGISTRY_NEWS_RELOAD;
	wire_packet[0]++;
	assert_int_equal(read_news(&news, length + 1), -EBADMSG);
	assert_int_equal(news, REGISTRY_NEWS_PING);
}

static void test_why_closing(void **state)
{
	size_t length = registry_wire_news(wire_packet, REGISTRY_NEWS_CLOSING, "another runs");
	struct packet_header header = wire_find(length);
	enum registry_news news;
	struct reason why;
	char text[sizeof why.text + 1];

	(void)state;
	assert_int_equal(registry_wire_read_news(&news, &why, wire_packet, &header), 0);
	assert_string_equal(why.text, "another runs");
	memset(text, 'x', sizeof text - 1); /* a reason has less */
	text[sizeof text - 1] = '\0';
	length = registry_wire_news(wire_packet, REGISTRY_NEWS_CLOSING, text);
	header = wire_find(length);
	assert_int_equal(registry_wire_read_news(&news, &why, wire_packet, &header), -EBADMSG);
}

static void test_report(void **state)
{
	const struct front_report sent = { true, true, 15, 1, 2, UINT64_MAX, 4 };
	size_t length = registry_wire_report(wire_packet, &sent);
	struct packet_header header = wire_find(length);
	struct front_report read;

	(void)state;
	assert_int_equal(registry_wire_read_report(&read, wire_packet, &header), 0);
	assert_true(read.is_asked && read.is_serving);
	assert_int_equal(read.stopped_by, 15);
	assert_true(read.registered == 1 && read.refused == 2);
	assert_true(read.connections == UINT64_MAX && read.reloads == 4);
	wire_packet[PACKET_HEADER_SIZE + 1] = 2; /* neither serving nor not */
	assert_int_equal(registry_wire_read_report(&read, wire_packet, &header), -EBADMSG);
	wire_packet[PACKET_HEADER_SIZE + 1] = 1;
	wire_packet[PACKET_NUMBER_PLACE] = 1;
	header = wire_find(length);
	assert_int_equal(registry_wire_read_report(&read, wire_packet, &header), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by_enroll),
		cmocka_unit_test(test_registration),
		cmocka_unit_test(test_by_api),
		cmocka_unit_test(test_bad_registrations),
		cmocka_unit_test(test_long_registration),
		cmocka_unit_test(test_key_request),
		cmocka_unit_test(test_join_request),
		cmocka_unit_test(test_bad_requests),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_key_answer),
		cmocka_unit_test(test_join_answer),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_greeting),
		cmocka_unit_test(test_news),
		cmocka_unit_test(test_why_closing),
		cmocka_unit_test(test_report),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
