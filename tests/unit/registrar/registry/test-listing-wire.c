/* SPDX-License-Identifier: ISC */
/* Listings and removals read the same at the other end, and nothing else is read. */
#include "tests/unit/support.h"

#include "tests/unit/registrar/registry/wire-fixture.h"

#include <errno.h>

static void test_agents_request(void **state)
{
	struct agents_request sent = { .user = wire_admin,
				       .wanted = AGENTS_GROUPS,
				       .from = UINT64_MAX };
	struct registry_request request = { .type = REGISTRY_AGENTS, .agents = &sent };
	const struct agents_request *read;
	size_t length;

	(void)state;
	for (sent.count = 0; sent.count < AGENTS_IDS_MAX; sent.count++)
		(void)snprintf(sent.ids[sent.count], sizeof sent.ids[0], "%03zu", sent.count);
	read = wire_pass_request(&request, 0);
	wire_assert_user(&read->user);
	assert_int_equal(read->wanted, AGENTS_GROUPS);
	assert_true(read->from == UINT64_MAX);
	assert_int_equal(read->count, AGENTS_IDS_MAX);
	assert_memory_equal(read->ids, sent.ids, sizeof sent.ids);
	request.agents = read;
	registry_request_clear(&request);
	sent.count = 0;
	request.agents = &sent;
	length = registry_wire_request(wire_packet, 1, 0, &request);
	wire_packet[length - 1] = 2; /* more ids than there can be */
	assert_int_equal(wire_read_request(length), -EBADMSG);
}

static void test_removal_request(void **state)
{
	struct removal_request *sent = removal_new(64), *read;
	struct registry_request request = { .type = REGISTRY_REMOVE, .removal = sent };
	struct removal_agent agent;
	const char *at = NULL;

	(void)state;
	sent->user = wire_admin;
	sent->purge = true;
	removal_add(sent, "001", "web-01");
	removal_add(sent, "00000002", "db");
	read = (void *)wire_pass_request(&request, 0);
	wire_assert_user(&read->user);
	assert_true(read->purge);
	assert_int_equal(read->count, 2);
	assert_int_equal(read->room, sent->length); /* there is no more memory than they need */
	assert_true(removal_next(read, &at, &agent));
	assert_string_equal(agent.id, "001");
	assert_string_equal(agent.name, "web-01");
	assert_true(removal_next(read, &at, &agent));
	assert_string_equal(agent.id, "00000002");
	assert_string_equal(agent.name, "db");
	assert_false(removal_next(read, &at, &agent));
	free(read);
	registry_request_clear(&request);
}

static void put_u32(unsigned char *at, uint32_t value)
{
	for (size_t i = 0; i < sizeof value; i++)
		at[i] = (unsigned char)(value >> 8 * i);
}

/* What a removal says of itself costs no memory before it is seen to be there. */
static void test_bad_removals(void **state)
{
	struct removal_request *sent = removal_new(64);
	const struct registry_request request = { .type = REGISTRY_REMOVE, .removal = sent };
	size_t head = registry_wire_request(wire_packet, 1, 0, &request), length;

	(void)state;
	assert_int_equal(wire_read_request(head), 0);
	/* More agents than there are in it, or fewer. */
	removal_add(sent, "1", "a");
	removal_add(sent, "2", "b");
	for (uint32_t count = 0; count < 5; count++) {
		length = registry_wire_request(wire_packet, 1, 0, &request);
		put_u32(wire_packet + head - sizeof count, count);
		assert_int_equal(wire_read_request(length), count == 2 ? 0 : -EBADMSG);
	}
	put_u32(wire_packet + head - sizeof(uint32_t), UINT32_MAX);
	assert_int_equal(wire_read_request(length), -EBADMSG);
	/* No agent has an empty name or id. */
	put_u32(wire_packet + head - sizeof(uint32_t), 2);
	memcpy(wire_packet + head,
	       "\0\0\0\0\2\0\0\0"
	       "1a",
	       10);
	assert_int_equal(wire_read_request(length), -EBADMSG);
	memcpy(wire_packet + head,
	       "\2\0\0\0"
	       "1a"
	       "\0\0\0\0",
	       10);
	assert_int_equal(wire_read_request(length), -EBADMSG);
	free(sent);
}

