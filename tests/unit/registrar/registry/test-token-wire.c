/* SPDX-License-Identifier: ISC */
/* What is asked about enrollment tokens reads the same at the other end, and nothing else is. */
#include "tests/unit/support.h"

#include "tests/unit/registrar/registry/wire-fixture.h"

#include <errno.h>

#define ID "AAECAwQFBgcICQoLDA0ODw"

static void test_wish(void **state)
{
	const struct token_make_request sent = {
		.user = wire_admin,
		.address = "manager.example",
		.port = UINT16_MAX,
		.prefix = "siem",
		.has_prefix = true,
		.ttl = UINT32_MAX,
		.most = 3,
		.description = "the lab",
		.embeds_ca = true,
		.has_no_credential = true,
	};
	struct registry_request request = { .type = REGISTRY_TOKEN_MAKE, .token_make = &sent };
	const struct token_make_request *read = wire_pass_request(&request, 0);
	size_t length;

	(void)state;
	wire_assert_user(&read->user);
	assert_string_equal(read->address, sent.address);
	assert_int_equal(read->port, sent.port);
	assert_true(read->has_prefix);
	assert_string_equal(read->prefix, sent.prefix);
	assert_int_equal(read->ttl, sent.ttl);
	assert_int_equal(read->most, sent.most);
	assert_string_equal(read->description, sent.description);
	assert_true(read->embeds_ca && read->has_no_credential);
	request.token_make = read;
	assert_string_equal(registry_request_token(&request), wire_admin.token);
	registry_request_clear(&request);
	request.token_make = &sent;
	length = registry_wire_request(wire_packet, 1, 0, &request);
	wire_packet[length - 1] = 2; /* no flag */
	assert_int_equal(wire_read_request(length), -EBADMSG);
}

static void test_token(void **state)
{
	char text[] = "eyJ2ZXIiOjF9";
	struct registry_answer sent = {
		.type = REGISTRY_TOKEN_MAKE,
		.token_make = { .text = text,
				.id = ID,
				.expires = UINT64_MAX,
				.address = "manager",
				.has_pin = true,
				.pin = { 1, 2, 3 } },
	}, read;

	(void)state;
	assert_int_equal(wire_pass_answer(&read, &sent), 0);
	assert_string_equal(read.token_make.text, text);
	assert_string_equal(read.token_make.id, ID);
	assert_true(read.token_make.expires == UINT64_MAX);
	assert_string_equal(read.token_make.address, "manager");
	assert_memory_equal(read.token_make.pin, sent.token_make.pin, ENROLLMENT_PIN_SIZE);
	registry_answer_clear(&read);
	assert_null(read.token_make.text);
	assert_string_equal(read.token_make.id, "");
	sent.outcome = REGISTRY_FAILED; /* what was not decided is not handed out */
	assert_int_equal(wire_pass_answer(&read, &sent), -EBADMSG);
	sent.token_make = (struct token_make_answer){ .fault = TOKEN_INTERNAL };
	assert_int_equal(wire_pass_answer(&read, &sent), 0);
	assert_null(read.token_make.text);
}

/* As many as a page has, with texts as long as there can be, fit into a packet. */
static void test_full_page(void **state)
{
	static struct token_row rows[TOKENS_PAGE_MAX];
	const struct tokens_request wanted = { .user = wire_admin, .from = UINT32_MAX };
	const struct registry_request request = { .type = REGISTRY_TOKENS, .tokens = &wanted };
	struct registry_request other = { .type = REGISTRY_TOKENS };
	struct registry_answer sent = { .type = REGISTRY_TOKENS,
					.tokens = { .rows = rows, .total = 5000 } },
			       read;

	(void)state;
	other.tokens = wire_pass_request(&request, 0);
	wire_assert_user(&other.tokens->user);
	assert_int_equal(other.tokens->from, UINT32_MAX);
	registry_request_clear(&other);
	for (size_t i = 0; i < COUNT(rows); i++) {
		memcpy(rows[i].id, ID, sizeof ID);
		memset(rows[i].address, 'a', sizeof rows[i].address - 1);
		memset(rows[i].description, 'd', sizeof rows[i].description - 1);
		rows[i].created = rows[i].expires = UINT64_MAX;
		rows[i].uses = rows[i].most = UINT32_MAX;
		rows[i].is_revoked = true;
		rows[i].next = i + 1 < COUNT(rows) ? &rows[i + 1] : NULL;
	}
	assert_int_equal(wire_pass_answer(&read, &sent), 0);
	assert_int_equal(read.tokens.total, 5000);
	assert_string_equal(read.tokens.rows->description, rows[0].description);
	assert_int_equal(read.tokens.rows->next->uses, UINT32_MAX);
	assert_true(read.tokens.rows->is_revoked);
	registry_answer_clear(&read);
	assert_null(read.tokens.rows);
}

static void test_ending(void **state)
{
	struct token_end_request sent = { .user = wire_admin, .ending = TOKEN_REVOKE };
	struct registry_request request = { .type = REGISTRY_TOKEN_END, .token_end = &sent };
	const struct token_end_request *read;
	size_t length;

	(void)state;
	for (; sent.count < TOKEN_IDS_MAX; sent.count++)
		memcpy(sent.ids[sent.count], ID, sizeof ID);
	read = wire_pass_request(&request, 0);
	wire_assert_user(&read->user);
	assert_int_equal(read->ending, TOKEN_REVOKE);
	assert_int_equal(read->count, TOKEN_IDS_MAX);
	assert_memory_equal(read->ids, sent.ids, sizeof sent.ids);
	request.token_end = read;
	registry_request_clear(&request);
	sent.count = 0;
	request.token_end = &sent;
	length = registry_wire_request(wire_packet, 1, 0, &request);
	wire_packet[length - 1] = 2; /* more ids than there can be */
	assert_int_equal(wire_read_request(length), -EBADMSG);
}

static void test_ended(void **state)
{
	static char ids[5000][ENROLLMENT_ID_LENGTH + 1];
	struct registry_answer sent = { .type = REGISTRY_TOKEN_END,
					.token_end = { .ids = ids, .count = COUNT(ids) } },
			       read;

	(void)state;
	for (size_t i = 0; i < COUNT(ids); i++)
		memcpy(ids[i], ID, sizeof ID);
	assert_int_equal(wire_pass_answer(&read, &sent), 0);
	assert_int_equal(read.token_end.count, COUNT(ids));
	assert_string_equal(read.token_end.ids[COUNT(ids) - 1], ID);
	registry_answer_clear(&read);
	assert_null(read.token_end.ids);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wish),      cmocka_unit_test(test_token),
		cmocka_unit_test(test_full_page), cmocka_unit_test(test_ending),
		cmocka_unit_test(test_ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
