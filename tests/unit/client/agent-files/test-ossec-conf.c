/* SPDX-License-Identifier: ISC */
#include "tests/unit/support.h"

#include "client/agent-files/ossec-conf.h"

#include <stdlib.h>

/*
 * What the parser makes of a text: "DEPTH KIND NAME=VALUE" for each item, one a line, where KIND is
 * "" for elements, "@" for attributes, "$" for variables.
 */
static char *items_of(const char *text, enum agent_generation generation)
{
	static const char *const kinds[] = { "", "@", "$" };
	struct ossec_conf conf = { 0 };
	struct reason why = { "" };
	size_t length;
	char *ret = NULL;
	FILE *stream;
	int r = ossec_conf_parse(&conf, text, strlen(text), generation, &why);

	if (r < 0)
		return strdup(why.text);
	stream = open_memstream(&ret, &length);
	for (size_t i = 0; i < conf.count; i++)
		(void)fprintf(stream, "%zu%s %s=%s\n", conf.items[i].depth,
			      kinds[conf.items[i].kind], conf.items[i].name, conf.items[i].value);
	(void)fclose(stream);
	ossec_conf_clear(&conf);
	return ret;
}

static void check_items(const char *text, enum agent_generation generation, const char *wanted)
{
	char *items = items_of(text, generation);

	if (strcmp(items, wanted) != 0)
		print_error("of %s\n", text);
	assert_string_equal(items, wanted);
	free(items);
}

