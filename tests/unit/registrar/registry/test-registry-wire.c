/* SPDX-License-Identifier: ISC */
/* What front and keeper say reads the same at the other end, and nothing else is read. */
#include "tests/unit/support.h"

#include "registrar/registry/registry-wire.h"

#include <errno.h>

#define KEY "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"

static unsigned char packet[REGISTRY_PACKET_MAX];

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

static struct packet_header find(size_t length)
{
	struct packet_header header = { 0 };

	assert_int_equal(packet_find(&header, packet, length, REGISTRY_PACKET_MAX),
			 PACKET_COMPLETE);
	return header;
}

static struct agent_registration example(enum registration_way way)
{
	return (struct agent_registration){
		.way = way,
		.peer = { .address = "192.0.2.1", .text = "192.0.2.1 port 40000", .port = 40000 },
		.fields = { .name = field("web-01"), .groups = field("a,b"), .ip = field("") },
	};
}

static struct agent_registration *pass_on(const struct agent_registration *registration,
					  uint64_t patience)
{
	size_t length = registry_wire_register(packet, 7, patience, registration);
	struct packet_header header = find(length);
	struct agent_registration *read;
	uint64_t read_patience;

	assert_int_equal(header.type, REGISTRY_PACKET_REGISTER);
	assert_true(header.number == 7);
	assert_int_equal(registry_wire_read_registration(&read, &read_patience, packet, &header),
			 0);
	assert_true(read_patience == patience);
	return read;
}

static void test_registration(void **state)
{
	static const char *const addresses[] = { "192.0.2.1", "2001:db8::1", "::" };
	struct agent_registration sent = example(REGISTRATION_BY_AUTHD), *read;

	(void)state;
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
		agent_registration_free(read);
	}
}

/* Id, key and whom it replaces are for users of the API, and for nobody else. */
static void test_by_api(void **state)
{
	struct agent_registration sent = example(REGISTRATION_BY_API), *read;

	(void)state;
	(void)snprintf(sent.user, sizeof sent.user, "admin");
	sent.id = field("007");
	sent.key = field(KEY);
	sent.force = (struct registration_force){ true, true, 3600, UINT32_MAX };
	read = pass_on(&sent, 1);
	assert_string_equal(read->user, "admin");
	assert_same_field(&read->id, &sent.id);
	assert_same_field(&read->key, &sent.key);
	assert_true(read->force.enabled && read->force.check_disconnected);
	assert_int_equal(read->force.disconnected_time, 3600);
	assert_int_equal(read->force.after_registration_time, UINT32_MAX);
	agent_registration_free(read);
	sent.way = REGISTRATION_BY_ENROLL;
	read = pass_on(&sent, 1);
	assert_int_equal(read->way, REGISTRATION_BY_ENROLL);
	assert_string_equal(read->user, "");
	assert_null(read->id.text);
	assert_null(read->key.text);
	assert_false(read->force.enabled);
	agent_registration_free(read);
}

static int read_result(size_t length)
{
	struct packet_header header = find(length);
	struct agent_registration *read = NULL;
	uint64_t patience;
	int r = registry_wire_read_registration(&read, &patience, packet, &header);

	assert_true((r == 0) == (read != NULL));
	agent_registration_free(read);
	return r;
}

