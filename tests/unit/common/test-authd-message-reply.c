/* SPDX-License-Identifier: ISC */
/* The reply: whatever way its bytes arrive in, it means the same. */
#include "tests/unit/support.h"

#include "common/authd-message.h"

#define KEY "001 web-01 any 48a99873149358e48b13273c4ad07c44ed402bcb71fc94869f3e76b2f27637db"

static struct authd_reply reply;

static void begin(void)
{
	authd_reply_wipe(&reply);
	authd_reply_init(&reply);
}

/* Feed it from memory that ends where the bytes end. */
static enum authd_reply_state feed(const char *bytes, size_t length)
{
	char *copy = malloc(length ? length : 1);
	enum authd_reply_state state;

	memcpy(copy, bytes, length);
	state = authd_reply_feed(&reply, copy, length);
	free(copy);
	return state;
}

static void check_result(const char *label, enum authd_reply_state state, const char *text,
			 size_t length)
{
	size_t actual_length;
	const char *actual;

	check_row(label, authd_reply_finish(&reply) == state);
	if (state != AUTHD_REPLY_KEY && state != AUTHD_REPLY_ERROR)
		return;
	actual = authd_reply_text(&reply, &actual_length);
	check_row(label, actual_length == length && memcmp(actual, text, length) == 0);
}

/* In one piece, in two at every place, and byte by byte. */
static void check_every_split(const char *label, const char *bytes, size_t total,
			      enum authd_reply_state state, const char *text, size_t length)
{
	for (size_t split = 0; split <= total; split++) {
		begin();
		(void)feed(bytes, split);
		(void)feed(bytes + split, total - split);
		check_result(label, state, text, length);
	}
	begin();
	for (size_t i = 0; i < total; i++)
		(void)feed(bytes + i, 1);
	check_result(label, state, text, length);
}

static enum authd_reply_state state_of(const char *word)
{
	return strcmp(word, "key") == 0              ? AUTHD_REPLY_KEY
	       : strcmp(word, "error") == 0          ? AUTHD_REPLY_ERROR
	       : strcmp(word, "silent") == 0         ? AUTHD_REPLY_SILENT
	       : strcmp(word, "protocol-error") == 0 ? AUTHD_REPLY_MALFORMED
						     : AUTHD_REPLY_MORE;
}

/* Every reply recorded from real managers. */
static void test_recorded_at_every_split(void **unused)
{
	struct data_file data;

	(void)unused;
	for (data_open(&data, "replies.txt"); data_next(&data);) {
		const struct field *f = data.fields;
		enum authd_reply_state state = state_of(f[1].text);
		char bytes[8192];
		size_t total = 0;

		check_row(f[0].text, state != AUTHD_REPLY_MORE);
		for (unsigned i = 3; i < data.count; i++) {
			check_row(f[0].text, total + f[i].length <= sizeof bytes);
			memcpy(bytes + total, f[i].text, f[i].length);
			total += f[i].length;
		}
		check_every_split(f[0].text, bytes, total, state, f[2].text, f[2].length);
	}
	assert_true(data.number >= 200);
}

/*
 * The same replies as their records came in: the first feeding that decides is the one that should.
 */
static void test_recorded_by_record(void **unused)
{
	struct data_file data;

	(void)unused;
	for (data_open(&data, "replies.txt"); data_next(&data);) {
		const struct field *f = data.fields;
		enum authd_reply_state state;

		begin();
		state = feed(f[3].text, f[3].length);
		if (state_of(f[1].text) == AUTHD_REPLY_KEY)
			check_row(f[0].text, state == AUTHD_REPLY_KEY);
		else if (memchr(f[3].text, '\n', f[3].length))
			check_row(f[0].text, state == AUTHD_REPLY_ERROR);
		else
			check_row(f[0].text, state == AUTHD_REPLY_ERROR_OPEN);
	}
}

struct row {
	const char *label, *bytes;
	size_t total;
	enum authd_reply_state state;
	const char *text;
	size_t length;
};

#define ROW(label, bytes, state, text)                                                       \
	{                                                                                    \
		label, bytes, sizeof(bytes) - 1, AUTHD_REPLY_##state, text, sizeof(text) - 1 \
	}

