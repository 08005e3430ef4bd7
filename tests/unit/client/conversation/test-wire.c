/* SPDX-License-Identifier: ISC */
#include "tests/unit/support.h"

#include "client/conversation/wire.h"

#include <errno.h>

#define KEY "48a99873149358e48b13273c4ad07c44ed402bcb71fc94869f3e76b2f27637db"
#define SECRET "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static unsigned char bytes[WIRE_MAX];
static struct wire_message message;

static struct wire_result registered(void)
{
	return (struct wire_result){
		.outcome = OUTCOME_REGISTERED,
		.key = { "003", "web-01", "any", KEY },
		.report = {
			.warning = { "The certificate of m:1515 expired on a Friday" },
			.reenroll_secret = { "003", SECRET },
			.missing_groups = "web,db",
		},
	};
}

static struct wire_result refused(void)
{
	struct wire_result result = { .outcome = OUTCOME_DUPLICATE };

	reason_set_manager_message(&result.report.why, "m:1515", "Duplicate \\xff name", "",
				   "wait");
	result.report.answered = true;
	result.report.subject = REFUSED_NAME;
	result.report.retry_after = 90 * USEC_PER_SEC;
	return result;
}

static int send_result(const struct wire_result *result)
{
	memset(&message, 0, sizeof message);
	return wire_parse(&message, bytes, wire_format_result(bytes, result));
}

/* ------------------------------------------------------------------ there and back */

static void test_registered(void **state)
{
	struct wire_result sent = registered();

	(void)state;
	assert_int_equal(send_result(&sent), 0);
	assert_int_equal(message.kind, WIRE_RESULT);
	assert_int_equal(message.result.outcome, OUTCOME_REGISTERED);
	assert_true(agent_key_equal(&message.result.key, &sent.key));
	assert_string_equal(message.result.report.warning.text, sent.report.warning.text);
	assert_string_equal(message.result.report.why.text, "");
	assert_string_equal(message.result.report.missing_groups, "web,db");
	assert_string_equal(message.result.report.reenroll_secret.id, "003");
	assert_string_equal(message.result.report.reenroll_secret.text, SECRET);
	assert_null(message.result.report.anchor);
}

static void test_refused(void **state)
{
	struct wire_result sent = refused();
	char text[REASON_MESSAGE_SIZE];

	(void)state;
	assert_int_equal(send_result(&sent), 0);
	assert_int_equal(message.result.outcome, OUTCOME_DUPLICATE);
	assert_string_equal(message.result.report.why.text, "m:1515 says: Duplicate \\xff name -- "
							    "wait");
	assert_string_equal(reason_manager_message(&message.result.report.why, text), "Duplicate "
										      "\\xff name");
	assert_true(message.result.report.answered);
	assert_int_equal(message.result.report.subject, REFUSED_NAME);
	assert_int_equal(message.result.report.retry_after, 90 * USEC_PER_SEC);
}

static void test_longest_texts(void **state)
{
	struct wire_result sent = registered();

	(void)state;
	memset(sent.report.why.text, 'w', sizeof sent.report.why.text - 1);
	memset(sent.report.warning.text, 'v', sizeof sent.report.warning.text - 1);
	memset(sent.report.missing_groups, 'g', sizeof sent.report.missing_groups - 1);
	memset(sent.key.name, 'n', sizeof sent.key.name - 1);
	assert_int_equal(send_result(&sent), 0);
	assert_string_equal(message.result.report.why.text, sent.report.why.text);
	assert_string_equal(message.result.report.warning.text, sent.report.warning.text);
	assert_string_equal(message.result.report.missing_groups, sent.report.missing_groups);
	assert_string_equal(message.result.key.name, sent.key.name);
}

static void test_steps_and_go(void **state)
{
	(void)state;
	for (int step = STEP_CONNECTING; step <= STEP_WAITING; step++) {
		assert_int_equal(wire_parse(&message, bytes, wire_format_step(bytes, step)), 0);
		assert_int_equal(message.kind, WIRE_STEP);
		assert_int_equal(message.step, step);
	}
	/* a key that was received is for the parent to say */
	assert_int_equal(wire_parse(&message, bytes, wire_format_step(bytes, STEP_RECEIVED)),
			 -EBADMSG);
	assert_int_equal(wire_parse(&message, bytes, wire_format_go(bytes)), 0);
	assert_int_equal(message.kind, WIRE_GO);
}

