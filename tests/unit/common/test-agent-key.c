/* SPDX-License-Identifier: ISC */
#include "tests/unit/support.h"

#include "common/agent-key.h"

#define HEX64 "48a99873149358e48b13273c4ad07c44ed402bcb71fc94869f3e76b2f27637db"
#define REPEAT10(text) text text text text text text text text text text
#define A127 REPEAT10("aaaaaaaaaaaa") "aaaaaaa"
#define A255 A127 A127 "a"

struct row {
	const char *text;
	bool valid;
};

static void check_rows(const struct row *rows, size_t count, bool (*rule)(const char *, size_t))
{
	for (size_t i = 0; i < count; i++)
		check_row(rows[i].text, rule(rows[i].text, strlen(rows[i].text)) == rows[i].valid);
}

static void test_ids(void **state)
{
	static const struct row rows[] = {
		{ "1", true },          { "001", true },      { "1024", true },
		{ "12345678", true },   { "00000000", true }, { "", false },
		{ "123456789", false }, { "-1", false },      { "1a", false },
		{ " 1", false },        { "1 ", false },      { "+1", false },
		{ "\xd9\xa1", false },
	};

	(void)state;
	check_rows(rows, COUNT(rows), agent_id_is_valid);
	assert_false(agent_id_is_valid("1\0002", 3));
}

static void test_names(void **state)
{
	static const struct row rows[] = {
		{ "ab", true },       { "..", true },
		{ "--", true },       { "_a", true },
		{ "10.1.2.3", true }, { "a.b-c_d.example.org", true },
		{ "A0", true },       { A127, true },
		{ A127 "a", true },   { "", false },
		{ "a", false },       { A127 "aa", false },
		{ "a b", false },     { "a/b", false },
		{ "#ab", false },     { "!ab", false },
		{ "a*b", false },     { "A:b", false },
		{ "it's", false },    { "a\tb", false },
		{ "a\n", false },     { "\xc3\xa9\x31", false },
		{ "a\x7f", false },
	};

	(void)state;
	check_rows(rows, COUNT(rows), agent_name_is_valid);
	assert_false(agent_name_is_valid("a\0b", 3));
	for (size_t i = 0; i < COUNT(rows); i++)
		check_row(rows[i].text,
			  agent_name_is_registrable(rows[i].text, strlen(rows[i].text)) ==
				  (rows[i].valid && rows[i].text[0] != '.'));
}