static void test_bad_registrations(void **state)
{
	struct agent_registration sent = example(REGISTRATION_BY_API);
	size_t length;

	(void)state;
	/* A user's name goes into the log. */
	(void)snprintf(sent.user, sizeof sent.user, "admin\nRegistered");
	assert_int_equal(read_result(registry_wire_register(packet, 1, 0, &sent)), -EBADMSG);
	sent = example(REGISTRATION_BY_AUTHD);
	length = registry_wire_register(packet, 1, 0, &sent);
	assert_int_equal(read_result(length), 0);
	packet[PACKET_HEADER_SIZE + 8] = REGISTRATION_BY_API + 1;
	assert_int_equal(read_result(length), -EBADMSG);
	packet[PACKET_HEADER_SIZE + 8] = REGISTRATION_BY_API; /* whose part is missing */
	assert_int_equal(read_result(length), -EBADMSG);
	/* Something behind the last field. */
	packet[PACKET_HEADER_SIZE + 8] = REGISTRATION_BY_AUTHD;
	packet[0]++;
	assert_int_equal(read_result(length + 1), -EBADMSG);
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
	assert_int_equal(read_result(registry_wire_register(packet, 1, 0, &sent)), -EBADMSG);
	sent.fields.groups.length = REGISTRY_PACKET_MAX;
	assert_int_equal(registry_wire_register(packet, 1, 0, &sent), 0);
	test_free(groups);
}

static int pass_answer(const struct registry_answer *sent, enum registry_outcome *outcome,
		       struct registration_decision *decision)
{
	struct packet_header header = find(registry_wire_answer(packet, 9, sent));

	assert_int_equal(header.type, REGISTRY_PACKET_ANSWER);
	assert_true(header.number == 9);
	return registry_wire_read_answer(outcome, decision, packet, &header);
}

static void test_answers(void **state)
{
	struct registration_decision accepted = {
		.fault = REGISTRATION_OK,
		.agent = { "001", "web-01", "192.0.2.0/255.255.255.0", KEY },
		.shown_ip = "192.0.2.0/24",
	}, refused = {
		.fault = REGISTRATION_NAME_TAKEN,
		.refusal = "Duplicate agent name: web-01",
	}, read;
	struct registry_answer answer = { REGISTRY_DECIDED, &accepted };
	enum registry_outcome outcome;

	(void)state;
	assert_int_equal(pass_answer(&answer, &outcome, &read), 0);
	assert_int_equal(outcome, REGISTRY_DECIDED);
	assert_int_equal(read.fault, REGISTRATION_OK);
	assert_true(agent_key_equal(&read.agent, &accepted.agent));
	assert_string_equal(read.shown_ip, "192.0.2.0/24");
	/* What was not decided grants nothing, and is refused for no other reason. */
	answer.outcome = REGISTRY_BUSY;
	assert_int_equal(pass_answer(&answer, &outcome, &read), -EBADMSG);
	answer.decision = &refused;
	assert_int_equal(pass_answer(&answer, &outcome, &read), -EBADMSG);
	assert_int_equal(outcome, REGISTRY_DECIDED); /* not written */
	answer.outcome = REGISTRY_DECIDED;
	memset(refused.refusal, 'x', sizeof refused.refusal - 1);
	assert_int_equal(pass_answer(&answer, &outcome, &read), 0);
	assert_int_equal(read.fault, REGISTRATION_NAME_TAKEN);
	assert_string_equal(read.refusal, refused.refusal);
	refused.fault = REGISTRATION_INTERNAL;
	answer.outcome = REGISTRY_FAILED;
	assert_int_equal(pass_answer(&answer, &outcome, &read), 0);
	assert_int_equal(outcome, REGISTRY_FAILED);
}

static void test_greeting(void **state)
{
	struct packet_header header = find(registry_wire_hello(packet, REGISTRY_PACKET_HELLO));

	(void)state;
	assert_int_equal(header.type, REGISTRY_PACKET_HELLO);
	assert_true(registry_wire_is_our_version(packet, &header));
	packet[PACKET_HEADER_SIZE]++;
	assert_false(registry_wire_is_our_version(packet, &header));
	header = find(registry_wire_withdraw(packet, 3));
	assert_true(header.number == 3);
	assert_true(registry_wire_is_empty(&header));
	assert_false(registry_wire_is_our_version(packet, &header));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_registration),      cmocka_unit_test(test_by_api),
		cmocka_unit_test(test_bad_registrations), cmocka_unit_test(test_long_registration),
		cmocka_unit_test(test_answers),           cmocka_unit_test(test_greeting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