static const struct row rows[] = {
	ROW("nothing", "", SILENT, ""),
	ROW("key", "OSSEC K:'" KEY "'", KEY, KEY),
	ROW("key, OSSEC", "OSSEC K:'" KEY "'\n\n", KEY, KEY),
	ROW("newlines first", "\n\r\nOSSEC K:'" KEY "'", KEY, KEY),
	ROW("newlines only", "\n\n\r\n", MALFORMED, ""),
	ROW("two keys: the first", "OSSEC K:'" KEY "'\n\nOSSEC K:'002 b any c'\n\n", KEY, KEY),
	ROW("key, then error", "OSSEC K:'" KEY "'ERROR: Unable to add agent", KEY, KEY),
	ROW("error, then key", "ERROR: Internal manager error\n\nOSSEC K:'" KEY "'", ERROR,
	    "Internal manager error"),
	ROW("error glued to a key", "ERROR: Internal manager errorOSSEC K:'" KEY "'", ERROR,
	    "Internal manager error"),
	ROW("error of an error", "ERROR: ERROR: twice\n", ERROR, "ERROR: twice"),
	ROW("empty key", "OSSEC K:''", KEY, ""),
	ROW("key without its end", "OSSEC K:'" KEY, MALFORMED, ""),
	ROW("key cut in its prefix", "OSSEC K:", MALFORMED, ""),
	ROW("key over two lines", "OSSEC K:'001 web-01\nany abc'", MALFORMED, ""),
	ROW("NUL in the key", "OSSEC K:'001 web-01 any a\0c'", MALFORMED, ""),
	ROW("NUL first", "\0OSSEC K:'" KEY "'", MALFORMED, ""),
	ROW("blank first", " OSSEC K:'" KEY "'", MALFORMED, ""),
	ROW("lower case", "ossec k:'" KEY "'", MALFORMED, ""),
	ROW("double quotes", "OSSEC K:\"" KEY "\"", MALFORMED, ""),
	ROW("junk line first", "hello\nOSSEC K:'" KEY "'", MALFORMED, ""),
	ROW("another protocol", "HTTP/1.1 400 Bad Request\r\n\r\n", MALFORMED, ""),
	ROW("error, OSSEC", "ERROR: Invalid agent name: a b\n\nERROR: Unable to add agent.\n\n",
	    ERROR, "Invalid agent name: a b"),
	ROW("error, Wazuh 4.12 glued",
	    "ERROR: Duplicate agent name: web-01ERROR: Unable to add agent", ERROR,
	    "Duplicate agent name: web-01"),
	ROW("error, Wazuh 4.12, one record lost", "ERROR: Duplicate agent name: web-01", ERROR,
	    "Duplicate agent name: web-01"),
	ROW("error, Wazuh 4.13", "ERROR: Invalid password. Unable to add agent", ERROR,
	    "Invalid password. Unable to add agent"),
	ROW("error without a text", "ERROR: ", ERROR, ""),
	ROW("error with an empty line", "ERROR: \n\n", ERROR, ""),
	ROW("error cut in its prefix", "ERROR", MALFORMED, ""),
	ROW("error without the blank", "ERROR:x", MALFORMED, ""),
	ROW("NUL in an error", "ERROR: a\0b\n", ERROR, "a\0b"),
	ROW("quote in an error", "ERROR: Invalid request 'x'\n", ERROR, "Invalid request 'x'"),
};

static void test_hand_made_at_every_split(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < COUNT(rows); i++)
		check_every_split(rows[i].label, rows[i].bytes, rows[i].total, rows[i].state,
				  rows[i].text, rows[i].length);
}

/* Wazuh 4.0 to 4.12: two records without newlines; the second one ends the first. */
static void test_second_record_ends_the_first(void **unused)
{
	static const char first[] = "ERROR: Invalid password",
			  second[] = "ERROR: Unable to add agent";
	size_t length;

	(void)unused;
	begin();
	assert_int_equal(feed(first, strlen(first)), AUTHD_REPLY_ERROR_OPEN);
	assert_int_equal(feed(second, strlen("ERROR:")), AUTHD_REPLY_ERROR_OPEN);
	assert_int_equal(feed(second + strlen("ERROR:"), strlen(second) - strlen("ERROR:")),
			 AUTHD_REPLY_ERROR);
	assert_memory_equal(authd_reply_text(&reply, &length), "Invalid password",
			    strlen("Invalid password"));
	assert_int_equal(length, strlen("Invalid password"));
}