/* What is the same for all agents. */
static void test_syntax(void **state)
{
	static const struct {
		const char *text, *items;
	} rows[] = {
		{ "", "" },
		{ "no element at all", "" },
		{ "<a>1</a>", "0 a=1\n" },
		{ "x <a>1</a> y <b></b> z", "0 a=1\n0 b=\n" },
		/* values as they stand */
		{ "<a> 1\n2 </a>", "0 a= 1\n2 \n" },
		{ "<a>1\r\n</a>\r\n", "0 a=1\r\n\n" },
		{ "<a>x && y &amp; > \"</a>", "0 a=x && y &amp; > \"\n" },
		{ "<a>\\<b\\></a>", "0 a=\\<b\\>\n" },
		/* children, and what is behind them */
		{ "<a>x<b>1</b>y<b>2</b>z</a>", "0 a=z\n1 b=1\n1 b=2\n" },
		{ "<a><b><c>1</c></b></a>", "0 a=\n1 b=\n2 c=1\n" },
		/* comments, wherever they stand */
		{ "<!-- <a>1</a> --><b>2</b>", "0 b=2\n" },
		{ "<! <a>1</a> !><b>2</b>", "0 b=2\n" },
		{ "<!-- <a>1</a> !><b>2</b>", "0 b=2\n" },
		{ "<!--><b>2</b>", "0 b=2\n" },
		{ "<!-- a --- b ---><b>2</b>", "0 b=2\n" },
		{ "<a>1<!-- 2 -->3</a>", "0 a=13\n" },
		{ "<a<!-- x -->b>1</a<! y !>b>", "0 ab=1\n" },
		{ "<a><!-- <b>1</b> --></a>", "0 a=\n" },
		/* empty elements and attributes */
		{ "<a/>", "0 a=\n" },
		{ "<a /><b/>", "0 a=\n0 b=\n" },
		{ "<a><b /></a>", "0 a=>\n1 b=\n" },
		{ "<a b=\"1\" c= '2'>3</a>", "0 a=3\n0@ b=1\n0@ c=2\n" },
		{ "<a\n\tb=\"1\"\n>3</a>", "0 a=3\n0@ b=1\n" },
		{ "<a b='<c'>3</a>", "0 a=3\n0@ b=<c\n" },
		{ "<a b=\"x/y\"/>", "0 a=\n0@ b=x/y\n" },
		{ "<>1</>", "0 =1\n" },
		/* variables */
		{ "<var name=\"V\">1</var><a>$V</a>", "0$ var=1\n0@ name=V\n0 a=$V\n" },
		{ "<a><VaR name=\"V\">1</VaR></a>", "0 a=\n1$ VaR=1\n1@ name=V\n" },
		{ "<a VAR='1'>2</a>", "0 a=2\n0$ VAR=1\n" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		check_items(rows[i].text, AGENT_OSSEC, rows[i].items);
		check_items(rows[i].text, AGENT_WAZUH, rows[i].items);
		check_items(rows[i].text, AGENT_WAZUH_5, rows[i].items);
	}
}

/* Where the agents differ from each other. */
static void test_generations(void **state)
{
	static const char declared[] = "<?xml version=\"1.0\"?>\n<a>1</a>";
	static const char marked[] = "\xef\xbb\xbf<?xml?><a>1</a>";

	(void)state;
	check_items(declared, AGENT_OSSEC, "0 a=1\n");
	check_items(marked, AGENT_OSSEC, "0 a=1\n");
	check_items("<?xml <a>1</a>", AGENT_OSSEC, "line 1: the XML declaration does not end");
	check_items(declared, AGENT_WAZUH,
		    "line 1: neither a blank nor the end of the tag follows the attribute: "
		    "version");
	/* two backslashes: does the second one escape? */
	check_items("<a>\\\\<b>1</b></a>", AGENT_OSSEC,
		    "line 1: an element is not closed by the same name: a");
	check_items("<a>\\\\<b>1</b></a>", AGENT_WAZUH, "0 a=\n1 b=1\n");
	/* 0xff is the end of the file to Wazuh, behind a "<" */
	check_items("\\<\xff<a>1</a>", AGENT_OSSEC, "0 a=1\n");
	check_items("\\<\xff<a>1</a>", AGENT_WAZUH, "");
	check_items("<!-- -\xff --><a>1</a>", AGENT_OSSEC, "0 a=1\n");
	check_items("<!-- -\xff --><a>1</a>", AGENT_WAZUH,
		    "line 1: a comment begins here that does not end");
}

static void test_faults(void **state)
{
	static const struct {
		const char *text, *fault;
	} rows[] = {
		{ "\n<!-- a\n\n", "line 2: a comment begins here that does not end" },
		{ "<a>\n1", "line 1: an element is not closed: a" },
		{ "<a>\n<b>\n</a>\n</b>", "line 2: an element is not closed by the same name: b" },
		{ "\n</a>", "line 2: an element is closed that was not opened" },
		{ "<a>1</a >", "line 1: an element is not closed by the same name: a" },
		{ "<a b>1</a>", "line 1: an attribute has no value: b" },
		{ "<a b =\"1\">1</a>", "line 1: an attribute has no value: b" },
		{ "<a b=1>1</a>", "line 1: no quote follows the attribute: b" },
		{ "<a b=\"1\"c>1</a>", "line 1: neither a blank nor the end of the tag follows the "
				       "attribute: b" },
		{ "<a b=\"1\"\nb=\"2\">1</a>", "line 2: an attribute is there twice: b" },
		{ "<a b=\"1>\">1</a>", "line 1: the attribute is not closed: b" },
		{ "<a b=\"1", "line 1: the file ends within a tag" },
		{ "<", "line 1: an element is not closed: " },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		check_items(rows[i].text, AGENT_OSSEC, rows[i].fault);
		check_items(rows[i].text, AGENT_WAZUH, rows[i].fault);
	}
}

static bool is_taken(const char *text, enum agent_generation generation)
{
	struct ossec_conf conf = { 0 };
	int r = ossec_conf_parse(&conf, text, strlen(text), generation, NULL);

	ossec_conf_clear(&conf);
	return r == 0;
}

/* With `count` characters for each "#" in the pattern. */
static bool takes(const char *pattern, size_t count, enum agent_generation generation)
{
	size_t length;
	char *text = NULL;
	FILE *stream = open_memstream(&text, &length);
	bool taken;

	for (; *pattern; pattern++)
		for (size_t i = 0; i < (*pattern == '#' ? count : 1); i++)
			(void)fputc(*pattern, stream);
	(void)fclose(stream);
	taken = is_taken(text, generation);
	free(text);
	return taken;
}

static void test_limits(void **state)
{
	static const char *const patterns[] = {
		"<a>#</a>", "<#>1</#>", "<a #=\"\"/>", "<a b=\"#\"/>", "<a>#<b/></a>",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(patterns); i++) {
		assert_true(takes(patterns[i], 8191, AGENT_OSSEC));
		assert_false(takes(patterns[i], 8192, AGENT_OSSEC));
		assert_true(takes(patterns[i], 20479, AGENT_WAZUH));
		assert_false(takes(patterns[i], 20480, AGENT_WAZUH));
	}
	/* comments count for nothing, nor what is between elements */
	assert_true(takes("<a><!-- # --></a>", 100000, AGENT_OSSEC));
	assert_true(takes("#<a>1</a>", 100000, AGENT_OSSEC));
}

/* `count` times `begin`, then `count` times `end`. */
static char *nested(const char *begin, const char *end, size_t count)
{
	size_t length;
	char *ret = NULL;
	FILE *stream = open_memstream(&ret, &length);

	for (size_t i = 0; i < count; i++)
		(void)fputs(begin, stream);
	for (size_t i = 0; i < count; i++)
		(void)fputs(end, stream);
	(void)fclose(stream);
	return ret;
}

static void test_nesting(void **state)
{
	char *text = nested("<a>", "</a>", 1024);

	(void)state;
	assert_true(is_taken(text, AGENT_WAZUH));
	assert_true(is_taken(text, AGENT_OSSEC));
	free(text);
	text = nested("<a>", "</a>", 1025);
	assert_false(is_taken(text, AGENT_WAZUH));
	assert_false(is_taken(text, AGENT_OSSEC));
	free(text);
	text = nested("<a/>", "", OSSEC_CONF_ITEMS_MAX);
	assert_true(is_taken(text, AGENT_WAZUH));
	free(text);
	text = nested("<a/>", "", OSSEC_CONF_ITEMS_MAX + 1);
	assert_false(is_taken(text, AGENT_WAZUH));
	free(text);
}

static void test_attribute_count(void **state)
{
	char text[2048] = "<a";

	(void)state;
	for (int i = 0; i < 49; i++)
		(void)snprintf(text + strlen(text), sizeof text - strlen(text), " b%d='%d'", i, i);
	assert_true(is_taken(strcat(text, "/>"), AGENT_WAZUH));
	text[strlen(text) - 2] = '\0';
	assert_false(is_taken(strcat(text, " />"), AGENT_WAZUH));
	assert_true(is_taken(text, AGENT_OSSEC));
}

/* What stands where: that is what the writer goes by. */
static void test_places(void **state)
{
	static const char text[] = "x\n<a k=\"v\">\n <b>12</b>\n <c><!-- -->3</c><d/><e /></a>";
	static const struct {
		const char *whole, *value;
		size_t line;
		bool is_plain, is_empty_tag, has_children;
	} rows[] = {
		{ "<a k=\"v\">\n <b>12</b>\n <c><!-- -->3</c><d/><e /></a>", ">", 2, false, false,
		  true },
		{ "k=\"v\"", "v", 2, true, false, false },
		{ "<b>12</b>", "12", 3, true, false, false },
		{ "<c><!-- -->3</c>", "<!-- -->3", 4, false, false, false },
		{ "<d/>", "", 4, false, true, false },
		{ "<e />", "", 4, false, true, false },
	};
	struct ossec_conf conf;

	(void)state;
	assert_int_equal(ossec_conf_parse(&conf, text, strlen(text), AGENT_WAZUH, NULL), 0);
	assert_int_equal(conf.count, COUNT(rows));
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct ossec_conf_item *item = &conf.items[i];

		check_row(rows[i].whole, item->end - item->begin == strlen(rows[i].whole));
		assert_memory_equal(text + item->begin, rows[i].whole, strlen(rows[i].whole));
		check_row(rows[i].whole,
			  item->value_end - item->value_begin == strlen(rows[i].value));
		assert_memory_equal(text + item->value_begin, rows[i].value, strlen(rows[i].value));
		check_row(rows[i].whole, item->line == rows[i].line);
		check_row(rows[i].whole, item->is_plain == rows[i].is_plain);
		check_row(rows[i].whole, item->is_empty_tag == rows[i].is_empty_tag);
		check_row(rows[i].whole, item->has_children == rows[i].has_children);
	}
	ossec_conf_clear(&conf);
}

