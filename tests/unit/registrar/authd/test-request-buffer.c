/* SPDX-License-Identifier: ISC */
#include "tests/unit/support.h"

#include "registrar/authd/request-buffer.h"

/* Feed the request in pieces of this length. */
static void feed_in_pieces(struct request_buffer *buffer, const char *request, size_t piece)
{
	size_t length = strlen(request);
	enum request_buffer_state seen = REQUEST_BUFFER_MORE;

	for (size_t at = 0; at < length; at += piece) {
		assert_int_equal(seen, memchr(request, '\n', at) ? REQUEST_BUFFER_COMPLETE
								 : REQUEST_BUFFER_MORE);
		seen = request_buffer_feed(buffer, request + at,
					   length - at < piece ? length - at : piece);
	}
	assert_int_equal(seen, REQUEST_BUFFER_COMPLETE);
}

static void test_request_ends_at_its_newline(void **state)
{
	static const char request[] = "OSSEC PASS: it's OSSEC A:'web-01' G:'a,b' K:'x'\n"
				      "OSSEC A:'second'\n";

	(void)state;
	for (size_t piece = 1; piece < sizeof request; piece++) {
		struct request_buffer buffer = REQUEST_BUFFER("it's");
		struct request_buffer other = REQUEST_BUFFER("other");
		const struct authd_request_fields *fields = &buffer.fields;

		feed_in_pieces(&buffer, request, piece);
		assert_int_equal(buffer.fault, AUTHD_REQUEST_OK);
		assert_int_equal(fields->name.length, 6);
		assert_memory_equal(fields->name.text, "web-01", 6);
		assert_memory_equal(fields->groups.text, "a,b", 3);
		assert_null(fields->ip.text);
		feed_in_pieces(&other, request, piece);
		assert_int_equal(other.fault, AUTHD_REQUEST_PASSWORD);
		assert_int_equal(request_buffer_name(&other).length, 6);
		request_buffer_wipe(&buffer);
		request_buffer_wipe(&other);
	}
}

static void test_name_that_is_too_far(void **state)
{
	static const struct {
		int end; /* of the name */
		enum authd_request_fault ossec;
	} rows[] = {
		{ 4095, AUTHD_REQUEST_OK },
		{ 4096, AUTHD_REQUEST_MALFORMED },
		{ 5000, AUTHD_REQUEST_MALFORMED },
	};
	char request[6000];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct request_buffer buffer = REQUEST_BUFFER(NULL);

		(void)snprintf(request, sizeof request, "OSSEC A:'%0*d'\n",
			       rows[i].end - (int)strlen("OSSEC A:'"), 0);
		feed_in_pieces(&buffer, request, sizeof request);
		assert_int_equal(request_buffer_fault(&buffer, DIALECT_OSSEC), rows[i].ossec);
		assert_int_equal(request_buffer_fault(&buffer, DIALECT_WAZUH), AUTHD_REQUEST_OK);
		request_buffer_wipe(&buffer);
	}
}

static void test_request_without_newline(void **state)
{
	static const struct {
		const char *text;
		const char *password;
		enum request_buffer_state pause, finish;
	} rows[] = {
		{ "OSSEC A:'web'", NULL, REQUEST_BUFFER_COMPLETE, REQUEST_BUFFER_COMPLETE },
		{ "OSSEC A:'web' G:'a'", NULL, REQUEST_BUFFER_COMPLETE, REQUEST_BUFFER_COMPLETE },
		{ "OSSEC A:'web' and more", NULL, REQUEST_BUFFER_MORE, REQUEST_BUFFER_COMPLETE },
		{ "OSSEC A:'web' ", NULL, REQUEST_BUFFER_MORE, REQUEST_BUFFER_COMPLETE },
		{ "OSSEC A:'web' G", NULL, REQUEST_BUFFER_MORE, REQUEST_BUFFER_COMPLETE },
		{ "OSSEC A:'web' G:a", NULL, REQUEST_BUFFER_MORE, REQUEST_BUFFER_COMPLETE },
		{ "OSSEC PASS: x OSSEC A:'web'", "x", REQUEST_BUFFER_COMPLETE,
		  REQUEST_BUFFER_COMPLETE },
		{ "OSSEC A:'we", NULL, REQUEST_BUFFER_MORE, REQUEST_BUFFER_COMPLETE },
		{ "OSSEC A:'web' G:'a", NULL, REQUEST_BUFFER_MORE, REQUEST_BUFFER_COMPLETE },
		{ "OSSEC PASS: ", "x", REQUEST_BUFFER_MORE, REQUEST_BUFFER_COMPLETE },
		{ "OSSEC PASS: y OSSEC A:'web'", "x", REQUEST_BUFFER_MORE,
		  REQUEST_BUFFER_COMPLETE },
		{ "", NULL, REQUEST_BUFFER_MORE, REQUEST_BUFFER_MORE },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct request_buffer buffer = REQUEST_BUFFER(rows[i].password);
		const char *text = rows[i].text;

		check_row(text,
			  request_buffer_feed(&buffer, text, strlen(text)) == REQUEST_BUFFER_MORE);
		check_row(text, request_buffer_pause(&buffer) == rows[i].pause);
		check_row(text, request_buffer_finish(&buffer) == rows[i].finish);
		request_buffer_wipe(&buffer);
	}
}