static void test_names(void **state)
{
	struct own_names own = { "web-01.example.org", "fd00::15" };
	struct wire_name name = { "ip-fd00--15", 90 * USEC_PER_SEC };

	(void)state;
	assert_int_equal(wire_parse(&message, bytes, wire_format_own(bytes, &own)), 0);
	assert_int_equal(message.kind, WIRE_OWN);
	assert_string_equal(message.own.fqdn, own.fqdn);
	assert_string_equal(message.own.address, own.address);
	own = (struct own_names){ 0 };
	assert_int_equal(wire_parse(&message, bytes, wire_format_own(bytes, &own)), 0);
	(void)strcpy(own.fqdn, "web-01");
	assert_int_equal(wire_parse(&message, bytes, wire_format_own(bytes, &own)), -EBADMSG);
	own = (struct own_names){ .address = "10.0.0" };
	assert_int_equal(wire_parse(&message, bytes, wire_format_own(bytes, &own)), -EBADMSG);

	assert_int_equal(wire_parse(&message, bytes, wire_format_name(bytes, &name)), 0);
	assert_int_equal(message.kind, WIRE_NAME);
	assert_string_equal(message.name.text, name.text);
	assert_true(message.name.lost_for == name.lost_for);
	(void)strcpy(name.text, "web 01");
	assert_int_equal(wire_parse(&message, bytes, wire_format_name(bytes, &name)), -EBADMSG);
}

static void test_anchor(void **state)
{
	char piece[WIRE_PIECE_MAX];

	(void)state;
	memset(piece, 'p', sizeof piece);
	assert_int_equal(
		wire_parse(&message, bytes, wire_format_anchor(bytes, piece, sizeof piece)), 0);
	assert_int_equal(message.kind, WIRE_ANCHOR);
	assert_int_equal(message.length, sizeof piece);
	assert_memory_equal(message.piece, piece, sizeof piece);
	assert_int_equal(wire_parse(&message, bytes, wire_format_anchor(bytes, piece, 0)),
			 -EBADMSG);
}

static void test_findings(void **state)
{
	struct wire_finding sent = { OUTCOME_UNTRUSTED, "chain", "leads to a CA in /\xc3\xa4.pem" };
	size_t length = wire_format_finding(bytes, &sent);

	(void)state;
	assert_int_equal(wire_parse(&message, bytes, length), 0);
	assert_int_equal(message.kind, WIRE_FINDING);
	assert_int_equal(message.finding.outcome, OUTCOME_UNTRUSTED);
	assert_string_equal(message.finding.label, "chain");
	assert_string_equal(message.finding.text, sent.text);
	memset(sent.text, 't', sizeof sent.text - 1);
	assert_int_equal(wire_parse(&message, bytes, wire_format_finding(bytes, &sent)), 0);
	assert_string_equal(message.finding.text, sent.text);
	strcpy(sent.text, "\x1b[2J");
	assert_int_equal(wire_parse(&message, bytes, wire_format_finding(bytes, &sent)), 0);
	assert_string_equal(message.finding.text, "\\x1b[2J");

	strcpy(sent.label, "\x1b[2J"); /* which is always a word of ours */
	assert_int_equal(wire_parse(&message, bytes, wire_format_finding(bytes, &sent)), -EBADMSG);
	sent = (struct wire_finding){ OUTCOME_CLONED, "chain", "" };
	assert_int_equal(wire_parse(&message, bytes, wire_format_finding(bytes, &sent)), -EBADMSG);
	sent.outcome = -EIO;
	assert_int_equal(wire_parse(&message, bytes, wire_format_finding(bytes, &sent)), -EBADMSG);
}

