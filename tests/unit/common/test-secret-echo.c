/* SPDX-License-Identifier: ISC */
#include "tests/unit/support.h"

#include "common/secret-echo.h"

#define PASSWORD "T0p \"Secret\"&<x>+\\y"
#define KEY "48a99873149358e48b13273c4ad07c44ed402bcb71fc94869f3e76b2f27637db"

struct row {
	const char *secret, *text;
	bool is_there;
};

static void check_rows(const struct row *rows, size_t count, enum secret_echo_rule rule)
{
	for (size_t i = 0; i < count; i++)
		check_row(rows[i].text,
			  secret_echo_is_in(rows[i].text, strlen(rows[i].text), rows[i].secret,
					    strlen(rows[i].secret), rule) == rows[i].is_there);
}

/* How servers and proxies write what they have received; each in a row, so by that form alone. */
static void test_forms(void **state)
{
	static const struct row rows[] = {
		{ PASSWORD, "you said " PASSWORD, true },
		{ PASSWORD, "YOU SAID T0P \"SECRET\"&<X>+\\Y", true },
		{ PASSWORD, "y\\+>x<&\"terceS\" p0T", true },
		/* JSON, and JSON in JSON */
		{ PASSWORD, "{\"detail\":\"T0p \\\"Secret\\\"&<x>+\\\\y\"}", true },
		{ PASSWORD, "\"\\\"T0p \\\\\\\"Secret\\\\\\\"&<x>+\\\\\\\\y\\\"\"", true },
		{ "Gr\xc3\xb6\xc3\x9f"
		  "e-20",
		  "{\"password\": \"Gr\\u00f6\\u00dfe-20\"}", true },
		/* URLs, their forms, twice, and the way of old scripts */
		{ PASSWORD, "?p=T0p%20%22Secret%22%26%3Cx%3E%2B%5Cy", true },
		{ PASSWORD, "p=T0p+%22Secret%22%26%3cx%3e%2b%5cy&q=", true },
		{ PASSWORD, "T0p%2520%2522Secret%2522%2526%253Cx%253E%252B%255Cy", true },
		{ PASSWORD, "%u0054%u0030p %22Secret%22&<x>+\\y", true },
		{ "Gr\xc3\xb6\xc3\x9f"
		  "e-20",
		  "Gr%C3%B6%C3%9Fe-20", true },
		{ "correct horse", "p=correct+horse", true },
		{ "correct+horse", "p=correct horse", true },
		/* HTML */
		{ PASSWORD, "<b>T0p &quot;Secret&quot;&amp;&lt;x&gt;+\\y</b>", true },
		{ PASSWORD, "T0p &#34;Secret&#x22;&#38;&#60;x&#62;&#43;&#92;y", true },
		{ "it's-5", "it&apos;s-5 it&#39;s-5", true },
		/* C, and what prints bytes like it */
		{ PASSWORD, "b'T0p \"Secret\"&<x>+\\\\y'", true },
		{ "a\tb-45", "a\\tb-45", true },
		{ "T0p-5", "\\x54\\x30\\x70\\x2d\\x35", true },
		{ "T0p-5", "\\1240\\160\\055\\065", true },
		/* numbers */
		{ "T0p-5", "5430702d35", true },
		{ "T0p-5", "54 30 70 2D 35", true },
		{ "T0p-5", "54:30:70:2d:35", true },
		{ "T0p-5", "5430 702d 35", true },
		{ "T0p-5", "<Buffer 54 30 70 2d 35>", true },
		{ "T0p-5", "{ 0x54, 0x30, 0x70, 0X2D, 0x35 }", true },
		{ "T0p-5", "[84, 48, 112, 45, 53]", true },
		{ "T0p-5", "[84 48 112 45 53]", true },
		{ "T0p-5", "{\"type\":\"Buffer\",\"data\":[84,48,112,45,53]}", true },
		{ "T0p-5", "5430702d", false },
		{ "T0p-5", "[84, 48, 112, 45, 530]", false },
		{ "T0p-5", "543070 and 2d35", false },
		/* base64, behind whatever else was encoded */
		{ "T0p-56", "VDBwLTU2", true },
		{ "T0p-56", "Basic YTpUMHAtNTY=", true },              /* a:... */
		{ "T0p-56", "Basic dXNlcjpUMHAtNTY=", true },          /* user:... */
		{ "T0p-56", "Basic YWRtaW46VDBwLTU2", true },          /* admin:... */
		{ "T0p-56", "eyJwYXNzd29yZCI6IlQwcC01NiJ9", true },    /* {"password":"..."} */
		{ "T0p-56", "eyJwYXNzd29yZCI6%0AIlQwcC01NiJ9", true }, /* in lines, in a URL */
		{ "T0p-56", "{\"a\":\"eyJwYXNzd29yZCI6IlQwc\\nC01NiJ9\"}", true }, /* in JSON */
		{ "~~~???", "fn5-Pz8_", true },                                    /* for URLs */
		{ "~~~???", "a=fn5%2BPz8%2F", true },
		{ "~~~???", "fn5 Pz8/", true }, /* a + that somebody took for a space */
		{ "T0p-56", "VDBwLTU", false },
	};

	(void)state;
	check_rows(rows, COUNT(rows), SECRET_ECHO_IN_A_ROW);
}

