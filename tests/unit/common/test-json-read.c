/* SPDX-License-Identifier: ISC */
/* JSON that is read where there is no memory for it: no fault, and nothing else than it says. */
#include "tests/unit/support.h"

#include "common/cleanup.h"
#include "common/json-read.h"
#include "common/library-memory.h"

#include <limits.h>
#include <stdint.h>

#define LONG_WORD "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define LONG_TEXT_SIZE ((size_t)65536)

/* ------------------------------------------------------------------ memory */

static unsigned int calls, first_to_fail = UINT_MAX, last_to_fail = UINT_MAX;

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size)
{
	calls++;
	return calls >= first_to_fail && calls <= last_to_fail ? NULL : __real_malloc(size);
}

/* From the `first` call of malloc() on, up to the `last`, there is none (local.mk). */
static json_t *read_without(unsigned int first, unsigned int last, const char *text)
{
	json_t *value;

	calls = 0;
	first_to_fail = first;
	last_to_fail = last;
	value = json_read(text, strlen(text), JSON_DECODE_ANY);
	first_to_fail = last_to_fail = UINT_MAX;
	return value;
}

/* ------------------------------------------------------------------ texts */

static const struct {
	const char *what, *text;
} documents[] = {
	{ "a word", "\"" LONG_WORD "\"" },
	{ "a word with escapes", "[\"\\u0041\\n" LONG_WORD "\\\\\\\"" LONG_WORD "\\t\"]" },
	{ "names", "{\"" LONG_WORD "\":{\"" LONG_WORD "a\":null}}" },
	{ "numbers", "[1234567890123456,-12345678901234.5e12,0.0000000000000000000000001]" },
	{ "members", "{\"a\":1,\"b\":[true,false],\"c\":\"\",\"d\":{},\"e\":\"e\",\"f\":[],\"g\":1,"
		     "\"h\":2,\"i\":{\"j\":\"" LONG_WORD "\"}}" },
};

static void test_one_call_fails(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(documents); i++) {
		unsigned int nth = 0;

		do {
			unsigned long shortages = library_memory_shortages();
			json_t *value = read_without(nth + 1, nth + 1, documents[i].text);

			check_row(documents[i].what, !value == (calls > nth));
			check_row(documents[i].what,
				  (library_memory_shortages() != shortages) == (calls > nth));
			json_decref(value);
		} while (calls > nth++);
		check_row(documents[i].what, nth > 3);
	}
}

static void test_all_calls_fail(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(documents); i++) {
		unsigned int nth = 0;

		do
			check_row(documents[i].what,
				  !read_without(nth + 1, UINT_MAX, documents[i].text) ||
					  calls <= nth);
		while (calls > nth++);
	}
}

/* What takes the most memory for its length. None of them is a valid text in the end. */
static void test_reserve_is_large_enough(void **state)
{
	static const struct {
		const char *what, *head, *repeated;
	} texts[] = {
		{ "empty objects", "[", "{}," },
		{ "empty arrays", "[", "[]," },
		{ "digits", "[", "1," },
		{ "empty words", "[", "\"\"," },
		{ "objects in objects", "", "{\"\":" },
		{ "arrays in arrays", "", "[" },
		{ "objects in arrays", "", "[{\"\":" },
		{ "objects with a member", "[", "{\"\":0}," },
		{ "a word", "[\"", "a" },
		{ "escapes", "[\"", "\\u00ff" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		cleanup_free char *text = calloc(1, LONG_TEXT_SIZE + 1);
		size_t length = strlen(texts[i].repeated), used = strlen(texts[i].head);
		unsigned long shortages = library_memory_shortages();
		unsigned int in_all;

		assert_non_null(text);
		memcpy(text, texts[i].head, used);
		for (; used + length <= LONG_TEXT_SIZE; used += length)
			memcpy(text + used, texts[i].repeated, length);
		assert_null(read_without(UINT_MAX, UINT_MAX, text));
		in_all = calls;
		assert_int_equal(library_memory_shortages(), shortages);
		assert_null(read_without(2, UINT_MAX, text));
		check_row(texts[i].what, calls == in_all);
		check_row(texts[i].what, library_memory_shortages() == shortages + in_all - 1);
	}
}

static void test_what_is_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(documents); i++) {
		json_t *value = json_read(documents[i].text, strlen(documents[i].text),
					  JSON_DECODE_ANY);
		json_t *expected = json_loads(documents[i].text, JSON_DECODE_ANY, NULL);

		check_row(documents[i].what, value && json_equal(value, expected));
		json_decref(value);
		json_decref(expected);
	}
	assert_null(json_read("", 0, 0));
	assert_null(json_read("{", 1, 0));
	assert_null(json_read("{}", SIZE_MAX / 2, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_read),
		cmocka_unit_test(test_one_call_fails),
		cmocka_unit_test(test_all_calls_fail),
		cmocka_unit_test(test_reserve_is_large_enough),
	};

	json_read_set_up();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
