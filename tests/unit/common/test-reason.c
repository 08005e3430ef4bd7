/* SPDX-License-Identifier: ISC */
/* The sentence that says why. */
#include "tests/unit/support.h"

#include "common/reason.h"

#include <errno.h>

static void test_reason(void **state)
{
	struct reason why;
	char *wide = malloc(3000);

	(void)state;
	reason_set(&why, "Cannot %s %d", "count to", 3);
	assert_string_equal(why.text, "Cannot count to 3");
	memset(wide, 'w', 2999);
	wide[2999] = '\0';
	reason_set(&why, "%s", wide);
	assert_int_equal(strlen(why.text), sizeof why.text - 1);
	assert_int_equal(reason_errno(&why, EIO, "%s", wide), -EIO);
	assert_int_equal(strlen(why.text), sizeof why.text - 1);
	reason_set(NULL, "nobody asks");
	reason_set(&why, "Cannot");
	reason_append(&why, " %s", "count");
	assert_string_equal(why.text, "Cannot count");
	reason_append(&why, "%s", wide);
	assert_int_equal(strlen(why.text), sizeof why.text - 1);
	reason_append(&why, "%s", "more");
	assert_int_equal(strlen(why.text), sizeof why.text - 1);
	reason_append(NULL, "nobody asks");
	why = (struct reason){ 0 };
	reason_add(&why, "It %s", "rains");
	reason_add(&why, "it %s", "pours");
	assert_string_equal(why.text, "It rains; it pours");
	reason_add(NULL, "nobody asks");
	free(wide);
}

static void test_reason_errno(void **state)
{
	struct reason why;

	(void)state;
	assert_int_equal(reason_errno(&why, ENOENT, "Cannot open %s", "x"), -ENOENT);
	assert_string_equal(why.text, "Cannot open x: No such file or directory");
	assert_int_equal(reason_errno(&why, -ENOSPC, "Cannot write"), -ENOSPC);
	assert_string_equal(why.text, "Cannot write: No space left on device");
	assert_int_equal(reason_errno(&why, 99999, "Odd"), -99999);
	assert_string_equal(why.text, "Odd: unknown error");
	assert_int_equal(reason_errno(NULL, EPERM, "nobody asks"), -EPERM);
	assert_int_equal(reason_errno(&why, 0, "Cannot tell"), -EIO);
	assert_string_equal(why.text, "Cannot tell: Input/output error");
}

/* Where the manager's own message is, whatever it looks like. */
static void test_manager_message(void **state)
{
	char message[REASON_MESSAGE_SIZE], wide[2000];
	struct reason why;

	(void)state;
	reason_set_manager_message(&why, "m:1515", "a says: b -- c", " (5)", "try again");
	assert_string_equal(why.text, "m:1515 says: a says: b -- c (5) -- try again");
	assert_string_equal(reason_manager_message(&why, message), "a says: b -- c");
	assert_string_equal(why.text + why.message_end, " (5) -- try again");
	reason_set_manager_message(&why, "m:1515", "", "", NULL);
	assert_string_equal(why.text, "m:1515 says: ");
	assert_string_equal(reason_manager_message(&why, message), "");

	memset(wide, 'w', sizeof wide - 1);
	wide[sizeof wide - 1] = '\0';
	reason_set_manager_message(&why, "m:1515", wide, "", "hint");
	assert_int_equal(strlen(reason_manager_message(&why, message)), REASON_MESSAGE_SIZE - 1);
	assert_int_equal(why.message_end - why.message_start, REASON_MESSAGE_SIZE - 1);
	assert_string_equal(why.text + why.message_end, " -- hint");
	reason_set_manager_message(&why, wide, "lost", "", "hint");
	assert_string_equal(reason_manager_message(&why, message), "");
	assert_int_equal(strlen(why.text), sizeof why.text - 1);

	reason_set_manager_message(&why, "m:1515", "old", "", NULL);
	reason_set(&why, "another sentence");
	assert_string_equal(reason_manager_message(&why, message), "");
	reason_set_manager_message(NULL, "m:1515", "nobody asks", "", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reason),
		cmocka_unit_test(test_reason_errno),
		cmocka_unit_test(test_manager_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