static void test_in_a_row(void **state)
{
	static const struct row rows[] = {
		{ "", "anything", false },
		{ "T0p!", "T0p!", false },
		{ "password", "password", false },
		{ "T0p!secret", "T0p!secre", false },
		{ "correct horse battery", "x ect horse battery", true },
		{ "correct horse battery", "ect horse, battery", false },
		{ "correct horse battery", "correct horse", false },
		{ "correcthorsebattery", "correcthorsebattery", true },
		{ "ManagerPassword1", "the manager says that the password is wrong", false },
		{ KEY, "48a99873149358e48b13273c4ad07c44", true },
		{ KEY, "48a99873149358e48b13273c4ad07c4", false },
	};

	(void)state;
	check_rows(rows, COUNT(rows), SECRET_ECHO_IN_A_ROW);
}

static void test_in_pieces(void **state)
{
	static const struct row rows[] = {
		{ "", "anything", false },
		{ "w", "a word", true },
		{ "password", "Invalid password", true },
		{ "TopSecret", "you said opSecret!", true },
		{ "TopSecret", "you said TopSec", false },
		{ "TopSecret", "one=TopS two=ecret", true },
		{ "TopSecret", "one=TopS two=ec", false },
		{ "..............abcdefghijkl............", "abcdefghijkl", true },
		{ "..............abcdefghijkl............", "abcdefghijk", false },
		{ KEY, "48a9-9873-1493", true },
		{ KEY, "a: NDhhOTk4NzMx, b: NDkzNThlNDhi", true },
		{ KEY, "34386139 and 3938373331343933", true },
		{ KEY, "34386139 and 39383733", false },
	};

	(void)state;
	check_rows(rows, COUNT(rows), SECRET_ECHO_IN_PIECES);
}

/* Secrets may be any bytes, and texts may be long. */
static void test_bytes(void **state)
{
	static const unsigned char secret[] = {
		0, 1, 0xfe, 0xff, 0, 'a', 'Z', 0x80, 9, 10, 11, 12
	};
	static char text[10000];

	(void)state;
	assert_true(secret_echo_is_in("AAH+/wBhWoAJCgsM", 16, secret, sizeof secret,
				      SECRET_ECHO_IN_A_ROW));
	assert_true(secret_echo_is_in("0001feff00615a80090a0b0c", 24, secret, sizeof secret,
				      SECRET_ECHO_IN_A_ROW));
	assert_false(secret_echo_is_in("0001feff00615a80090a0b0d", 24, secret, sizeof secret,
				       SECRET_ECHO_IN_A_ROW));
	assert_false(secret_echo_is_in("anything", 8, NULL, 0, SECRET_ECHO_IN_PIECES));
	memset(text, '.', sizeof text);
	memcpy(text + sizeof text - sizeof secret, secret, sizeof secret);
	assert_true(
		secret_echo_is_in(text, sizeof text, secret, sizeof secret, SECRET_ECHO_IN_A_ROW));
	assert_false(secret_echo_is_in(text, sizeof text - 1, secret, sizeof secret,
				       SECRET_ECHO_IN_A_ROW));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_in_a_row),
		cmocka_unit_test(test_in_pieces),
		cmocka_unit_test(test_bytes),
	};

	return cmocka_run_group_tests_name("secret-echo", tests, NULL, NULL);
}