/* What has succeeded without a key. */
static void test_removals(void **state)
{
	struct wire_result sent = { .outcome = OUTCOME_OK };

	(void)state;
	assert_int_equal(send_result(&sent), 0);
	assert_string_equal(message.result.key.id, "");
	assert_false(message.result.removed);
	sent.removed = true;
	sent.report.answered = true;
	assert_int_equal(send_result(&sent), 0);
	assert_true(message.result.removed && message.result.report.answered);
	strcpy(sent.report.reenroll_secret.text, SECRET);
	assert_int_equal(send_result(&sent), -EBADMSG);
	sent = refused();
	sent.removed = true;
	assert_int_equal(send_result(&sent), -EBADMSG);
	sent = registered();
	sent.removed = true;
	assert_int_equal(send_result(&sent), -EBADMSG);
}

static void test_escapes_what_is_not_printable(void **state)
{
	static const struct {
		const char *label, *text, *received;
	} rows[] = {
		{ "a path in UTF-8", "Cannot read /etc/\xc3\xa4/ca.pem",
		  "Cannot read /etc/\xc3\xa4/ca.pem" },
		{ "a newline", "a\nb", "a\\nb" },
		{ "delete", "a\x7f", "a\\x7f" },
		{ "an escape sequence", "\x1b[31m", "\\x1b[31m" },
		{ "a C1 control character", "\xc2\x9b", "\\xc2\\x9b" },
		{ "Latin 1", "\xe4", "\\xe4" },
		{ "an overlong form", "\xc0\xaf", "\\xc0\\xaf" },
		{ "a surrogate", "\xed\xa0\x80", "\\xed\\xa0\\x80" },
		{ "a character that was cut", "\xe2\x82", "\\xe2\\x82" },
		{ "four bytes", "\xf0\x9f\x90\xa7", "\xf0\x9f\x90\xa7" },
		{ "behind the last character", "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct wire_result sent = { .outcome = -EIO };

		reason_set(&sent.report.why, "%s", rows[i].text);
		check_row(rows[i].label, send_result(&sent) == 0);
		check_row(rows[i].label,
			  strcmp(message.result.report.why.text, rows[i].received) == 0);
	}
}

/* ------------------------------------------------------------------ what is not accepted */

static void test_outcomes(void **state)
{
	static const int refused_ones[] = {
		OUTCOME_STORAGE_ERROR, OUTCOME_CLONED, OUTCOME_MAX_, INT32_MAX, INT32_MIN, -4096
	};

	(void)state;
	for (size_t i = 0; i < COUNT(refused_ones); i++) {
		struct wire_result sent = { .outcome = refused_ones[i] };

		assert_int_equal(send_result(&sent), -EBADMSG);
	}
	assert_int_equal(send_result(&(struct wire_result){ .outcome = -4095 }), 0);
	assert_int_equal(message.result.outcome, -4095);
	/* of a machine whose FQDN is not known: the parent sees whether that was looked for */
	assert_int_equal(send_result(&(struct wire_result){ .outcome = OUTCOME_NOT_READY }), 0);
}

static void test_keys(void **state)
{
	static const struct {
		const char *label;
		struct agent_key key;
		const char *secret;
	} rows[] = {
		{ "no id", { "", "web-01", "any", KEY }, "" },
		{ "a dot in front", { "003", ".web", "any", KEY }, "" },
		{ "an address that is none", { "003", "web-01", "all", KEY }, "" },
		{ "a key that nobody gives", { "003", "web-01", "any", "None" }, "" },
		{ "a field too many", { "003", "web 01", "any", KEY }, "" },
		{ "a second line", { "003", "web-01", "any", KEY "\n004" }, "" },
		{ "a short secret", { "003", "web-01", "any", KEY }, "0001" },
		{ "a secret in upper case",
		  { "003", "web-01", "any", KEY },
		  "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct wire_result sent = { .key = rows[i].key };

		strcpy(sent.report.reenroll_secret.text, rows[i].secret);
		check_row(rows[i].label, send_result(&sent) == -EBADMSG);
	}
}

static void test_reports(void **state)
{
	struct wire_result sent = refused();

	(void)state;
	sent.report.subject = REFUSED_GROUP + 1;
	assert_int_equal(send_result(&sent), -EBADMSG);
	sent = refused();
	sent.report.retry_after = UINT64_MAX;
	assert_int_equal(send_result(&sent), -EBADMSG);
	sent = refused();
	sent.report.why.message_end = strlen(sent.report.why.text) + 1;
	assert_int_equal(send_result(&sent), -EBADMSG);
	sent = refused();
	sent.report.why.message_start = sent.report.why.message_end + 1;
	assert_int_equal(send_result(&sent), -EBADMSG);
	sent = refused();
	strcpy(sent.report.missing_groups, "web\033");
	assert_int_equal(send_result(&sent), -EBADMSG);
	sent = refused();
	strcpy(sent.report.reenroll_secret.text, SECRET); /* without a key */
	assert_int_equal(send_result(&sent), -EBADMSG);
}

/* A message that is longer than a reason of its own would be cut by whoever shows it. */
static void test_message_within_a_reason(void **state)
{
	struct wire_result sent = refused();

	(void)state;
	memset(sent.report.why.text, 'm', REASON_MESSAGE_SIZE);
	sent.report.why.text[REASON_MESSAGE_SIZE] = '\0';
	sent.report.why.message_start = 0;
	sent.report.why.message_end = REASON_MESSAGE_SIZE;
	assert_int_equal(send_result(&sent), -EBADMSG);
	sent.report.why.message_end = REASON_MESSAGE_SIZE - 1;
	assert_int_equal(send_result(&sent), 0);
}

/* A message that was cut, or has a byte behind its end, is refused, and `ret` is not touched. */
static void test_lengths(void **state)
{
	struct wire_result results[] = { registered(), refused() };
	struct wire_message untouched;

	(void)state;
	for (size_t i = 0; i < COUNT(results); i++) {
		size_t length = wire_format_result(bytes, &results[i]);

		memset(&message, 0xa5, sizeof message);
		untouched = message;
		for (size_t cut = 0; cut < length; cut++)
			assert_int_equal(wire_parse(&message, bytes, cut), -EBADMSG);
		bytes[length] = 0;
		assert_int_equal(wire_parse(&message, bytes, length + 1), -EBADMSG);
		assert_memory_equal(&message, &untouched, sizeof message);
	}
}

static void test_other_kinds(void **state)
{
	size_t length = wire_format_go(bytes);

	(void)state;
	bytes[4] = WIRE_STEP; /* without its field */
	assert_int_equal(wire_parse(&message, bytes, length), -EBADMSG);
	bytes[4] = 0;
	assert_int_equal(wire_parse(&message, bytes, length), -EBADMSG);
	bytes[4] = WIRE_FINDING + 1;
	assert_int_equal(wire_parse(&message, bytes, length), -EBADMSG);
	length = wire_format_step(bytes, STEP_WAITING);
	bytes[4] = WIRE_GO; /* with a field */
	assert_int_equal(wire_parse(&message, bytes, length), -EBADMSG);
	length = wire_format_go(bytes);
	bytes[8] = 1; /* a number of its own */
	assert_int_equal(wire_parse(&message, bytes, length), -EBADMSG);
}

/* A byte that is not what it was is refused, or gives a message that is valid in itself. */
static void test_every_byte(void **state)
{
	struct wire_result sent = registered();
	unsigned char altered[WIRE_MAX];
	size_t length = wire_format_result(bytes, &sent);

	(void)state;
	for (size_t i = 0; i < length; i++) {
		for (unsigned int value = 0; value < 256; value++) {
			memcpy(altered, bytes, length);
			altered[i] = (unsigned char)value;
			memset(&message, 0, sizeof message);
			if (wire_parse(&message, altered, length) == 0 &&
			    message.kind == WIRE_RESULT)
				assert_int_equal(wire_format_result(altered, &message.result),
						 length);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_registered),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_longest_texts),
		cmocka_unit_test(test_steps_and_go),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_anchor),
		cmocka_unit_test(test_findings),
		cmocka_unit_test(test_removals),
		cmocka_unit_test(test_escapes_what_is_not_printable),
		cmocka_unit_test(test_outcomes),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_reports),
		cmocka_unit_test(test_message_within_a_reason),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_other_kinds),
		cmocka_unit_test(test_every_byte),
	};

	return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