/* Every byte, so that no range is off by one. */
static void test_name_characters(void **state)
{
	static const char allowed[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";

	(void)state;
	for (int byte = 0; byte < 256; byte++) {
		const char name[] = { 'a', (char)byte };
		bool valid = byte != 0 && strchr(allowed, byte);

		if (agent_name_is_valid(name, 2) != valid)
			fail_msg("byte 0x%02x is judged wrongly in a name", byte);
		if (agent_group_is_valid(name + 1, 1) != (valid && byte != '.'))
			fail_msg("byte 0x%02x is judged wrongly in a group", byte);
		if (agent_id_is_valid(name + 1, 1) != (byte >= '0' && byte <= '9'))
			fail_msg("byte 0x%02x is judged wrongly in an id", byte);
	}
}

static void test_ips(void **state)
{
	static const struct row rows[] = {
		{ "any", true },
		{ "10.0.0.1", true },
		{ "10.0.0.0/0", true },
		{ "10.0.0.0/24", true },
		{ "10.0.0.1/32", true },
		{ "10.9.0.0/255.255.0.0", true },
		{ "0.0.0.0/0", true },
		{ "::1", true },
		{ "2001:db8::1", true },
		{ "2001:db8::/64", true },
		{ "::/0", false },
		{ "FE80:0000:0000:0000:0000:0000:0000:0001", true },
		{ "::1/128", true },
		{ "::ffff:10.0.0.1", true },
		{ "", false },
		{ "Any", false },
		{ "any/8", false },
		{ "src", false },
		{ "10.0.0", false },
		{ "300.1.1.1", false },
		{ "10.0.0.1/", false },
		{ "10.0.0.1/33", false },
		{ "10.0.0.1/-1", false },
		{ "10.0.0.1/1000", false },
		{ "10.0.0.0/24/8", false },
		{ "10.0.0.0/255.255", false },
		{ "10.0.0.1 ", false },
		{ " 10.0.0.1", false },
		{ "/24", false },
		{ "::1/129", false },
		{ "::1/255.0.0.0", false },
		{ "[::1]", false },
		{ "fe80::1%eth0", false },
		{ "1::2::3", false },
		{ "!10.0.0.1", true },
		{ "!!10.0.0.1", false },
		{ "10.0.0.0/08", false },
		{ "10.0.0.1\n", false },
		{ "foo", false },
		{ "10.0.0.0/24x", false },
		{ "10.0.0.0/ 24", false },
	};

	(void)state;
	check_rows(rows, COUNT(rows), agent_ip_is_valid);
	assert_false(agent_ip_is_valid("any\0", 4));
	assert_false(agent_ip_is_valid(A127, AGENT_IP_MAX + 1));
}

static void test_groups(void **state)
{
	static const struct row rows[] = {
		{ "a", true },       { "default", true }, { "a.b_c-d", true }, { "...", true },
		{ ".a", true },      { A255, true },      { "", false },       { ".", false },
		{ "..", false },     { A255 "a", false }, { "a,b", false },    { "we b", false },
		{ "web@db", false }, { "../etc", false }, { "web'", false },
	};

	(void)state;
	check_rows(rows, COUNT(rows), agent_group_is_valid);
}

static void test_parse(void **state)
{
	static const struct {
		const char *line;
		enum agent_key_fault fault;
	} rows[] = {
		{ "001 web-01 any " HEX64, AGENT_KEY_OK },
		{ "12345678 web-01 10.0.0.0/24 zz", AGENT_KEY_OK },
		{ "000 ab ::1 " A127 "a", AGENT_KEY_OK },
		{ "", AGENT_KEY_FIELDS },
		{ "001", AGENT_KEY_FIELDS },
		{ "001 web-01 any", AGENT_KEY_FIELDS },
		{ "001 web-01 any ", AGENT_KEY_FIELDS },
		{ "001 web-01 any " HEX64 " ", AGENT_KEY_FIELDS },
		{ "001 web-01 any " HEX64 " more", AGENT_KEY_FIELDS },
		{ "001  web-01 any " HEX64, AGENT_KEY_FIELDS },
		{ " 001 web-01 any " HEX64, AGENT_KEY_FIELDS },
		{ " web-01 any " HEX64, AGENT_KEY_FIELDS },
		{ "0a1 web-01 any " HEX64, AGENT_KEY_ID },
		{ "123456789 web-01 any " HEX64, AGENT_KEY_ID },
		{ "001 !web-01 any " HEX64, AGENT_KEY_NAME },
		{ "001 #web-01 any " HEX64, AGENT_KEY_NAME },
		{ "001 a/b any " HEX64, AGENT_KEY_NAME },
		{ "001 \xc3\xa9 any " HEX64, AGENT_KEY_NAME },
		{ "001 a any " HEX64, AGENT_KEY_OK },
		{ "001 .web%01 any " HEX64, AGENT_KEY_OK },
		{ "001 " A127 "aa any " HEX64, AGENT_KEY_NAME },
		{ "001 web-01 foo " HEX64, AGENT_KEY_IP },
		{ "001 web-01 #any " HEX64, AGENT_KEY_IP },
		{ "001 web-01 any a", AGENT_KEY_OK },
		{ "001 web-01 any !#$%&'()*+,-./:;<=>?@[]^_`{|}~", AGENT_KEY_OK },
		{ "001 web-01 any \xc3\xa9", AGENT_KEY_KEY },
		{ "001 web-01 any a\x7f", AGENT_KEY_KEY },
		{ "001 web-01 any " A127 "aa", AGENT_KEY_KEY },
		{ "001 web-01 any " HEX64 "\r", AGENT_KEY_KEY },
		{ "001 web-01 any " HEX64 "\n", AGENT_KEY_KEY },
		{ "001\tweb-01\tany\t" HEX64, AGENT_KEY_FIELDS },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct agent_key key = { .id = "before" };
		char line[AGENT_LINE_SIZE + 1];
		size_t length;

		check_row(rows[i].line, agent_key_parse(&key, rows[i].line, strlen(rows[i].line)) ==
						rows[i].fault);
		check_row(rows[i].line, *agent_key_fault_text(rows[i].fault) != '\0');
		if (rows[i].fault != AGENT_KEY_OK) {
			check_row(rows[i].line, strcmp(key.id, "before") == 0);
			continue;
		}
		length = agent_key_format(line, &key);
		check_row(rows[i].line, length == strlen(rows[i].line) + 1 &&
						line[length - 1] == '\n' &&
						memcmp(line, rows[i].line, length - 1) == 0);
	}
}

/* What a manager may have sent; the words are those that programs print for "nothing". */
static void test_parse_received(void **state)
{
	static const struct {
		const char *line;
		enum agent_key_fault fault;
	} rows[] = {
		{ "001 web-01 any " HEX64, AGENT_KEY_OK },
		{ "1024 .. 10.0.0.1 " HEX64, AGENT_KEY_RECEIVED_NAME },
		{ "001 .web any " HEX64, AGENT_KEY_RECEIVED_NAME },
		{ "001 a any " HEX64, AGENT_KEY_RECEIVED_NAME },
		{ "001 web%01 any " HEX64, AGENT_KEY_RECEIVED_NAME },
		{ "001 web-01 any ZZZZZZZZZZZZZZZZzzzzzzzzzzzzzzzz00000000000000009999999999999999",
		  AGENT_KEY_OK },
		{ "001 web-01 any " A127 "a", AGENT_KEY_OK },
		{ "001 web-01 any " A127 "aa", AGENT_KEY_KEY },
		{ "001 web-01 any 48a99873149358e48b13273c4ad07c44ed402bcb71fc94869f3e76b2f27637d",
		  AGENT_KEY_NOT_GENUINE },
		{ "001 web-01 any 48a99873149358e48b13273c4ad07c44", AGENT_KEY_NOT_GENUINE },
		{ "001 web-01 any -8a99873149358e48b13273c4ad07c44ed402bcb71fc94869f3e76b2f27637db",
		  AGENT_KEY_NOT_GENUINE },
		{ "001 web-01 any 5f0c0c1e-7a1e-4f0e-9d6b-1a2b3c4d5e6f", AGENT_KEY_NOT_GENUINE },
		{ "001 web-01 any null", AGENT_KEY_NOT_GENUINE },
		{ "001 web-01 any None", AGENT_KEY_NOT_GENUINE },
		{ "001 web-01 any undefined", AGENT_KEY_NOT_GENUINE },
		{ "001 web-01 any false", AGENT_KEY_NOT_GENUINE },
		{ "001 web-01 any <nil>", AGENT_KEY_NOT_GENUINE },
		{ "001 web-01 any -", AGENT_KEY_NOT_GENUINE },
		{ "001 web-01 10.0.0.0/08 " HEX64, AGENT_KEY_IP },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct agent_key key = { .id = "before" };

		check_row(rows[i].line,
			  agent_key_parse_received(&key, rows[i].line, strlen(rows[i].line)) ==
				  rows[i].fault);
		check_row(rows[i].line, *agent_key_fault_text(rows[i].fault) != '\0');
		check_row(rows[i].line,
			  (strcmp(key.id, "before") != 0) == (rows[i].fault == AGENT_KEY_OK));
	}
}

static void test_parse_takes_no_more_than_its_length(void **state)
{
	struct agent_key key;

	(void)state;
	assert_int_equal(agent_key_parse(&key, "001 ab any xyz", 13), AGENT_KEY_OK);
	assert_string_equal(key.id, "001");
	assert_string_equal(key.name, "ab");
	assert_string_equal(key.ip, "any");
	assert_string_equal(key.key, "xy");
	assert_int_equal(agent_key_parse(&key, "001 ab any x\0z", 14), AGENT_KEY_KEY);
}

/*
 * The widest record there can be fits the line that is meant for it, with its newline and
 * terminator.
 */
static void test_format_widest(void **state)
{
	struct agent_key key;
	char line[AGENT_LINE_SIZE + 1];

	(void)state;
	memset(&key, '9', sizeof key);
	key.id[AGENT_ID_MAX] = key.name[AGENT_NAME_MAX] = key.ip[AGENT_IP_MAX] =
		key.key[AGENT_KEY_MAX] = '\0';
	assert_int_equal(agent_key_format(line, &key),
			 AGENT_ID_MAX + AGENT_NAME_MAX + AGENT_IP_MAX + AGENT_KEY_MAX + 4);
	assert_string_equal(line + AGENT_LINE_SIZE - 2, "\n");
}

static void test_usual(void **state)
{
	static const struct row rows[] = {
		{ "001 ab any " HEX64, true },
		{ "001 ab any 0123456789ABCDEF0123456789ABCDEF0123456789abcdef0123456789abcdef",
		  true },
		{ "001 ab any " HEX64 "0", false },
		{ "001 ab any g8a99873149358e48b13273c4ad07c44ed402bcb71fc94869f3e76b2f27637db",
		  false },
		{ "001 ab any abc", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct agent_key key;

		check_row(rows[i].text, agent_key_parse(&key, rows[i].text, strlen(rows[i].text)) ==
						AGENT_KEY_OK);
		check_row(rows[i].text, agent_key_is_usual(&key) == rows[i].valid);
	}
}

/*
 * The first is from the sources of Wazuh, the second is what a real agent-auth sent for its key
 * file.
 */
static void test_hash(void **state)
{
	static const struct {
		const char *line, *hash;
	} rows[] = {
		{ "001 test_user any " HEX64, "504f2f52d0e9d5fd9a12875aa86fa588dab2a43e" },
		{ "003 oldname any "
		  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		  "da09b7d0cd525da05b6131e38399b3ac39561ee0" },
		{ "003 oldname 10.0.0.1 "
		  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		  "da09b7d0cd525da05b6131e38399b3ac39561ee0" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct agent_key key;
		char hash[AGENT_KEY_HASH_SIZE];

		check_row(rows[i].line, agent_key_parse(&key, rows[i].line, strlen(rows[i].line)) ==
						AGENT_KEY_OK);
		check_row(rows[i].line, agent_key_hash(hash, &key) == 0);
		assert_string_equal(hash, rows[i].hash);
	}
}

/* Two keys are the same one only if all of them is. */
static void test_equal(void **state)
{
	const struct agent_key key = { .id = "001", .name = "ab", .ip = "any", .key = "xy" };
	struct agent_key others[] = { key, key, key, key };

	(void)state;
	assert_true(agent_key_equal(&key, &others[0]));
	others[0].id[2] = '2';
	others[1].name[1] = 'c';
	others[2].ip[2] = 'x';
	others[3].key[1] = 'z';
	for (size_t i = 0; i < COUNT(others); i++)
		assert_false(agent_key_equal(&key, &others[i]));
}

static void test_wipe(void **state)
{
	static const struct agent_key zeros;
	struct agent_key key;

	(void)state;
	memset(&key, 'x', sizeof key);
	agent_key_wipe(&key);
	assert_memory_equal(&key, &zeros, sizeof key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_name_characters),
		cmocka_unit_test(test_ips),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_parse_received),
		cmocka_unit_test(test_parse_takes_no_more_than_its_length),
		cmocka_unit_test(test_format_widest),
		cmocka_unit_test(test_usual),
		cmocka_unit_test(test_hash),
		cmocka_unit_test(test_equal),
		cmocka_unit_test(test_wipe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
