/* SPDX-License-Identifier: ISC */
/*
 * Whatever a front or a keeper sends: what is read is within its bounds, and is the same when it is
 * written and read again. The input is a packet without its header: the first byte says of which
 * type. 2 is NEWS, 4 a REPORT; of the others the odd ones are requests. A call may fail meanwhile
 * (faults.h).
 */
#include "faults.h"
#include "fuzz.h"

#include "registrar/registry/registry-wire.h"

#include <errno.h>

#define BODY_MAX 8192

static unsigned char again[REGISTRY_PACKET_MAX];

static struct packet_header find(const void *packet, size_t length)
{
	struct packet_header header = { 0 };

	HOLDS(packet_find(&header, packet, length, REGISTRY_PACKET_MAX) == PACKET_COMPLETE);
	return header;
}

static void check_inside(const struct agent_registration *registration,
			 const struct authd_field *field)
{
	HOLDS(!field->text ||
	      (field->text >= registration->texts &&
	       field->text + field->length <= registration->texts + registration->text_length));
}

static void check_registration(const struct agent_registration *registration)
{
	check_inside(registration, &registration->fields.name);
	check_inside(registration, &registration->fields.version);
	check_inside(registration, &registration->fields.groups);
	check_inside(registration, &registration->fields.ip);
	check_inside(registration, &registration->fields.key_hash);
	check_inside(registration, &registration->id);
	check_inside(registration, &registration->key);
	HOLDS(!registration->fields.rest.text);
	HOLDS(!strchr(registration->peer.text, '\n'));
	HOLDS(registration->way == REGISTRATION_BY_AUTHD ||
	      registration->fault == AUTHD_REQUEST_OK);
	HOLDS(authd_request_has_fields(registration->fault));
	HOLDS(registration->way == REGISTRATION_BY_API ||
	      (!registration->token[0] && !registration->key.text && !registration->id.text &&
	       !registration->force.enabled));
}

static void check_user(const struct registry_user *user)
{
	HOLDS(strlen(user->token) < sizeof user->token && !strchr(user->client.text, '\n'));
}

static void check_removal(const struct removal_request *removal)
{
	struct removal_agent agent;
	const char *at = NULL;
	size_t count = 0;

	check_user(&removal->user);
	HOLDS(removal->length == removal->room);
	for (; removal_next(removal, &at, &agent); count++)
		HOLDS(agent.id[0] && agent.name[0]);
	HOLDS(count == removal->count);
}

static void check_content(const struct registry_request *request)
{
	switch (request->type) {
	case REGISTRY_REGISTER:
		check_registration(request->registration);
		break;
	case REGISTRY_KEY:
		check_user(&request->key->user);
		break;
	case REGISTRY_JOIN:
		check_user(&request->join->user);
		break;
	case REGISTRY_LOGIN:
		HOLDS(request->login->password + strlen(request->login->password) + 1 ==
		      request->login->texts + request->login->text_length);
		break;
	case REGISTRY_SESSION:
	case REGISTRY_LOGOUT:
		check_user(request->session);
		break;
	case REGISTRY_BEARER:
	case REGISTRY_SECRET:
		HOLDS(strlen(request->bearer->bearer.key_id) <= ENROLL_KEY_ID_MAX);
		break;
	case REGISTRY_MATERIAL:
		HOLDS(!request->content);
		break;
	case REGISTRY_REMOVE:
		check_removal(request->removal);
		break;
	case REGISTRY_AGENTS:
		check_user(&request->agents->user);
		HOLDS(request->agents->count <= AGENTS_IDS_MAX);
		break;
	case REGISTRY_GROUPS:
		check_user(&request->groups->user);
		break;
	case REGISTRY_TOKEN_MAKE:
		check_user(&request->token_make->user);
		break;
	case REGISTRY_TOKENS:
		check_user(&request->tokens->user);
		break;
	case REGISTRY_TOKEN_END:
		check_user(&request->token_end->user);
		HOLDS(request->token_end->count <= TOKEN_IDS_MAX);
		break;
	case REGISTRY_TYPES:
		HOLDS(false);
	}
}

/* What has failed was no packet, or there was no memory for it. */
static bool has_failed(int r)
{
	HOLDS(r == 0 || r == -EBADMSG || (r == -ENOMEM && fuzz_fault_happened()));
	return r < 0;
}

/* Written at any length, it is the same; without memory, it is not written. */
static void check_long(size_t length, void *again_long, const unsigned char *packet,
		       size_t expected)
{
	HOLDS(length == expected || (length == 0 && fuzz_fault_happened()));
	if (length == 0)
		return;
	HOLDS(memcmp(again_long, packet, length) == 0);
	registry_wire_free(again_long, length);
}

static void check_again(const struct registry_request *request, uint64_t number, uint64_t patience,
			const unsigned char *packet, size_t length)
{
	void *again_long = NULL;
	size_t length_long;

	HOLDS(registry_wire_request(again, number, patience, request) == length);
	HOLDS(memcmp(again, packet, length) == 0);
	fuzz_faults_begin();
	length_long = registry_wire_long_request(&again_long, number, patience, request);
	fuzz_faults_end();
	check_long(length_long, again_long, packet, length);
	HOLDS(request->type != REGISTRY_REMOVE ||
	      length <= registry_wire_request_most(request->removal->count));
}