static void test_feeding_on_changes_nothing(void **unused)
{
	static const char *const decided[] = { "OSSEC K:'a'", "ERROR: a\n", "?" };
	static const enum authd_reply_state states[] = { AUTHD_REPLY_KEY, AUTHD_REPLY_ERROR,
							 AUTHD_REPLY_MALFORMED };

	(void)unused;
	for (size_t i = 0; i < COUNT(decided); i++) {
		begin();
		check_row(decided[i], feed(decided[i], strlen(decided[i])) == states[i]);
		check_row(decided[i], feed("OSSEC K:'b'\n", 12) == states[i]);
		check_row(decided[i], reply.length == strlen(decided[i]));
		check_row(decided[i], authd_reply_finish(&reply) == states[i]);
	}
}

/* A peer that never ends: what fits is read, the rest is not. */
static void test_caps(void **unused)
{
	static const struct {
		const char *prefix;
		enum authd_reply_state state;
	} endless[] = {
		{ "OSSEC K:'", AUTHD_REPLY_MALFORMED },
		{ "ERROR: ", AUTHD_REPLY_ERROR },
		{ "\n\n\n", AUTHD_REPLY_MALFORMED },
	};
	static const size_t pieces[] = { 4096, 3 * AUTHD_REPLY_MAX };
	static char junk[3 * AUTHD_REPLY_MAX];

	(void)unused;
	for (size_t i = 0; i < COUNT(endless); i++) {
		for (size_t piece = 0; piece < COUNT(pieces); piece++) {
			enum authd_reply_state state;

			memset(junk, *endless[i].prefix == '\n' ? '\n' : 'x', sizeof junk);
			begin();
			state = feed(endless[i].prefix, strlen(endless[i].prefix));
			for (size_t fed = 0; fed < sizeof junk; fed += pieces[piece])
				state = feed(junk, pieces[piece]);
			check_row(endless[i].prefix, state == endless[i].state);
			check_row(endless[i].prefix, reply.length == AUTHD_REPLY_MAX);
		}
	}
}

/* A key whose closing quote is the last byte that fits is a key. */
static void test_key_at_the_cap(void **unused)
{
	static char bytes[AUTHD_REPLY_MAX];

	(void)unused;
	memset(bytes, '\n', sizeof bytes);
	memcpy(bytes + sizeof bytes - 12, "OSSEC K:'ab'", 12);
	begin();
	assert_int_equal(feed(bytes, sizeof bytes), AUTHD_REPLY_KEY);
	begin();
	(void)feed("\n", 1);
	assert_int_equal(feed(bytes, sizeof bytes), AUTHD_REPLY_MALFORMED);
}

/* When nothing more can come, an error text without an end is complete, and the rest is not. */
static void test_open_at_the_cap(void **unused)
{
	static const struct {
		const char *prefix;
		enum authd_reply_state before, full;
	} open[] = {
		{ "ERROR: ", AUTHD_REPLY_ERROR_OPEN, AUTHD_REPLY_ERROR },
		{ "OSSEC K:'", AUTHD_REPLY_MORE, AUTHD_REPLY_MALFORMED },
	};
	static char bytes[AUTHD_REPLY_MAX];

	(void)unused;
	for (size_t i = 0; i < COUNT(open); i++) {
		memset(bytes, 'x', sizeof bytes);
		memcpy(bytes, open[i].prefix, strlen(open[i].prefix));
		begin();
		check_row(open[i].prefix, feed(bytes, sizeof bytes - 1) == open[i].before);
		check_row(open[i].prefix, feed("x", 1) == open[i].full);
	}
}

static void test_wipe(void **unused)
{
	(void)unused;
	begin();
	(void)feed("OSSEC K:'secret'", 16);
	authd_reply_wipe(&reply);
	for (size_t i = 0; i < 16; i++)
		assert_int_equal(reply.bytes[i], 0);
	assert_int_equal(reply.length, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recorded_at_every_split),
		cmocka_unit_test(test_recorded_by_record),
		cmocka_unit_test(test_hand_made_at_every_split),
		cmocka_unit_test(test_second_record_ends_the_first),
		cmocka_unit_test(test_feeding_on_changes_nothing),
		cmocka_unit_test(test_caps),
		cmocka_unit_test(test_key_at_the_cap),
		cmocka_unit_test(test_open_at_the_cap),
		cmocka_unit_test(test_wipe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
