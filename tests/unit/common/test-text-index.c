/* SPDX-License-Identifier: ISC */
/* The index of texts below the roster. */
#include "tests/unit/support.h"

#include "common/text-index.h"

static void test_index(void **state)
{
	enum { MANY = 5000 };
	static char texts[MANY][16];
	struct text_index index = { 0 };

	(void)state;
	assert_null(text_index_find(&index, "a", 1));
	text_index_remove(&index, "a", 1, &index);
	for (int i = 0; i < MANY; i++) {
		(void)snprintf(texts[i], sizeof texts[i], "%d", i);
		assert_int_equal(text_index_add(&index, texts[i], strlen(texts[i]), texts[i]), 0);
	}
	for (int i = 0; i < MANY; i += 2)
		text_index_remove(&index, texts[i], strlen(texts[i]), texts[i]);
	for (int i = 0; i < MANY; i++)
		assert_ptr_equal(text_index_find(&index, texts[i], strlen(texts[i])),
				 i % 2 ? texts[i] : NULL);
	/* Adding and removing for ever must not fill it with what was removed. */
	for (int i = 0; i < 100 * MANY; i++) {
		assert_int_equal(text_index_add(&index, "same", 4, texts[0]), 0);
		text_index_remove(&index, "same", 4, texts[0]);
	}
	assert_in_range(index.size, MANY, 8 * MANY);
	text_index_clear(&index);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_index),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