/* A pause in the middle of a request is not its end. */
static void test_goes_on_after_a_pause(void **state)
{
	struct request_buffer buffer = REQUEST_BUFFER(NULL);

	(void)state;
	assert_int_equal(request_buffer_feed(&buffer, "OSSEC A:'we", 11), REQUEST_BUFFER_MORE);
	assert_int_equal(request_buffer_pause(&buffer), REQUEST_BUFFER_MORE);
	assert_int_equal(request_buffer_feed(&buffer, "b'\n", 3), REQUEST_BUFFER_COMPLETE);
	assert_int_equal(buffer.fault, AUTHD_REQUEST_OK);
	assert_int_equal(buffer.fields.name.length, 3);
	request_buffer_wipe(&buffer);
}

static void test_longest_request(void **state)
{
	static char bytes[REQUEST_BUFFER_MAX];
	struct request_buffer buffer = { 0 };

	(void)state;
	memset(bytes, 'A', sizeof bytes);
	assert_int_equal(request_buffer_feed(&buffer, bytes, REQUEST_BUFFER_MAX - 1),
			 REQUEST_BUFFER_MORE);
	assert_int_equal(request_buffer_feed(&buffer, "\n", 1), REQUEST_BUFFER_COMPLETE);
	request_buffer_wipe(&buffer);
	assert_int_equal(request_buffer_feed(&buffer, bytes, REQUEST_BUFFER_MAX - 1),
			 REQUEST_BUFFER_MORE);
	assert_int_equal(request_buffer_feed(&buffer, "A", 1), REQUEST_BUFFER_TOO_LONG);
	request_buffer_wipe(&buffer);
	assert_int_equal(request_buffer_feed(&buffer, bytes, REQUEST_BUFFER_MAX),
			 REQUEST_BUFFER_TOO_LONG);
	request_buffer_wipe(&buffer);
}

/* Feed `count` bytes of padding in pieces, as TLS records bring them. */
static void feed_padding(struct request_buffer *buffer, size_t count)
{
	static char padding[16384];

	memset(padding, 'A', sizeof padding);
	for (size_t fed = 0, piece; fed < count; fed += piece) {
		piece = count - fed < sizeof padding ? count - fed : sizeof padding;
		assert_int_equal(request_buffer_feed(buffer, padding, piece), REQUEST_BUFFER_MORE);
	}
}

/* Who has not shown the password is given little memory, however much it sends, and its answer. */
static void test_little_is_kept_of_strangers(void **state)
{
	static const struct {
		const char *beginning, *password;
		bool is_known;
		enum authd_request_fault fault;
	} rows[] = {
		{ "OSSEC PASS: right OSSEC A:'web' G:'", "right", true, AUTHD_REQUEST_OPEN_GROUPS },
		{ "OSSEC PASS: wrong OSSEC A:'web' G:'", "right", false, AUTHD_REQUEST_PASSWORD },
		{ "OSSEC PASS: right", "right", false, AUTHD_REQUEST_PASSWORD },
		{ "OSSEC A:'web' G:'", "right", false, AUTHD_REQUEST_PASSWORD },
		{ "", "right", false, AUTHD_REQUEST_PASSWORD },
		{ "OSSEC A:'web' G:'", NULL, true, AUTHD_REQUEST_OPEN_GROUPS },
		{ "OSSEC PASS: right OSSEC A:'web' G:'", NULL, false, AUTHD_REQUEST_MALFORMED },
		{ "", NULL, false, AUTHD_REQUEST_MALFORMED },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct request_buffer buffer = REQUEST_BUFFER(rows[i].password);
		size_t length = strlen(rows[i].beginning);

		check_row(rows[i].beginning, request_buffer_feed(&buffer, rows[i].beginning,
								 length) == REQUEST_BUFFER_MORE);
		feed_padding(&buffer, REQUEST_BUFFER_MAX - 1 - length);
		check_row(rows[i].beginning, rows[i].is_known
						     ? buffer.length == REQUEST_BUFFER_MAX - 1
						     : buffer.room <= REQUEST_BUFFER_STRANGER * 2);
		check_row(rows[i].beginning, buffer.room <= REQUEST_BUFFER_MAX);
		check_row(rows[i].beginning, request_buffer_pause(&buffer) == REQUEST_BUFFER_MORE);
		check_row(rows[i].beginning,
			  request_buffer_feed(&buffer, "\n", 1) == REQUEST_BUFFER_COMPLETE);
		check_row(rows[i].beginning, buffer.fault == rows[i].fault);
		request_buffer_wipe(&buffer);
	}
}

/* The password that is demanded can change before the request is complete. */
static void test_another_password_changes_nothing_of_what_was_dropped(void **state)
{
	struct request_buffer buffer = REQUEST_BUFFER("old");
	static const char beginning[] = "OSSEC PASS: new OSSEC A:'web' G:'a' ";

	(void)state;
	assert_int_equal(request_buffer_feed(&buffer, beginning, strlen(beginning)),
			 REQUEST_BUFFER_MORE);
	feed_padding(&buffer, 2 * REQUEST_BUFFER_STRANGER);
	buffer.password = "new";
	assert_int_equal(request_buffer_feed(&buffer, "\n", 1), REQUEST_BUFFER_COMPLETE);
	assert_int_equal(buffer.fault, AUTHD_REQUEST_PASSWORD);
	request_buffer_wipe(&buffer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_request_ends_at_its_newline),
		cmocka_unit_test(test_name_that_is_too_far),
		cmocka_unit_test(test_request_without_newline),
		cmocka_unit_test(test_goes_on_after_a_pause),
		cmocka_unit_test(test_longest_request),
		cmocka_unit_test(test_little_is_kept_of_strangers),
		cmocka_unit_test(test_another_password_changes_nothing_of_what_was_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