/* More agents than a packet has room for: one that is longer, as long as they are. */
static void test_long_removal(void **state)
{
	const size_t agents = 100 * 1000;
	struct removal_request *sent = removal_new(agents * (AGENT_ID_MAX + AGENT_NAME_MAX + 2));
	struct registry_request request = { .type = REGISTRY_REMOVE, .removal = sent };
	struct packet_header header;
	enum registry_type type;
	uint64_t patience;
	const void *content;
	char id[16], name[AGENT_NAME_MAX + 1];
	void *long_packet;
	size_t length;

	(void)state;
	memset(name, 'x', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	for (size_t i = 0; i < agents; i++) {
		(void)snprintf(id, sizeof id, "%08zu", i);
		removal_add(sent, id, name);
	}
	assert_int_equal(registry_wire_request(wire_packet, 1, 0, &request), 0);
	length = registry_wire_long_request(&long_packet, 1, 7, &request);
	assert_in_range(length, agents * AGENT_NAME_MAX, registry_wire_request_most(agents));
	assert_int_equal(packet_find(&header, long_packet, length, length), PACKET_COMPLETE);
	assert_int_equal(
		registry_wire_read_request(&type, &content, &patience, long_packet, &header), 0);
	assert_int_equal(((const struct removal_request *)content)->count, agents);
	assert_int_equal(((const struct removal_request *)content)->length, sent->length);
	assert_memory_equal(((const struct removal_request *)content)->texts, sent->texts,
			    sent->length);
	registry_request_clear(&request);
	request.content = content;
	registry_request_clear(&request);
	registry_wire_free(long_packet, length);
}

static struct agent_row row_of(const char *id, const char *groups)
{
	return (struct agent_row){ .id = id, .name = "web", .ip = "any", .groups = groups };
}

static void test_agents_page(void **state)
{
	struct agent_row last = row_of("00000002", NULL), first = row_of("001", "");
	struct registry_answer sent = {
		.type = REGISTRY_AGENTS,
		.agents = { .rows = &first, .next = 7 },
	}, read;
	struct packet_header header;

	(void)state;
	first.next = &last;
	first.seen = AGENT_SEEN_AT;
	first.seen_at = -1;
	first.is_added_known = true;
	first.added_at = INT64_MAX;
	last.seen = AGENT_SEEN_NEVER;
	assert_int_equal(wire_pass_answer(&read, &sent), 0);
	assert_true(read.agents.next == 7);
	assert_string_equal(read.agents.rows->id, "001");
	assert_string_equal(read.agents.rows->groups, "");
	assert_int_equal(read.agents.rows->seen_at, -1);
	assert_true(read.agents.rows->added_at == INT64_MAX);
	assert_string_equal(read.agents.rows->next->name, "web");
	assert_null(read.agents.rows->next->groups);
	assert_int_equal(read.agents.rows->next->seen, AGENT_SEEN_NEVER);
	assert_false(read.agents.rows->next->is_added_known);
	assert_null(read.agents.rows->next->next);
	registry_answer_clear(&read);
	assert_null(read.agents.rows);
	/* With more rows than there are. */
	header = wire_find(registry_wire_answer(wire_packet, 9, &sent));
	wire_packet[PACKET_HEADER_SIZE + 3 + sizeof sent.agents.next]++;
	assert_int_equal(registry_wire_read_answer(&read, wire_packet, &header), -EBADMSG);
}

/* A page that is as full as it can be fits into a packet. */
static void test_full_page(void **state)
{
	static char groups[32768];
	struct agent_row small = row_of("00000001", groups), large = small;
	struct registry_answer sent = { .type = REGISTRY_AGENTS, .agents.rows = &large }, read;
	size_t size;

	(void)state;
	memset(groups, 'g', sizeof groups - 1);
	large.next = &small;
	size = agent_row_size(&large);
	assert_true(size < LISTING_PAGE_SIZE && 2 * size > LISTING_PAGE_SIZE - 1024);
	assert_int_equal(wire_pass_answer(&read, &sent), 0);
	assert_string_equal(read.agents.rows->next->groups, groups);
	registry_answer_clear(&read);
}

static void test_removal_answer(void **state)
{
	unsigned char bits[] = { 0x81, 0x01 };
	struct registry_answer sent = {
		.type = REGISTRY_REMOVE,
		.removal = { .removed = bits, .count = 9 },
	}, read;

	(void)state;
	assert_int_equal(wire_pass_answer(&read, &sent), 0);
	assert_int_equal(read.removal.count, 9);
	for (size_t i = 0; i < 10; i++)
		assert_int_equal(removal_has(&read.removal, i), i == 0 || i == 7 || i == 8);
	registry_answer_clear(&read);
	assert_null(read.removal.removed);
	bits[1] = 0x02; /* of an agent that was not asked for */
	assert_int_equal(wire_pass_answer(&read, &sent), -EBADMSG);
	sent.removal = (struct removal_answer){ .fault = REMOVAL_INTERNAL };
	sent.outcome = REGISTRY_FAILED;
	assert_int_equal(wire_pass_answer(&read, &sent), 0);
	registry_answer_clear(&read);
}

static void test_groups(void **state)
{
	const struct groups_request wanted = { .user = wire_admin, .hash = "md5", .after = "a" };
	const struct registry_request request = { .type = REGISTRY_GROUPS, .groups = &wanted };
	struct registry_request other = { .type = REGISTRY_GROUPS };
	struct group_row second = { .name = "web", .count = UINT32_MAX };
	struct group_row first = { .next = &second, .name = "db", .merged_sum = "00ff" };
	struct registry_answer sent = {
		.type = REGISTRY_GROUPS,
		.groups = { .rows = &first, .has_more = true },
	}, read;

	(void)state;
	other.groups = wire_pass_request(&request, 0);
	wire_assert_user(&other.groups->user);
	assert_string_equal(other.groups->hash, "md5");
	assert_string_equal(other.groups->after, "a");
	registry_request_clear(&other);
	assert_int_equal(wire_pass_answer(&read, &sent), 0);
	assert_true(read.groups.has_more);
	assert_string_equal(read.groups.rows->name, "db");
	assert_string_equal(read.groups.rows->merged_sum, "00ff");
	assert_string_equal(read.groups.rows->config_sum, "");
	assert_int_equal(read.groups.rows->next->count, UINT32_MAX);
	assert_null(read.groups.rows->next->next);
	registry_answer_clear(&read);
	assert_null(read.groups.rows);
}

/* As many as a page has, with names and sums as long as there can be, fit into a packet. */
static void test_full_groups_page(void **state)
{
	static struct group_row rows[GROUPS_PAGE_MAX];
	struct registry_answer sent = { .type = REGISTRY_GROUPS, .groups.rows = rows }, read;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		memset(rows[i].name, 'g', sizeof rows[i].name - 1);
		memset(rows[i].merged_sum, 'f', sizeof rows[i].merged_sum - 1);
		memset(rows[i].config_sum, 'f', sizeof rows[i].config_sum - 1);
		rows[i].next = i + 1 < COUNT(rows) ? &rows[i + 1] : NULL;
	}
	assert_int_equal(wire_pass_answer(&read, &sent), 0);
	registry_answer_clear(&read);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_agents_request),   cmocka_unit_test(test_removal_request),
		cmocka_unit_test(test_bad_removals),     cmocka_unit_test(test_long_removal),
		cmocka_unit_test(test_agents_page),      cmocka_unit_test(test_full_page),
		cmocka_unit_test(test_removal_answer),   cmocka_unit_test(test_groups),
		cmocka_unit_test(test_full_groups_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