/* A null byte is the end of a name and of a value, but not of the file. */
static void test_null_bytes(void **state)
{
	static const char text[] = "<a\0b>1\0002</a\0c><d>3</d>";
	struct ossec_conf conf;

	(void)state;
	assert_int_equal(ossec_conf_parse(&conf, text, sizeof text - 1, AGENT_WAZUH, NULL), 0);
	assert_int_equal(conf.count, 2);
	assert_string_equal(conf.items[0].name, "a");
	assert_string_equal(conf.items[0].value, "1");
	assert_false(conf.items[0].is_plain);
	assert_string_equal(conf.items[1].value, "3");
	ossec_conf_clear(&conf);
}

/* As the readers of the agents go through the list. */
static void test_children(void **state)
{
	static const char text[] =
		"<r><a i=\"1\"/><var name=\"v\"><a/></var><b/></r><var/><r><c/></r>";
	struct ossec_conf conf;
	size_t root, child;

	(void)state;
	assert_int_equal(ossec_conf_parse(&conf, text, strlen(text), AGENT_WAZUH, NULL), 0);
	root = ossec_conf_child(&conf, OSSEC_CONF_NONE, OSSEC_CONF_NONE);
	assert_true(ossec_conf_is(&conf, root, "r"));
	child = ossec_conf_child(&conf, root, OSSEC_CONF_NONE);
	assert_true(ossec_conf_is(&conf, child, "a"));
	assert_string_equal(conf.items[ossec_conf_attribute(&conf, child, "i")].value, "1");
	assert_int_equal(ossec_conf_attribute(&conf, child, "j"), OSSEC_CONF_NONE);
	child = ossec_conf_child(&conf, root, child);
	assert_true(ossec_conf_is(&conf, child, "b"));
	assert_int_equal(ossec_conf_child(&conf, root, child), OSSEC_CONF_NONE);
	root = ossec_conf_child(&conf, OSSEC_CONF_NONE, root);
	assert_true(ossec_conf_is(&conf, root, "r"));
	child = ossec_conf_child(&conf, root, OSSEC_CONF_NONE);
	assert_true(ossec_conf_is(&conf, child, "c"));
	ossec_conf_clear(&conf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_syntax),   cmocka_unit_test(test_generations),
		cmocka_unit_test(test_faults),   cmocka_unit_test(test_limits),
		cmocka_unit_test(test_nesting),  cmocka_unit_test(test_attribute_count),
		cmocka_unit_test(test_places),   cmocka_unit_test(test_null_bytes),
		cmocka_unit_test(test_children),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
