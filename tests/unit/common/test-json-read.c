/* SPDX-License-Identifier: ISC */
/* JSON that is read where there is no memory for it: no fault, and nothing else than it says. */
#include "tests/unit/support.h"

#include "common/cleanup.h"
#include "common/json-read.h"
#include "common/library-memory.h"

#include <limits.h>
#include <stdint.h>

#define LONG_WORD "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

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
	value = json_read(text, strlen(text), JSON_DECODE_ANY, NULL);
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

		do {
			json_t *value = read_without(nth + 1, UINT_MAX, documents[i].text);

			check_row(documents[i].what, !value == (calls > nth));
			json_decref(value);
		} while (calls > nth++);
	}
}

/* Such a text is not valid: its end is missing. */
static void check_reserve(const char *what, const char *head, const char *repeated, size_t size)
{
	cleanup_free char *text = calloc(1, strlen(head) + size + strlen(repeated));
	unsigned long shortages = library_memory_shortages();
	unsigned int in_all;

	assert_non_null(text);
	strcpy(text, head);
	for (size_t used = strlen(head); used < size; used += strlen(repeated))
		strcpy(text + used, repeated);
	assert_null(read_without(UINT_MAX, UINT_MAX, text));
	in_all = calls;
	assert_int_equal(library_memory_shortages(), shortages);
	assert_null(read_without(2, UINT_MAX, text));
	check_row(what, calls == in_all);
	check_row(what, library_memory_shortages() == shortages + in_all - 1);
}

/* What takes the most memory for its length. */
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

	static const size_t sizes[] = { 1, 16, 127, 512, 2048, 65536 };

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++)
		for (size_t j = 0; j < COUNT(sizes); j++)
			check_reserve(texts[i].what, texts[i].head, texts[i].repeated, sizes[j]);
}

static void test_what_is_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(documents); i++) {
		json_t *value = json_read(documents[i].text, strlen(documents[i].text),
					  JSON_DECODE_ANY, NULL);
		json_t *expected = json_loads(documents[i].text, JSON_DECODE_ANY, NULL);

		check_row(documents[i].what, value && json_equal(value, expected));
		json_decref(value);
		json_decref(expected);
	}
	assert_null(json_read("", 0, 0, NULL));
	assert_null(json_read("{", 1, 0, NULL));
	assert_null(json_read("{}", SIZE_MAX / 2, 0, NULL));
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