static void check_request(const unsigned char *packet, size_t length)
{
	struct packet_header header = find(packet, length);
	struct registry_request request = { .content = NULL };
	uint64_t patience;
	int r;

	fuzz_faults_begin();
	r = registry_wire_read_request(&request.type, &request.content, &patience, packet, &header);
	fuzz_faults_end();
	if (has_failed(r))
		return;
	check_content(&request);
	check_again(&request, header.number, patience, packet, length);
	registry_request_clear(&request);
}

static void check_decision(const struct registration_decision *decision)
{
	HOLDS(decision->fault != REGISTRATION_OK || !decision->refusal[0]);
	HOLDS(decision->fault == REGISTRATION_OK || !decision->agent.key[0]);
}

static void check_answer(const unsigned char *packet, size_t length)
{
	struct packet_header header = find(packet, length);
	struct registry_answer answer;
	void *again_long = NULL;
	size_t length_long;
	int r;

	fuzz_faults_begin();
	r = registry_wire_read_answer(&answer, packet, &header);
	fuzz_faults_end();
	if (has_failed(r))
		return;
	if (answer.type == REGISTRY_REGISTER)
		check_decision(&answer.decision);
	/* What was not decided was not granted. */
	HOLDS(answer.outcome == REGISTRY_DECIDED || answer.type != REGISTRY_REGISTER ||
	      answer.decision.fault == REGISTRATION_INTERNAL);
	HOLDS(answer.outcome == REGISTRY_DECIDED || answer.type != REGISTRY_KEY ||
	      answer.key.fault == KEY_INTERNAL);
	HOLDS(answer.outcome == REGISTRY_DECIDED || answer.type != REGISTRY_LOGIN ||
	      (answer.login.fault == LOGIN_INTERNAL && !answer.login.token[0]));
	HOLDS(answer.outcome == REGISTRY_DECIDED || answer.type != REGISTRY_SESSION ||
	      !answer.session.user[0]);
	HOLDS(answer.outcome == REGISTRY_DECIDED || answer.type != REGISTRY_MATERIAL ||
	      !answer.material.material.private_key.bytes);
	HOLDS(answer.outcome == REGISTRY_DECIDED || answer.type != REGISTRY_TOKEN_MAKE ||
	      (answer.token_make.fault == TOKEN_INTERNAL && !answer.token_make.text));
	HOLDS(registry_wire_answer(again, header.number, &answer) == length);
	HOLDS(memcmp(again, packet, length) == 0);
	fuzz_faults_begin();
	if (registry_wire_long_answer(&again_long, &length_long, header.number, &answer) < 0)
		length_long = 0;
	fuzz_faults_end();
	check_long(length_long, again_long, packet, length);
	registry_answer_clear(&answer);
}

static void check_news(const unsigned char *packet, size_t length)
{
	struct packet_header header = find(packet, length);
	enum registry_news news;
	struct reason why;

	if (registry_wire_read_news(&news, &why, packet, &header) < 0)
		return;
	HOLDS(news == REGISTRY_NEWS_CLOSING || !why.text[0]);
	HOLDS(registry_wire_news(again, news, why.text) == length);
	HOLDS(memcmp(again, packet, length) == 0);
}

static void check_report(const unsigned char *packet, size_t length)
{
	struct packet_header header = find(packet, length);
	struct front_report report;

	if (registry_wire_read_report(&report, packet, &header) < 0)
		return;
	HOLDS(registry_wire_report(again, &report) == length);
	HOLDS(memcmp(again, packet, length) == 0);
}

static enum registry_packet type_of(uint8_t byte)
{
	switch (byte) {
	case 2:
		return REGISTRY_PACKET_NEWS;
	case 4:
		return REGISTRY_PACKET_REPORT;
	default:
		return byte % 2 ? REGISTRY_PACKET_REQUEST : REGISTRY_PACKET_ANSWER;
	}
}

static void check(enum registry_packet type, const unsigned char *packet, size_t length)
{
	if (type == REGISTRY_PACKET_NEWS)
		check_news(packet, length);
	else if (type == REGISTRY_PACKET_REPORT)
		check_report(packet, length);
	else if (type == REGISTRY_PACKET_REQUEST)
		check_request(packet, length);
	else
		check_answer(packet, length);
}

/* The packets that have no content. */
static void check_bare(const struct packet_header *header)
{
	struct packet_header hello, withdrawal;
	size_t length = registry_wire_hello(again, REGISTRY_PACKET_HELLO);

	hello = find(again, length);
	HOLDS(registry_wire_is_our_version(again, &hello) && !registry_wire_is_empty(&hello));
	length = registry_wire_withdraw(again, header->length);
	withdrawal = find(again, length);
	HOLDS(registry_wire_is_empty(&withdrawal) && withdrawal.number == header->length);
	HOLDS(registry_wire_is_empty(header) == (header->length == PACKET_HEADER_SIZE));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static unsigned char packet[PACKET_HEADER_SIZE + BODY_MAX];
	struct packet_writer writer;
	struct packet_header header;
	enum registry_packet type;
	size_t length;

	size = fuzz_faults_read(data, size);
	if (size < 1 || size > BODY_MAX)
		return 0;
	type = type_of(data[0]);
	packet_begin(&writer, packet, sizeof packet, (uint16_t)type,
		     type == REGISTRY_PACKET_REQUEST || type == REGISTRY_PACKET_ANSWER);
	packet_put_bytes(&writer, data + 1, size - 1);
	length = packet_end(&writer);
	header = find(packet, length);
	HOLDS(!registry_wire_is_our_version(packet, &header) ||
	      length == PACKET_HEADER_SIZE + sizeof(uint32_t));
	check_bare(&header);
	check(type, packet, length);
	return 0;
}
