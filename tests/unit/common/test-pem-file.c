/* SPDX-License-Identifier: ISC */
#include "tests/unit/support.h"

#include "common/pem-file.h"

#include <errno.h>
#include <openssl/err.h>
#include <sys/stat.h>
#include <unistd.h>

static struct pem_subject subject_at(const char *path)
{
	return (struct pem_subject){ "CA file", path, PEM_CERTIFICATE };
}

/* Versions of OpenSSL differ in whether they read a first line behind a byte order mark. */
static const struct {
	const char *bytes, *line;
} rows[] = {
	{ "first\nsecond\n", "first\n" },
	{ "\xef\xbb\xbf"
	  "first\nsecond\n",
	  "first\n" },
	{ "\xef\xbb\xbf\xef\xbb\xbf\n", "\xef\xbb\xbf\n" }, /* one */
	{ "\xef\xbb\xbf", "" },
	{ "", "" },
};

static void test_content(void **state)
{
	const struct pem_subject subject = subject_at(path_in(*state, "ca.pem"));

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct pem_file file = { 0 };
		struct reason why;
		char line[64] = "";

		write_text(subject.path, rows[i].bytes);
		assert_int_equal(pem_file_open(&file, &subject, &why), 0);
		(void)BIO_gets(file.bio, line, sizeof line);
		check_row(rows[i].bytes, strcmp(line, rows[i].line) == 0);
		pem_file_close(&file);
		assert_null(file.bytes);
		pem_file_close(&file);
	}
}

/* What somebody else has read is read in the same way, and is a copy. */
static void test_taken(void **state)
{
	const struct pem_subject subject = subject_at("/nowhere");

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *bytes = strdup(rows[i].bytes);
		struct pem_file file = { 0 };
		struct reason why;
		char line[64] = "";

		assert_int_equal(pem_file_take(&file, &subject, bytes, strlen(bytes), &why), 0);
		free(bytes);
		(void)BIO_gets(file.bio, line, sizeof line);
		check_row(rows[i].bytes, strcmp(line, rows[i].line) == 0);
		assert_int_equal(file.length, strlen(rows[i].bytes));
		pem_file_close(&file);
	}
}

static void test_refused(void **state)
{
	struct pem_subject subject = subject_at(path_in(*state, "ca.pem"));
	struct pem_file file = { .length = 7 };
	struct reason why = { "" };

	assert_int_equal(pem_file_open(&file, &subject, &why), -ENOENT);
	assert_non_null(strstr(why.text, "Cannot read the CA file"));
	write_text(subject.path, "");
	assert_int_equal(truncate(subject.path, PEM_FILE_MAX + 1), 0);
	assert_int_equal(pem_file_open(&file, &subject, &why), -EFBIG);
	subject.path = *state;
	assert_int_equal(pem_file_open(&file, &subject, &why), -EINVAL);
	assert_non_null(strstr(why.text, "is not a regular file"));
	/* A pipe that nobody writes to must not be waited for. */
	subject.path = path_in(*state, "pipe");
	assert_int_equal(mkfifo(subject.path, 0600), 0);
	(void)alarm(20);
	assert_int_equal(pem_file_open(&file, &subject, &why), -EINVAL);
	(void)alarm(0);
	assert_int_equal(file.length, 7);
}

/* What OpenSSL has said of it is replaced by what the file holds. */
static void test_diagnosis(void **state)
{
	const struct pem_subject subject = subject_at(path_in(*state, "ca.pem"));
	struct pem_file file = { 0 };
	struct reason why = { "" };

	write_text(subject.path, "nothing to see here\n");
	assert_int_equal(pem_file_open(&file, &subject, &why), 0);
	ERR_raise(ERR_LIB_PEM, ERR_R_INTERNAL_ERROR);
	assert_int_equal(pem_file_refuse(&file, &why), -EINVAL);
	assert_non_null(strstr(why.text, "no PEM data"));
	assert_int_equal(ERR_peek_error(), 0);
	pem_file_close(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_content, setup_directory, teardown_directory),
		cmocka_unit_test(test_taken),
		cmocka_unit_test_setup_teardown(test_refused, setup_directory, teardown_directory),
		cmocka_unit_test_setup_teardown(test_diagnosis, setup_directory,
						teardown_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
