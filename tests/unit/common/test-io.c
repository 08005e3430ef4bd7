/* SPDX-License-Identifier: ISC */
#include "tests/unit/support.h"

#include "common/io.h"
#include "tests/unit/fault.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define TEXT "0123456789abcdef"
#define PATIENCE 20 /* seconds; only a call that never returns needs them */

static const struct {
	const char *label;
	int error;
	int result; /* 0: all of it is transferred */
} faults[] = {
	{ "none", 0, 0 },
	{ "interrupted", EINTR, 0 },
	{ "in parts", FAULT_SHORT, 0 },
	{ "broken", EIO, -EIO },
};

/* ------------------------------------------------------------------ opening */

/* For a program that this one starts, the file is closed; for reading it, it waits. */
static void test_open(void **state)
{
	const char *path = path_in(*state, "file");
	FILE *file;

	errno = 0;
	assert_null(io_open(path));
	assert_int_equal(errno, ENOENT);
	write_text(path, TEXT);
	file = io_open(path);
	assert_non_null(file);
	assert_true(fcntl(fileno(file), F_GETFD) & FD_CLOEXEC);
	assert_int_equal(fcntl(fileno(file), F_GETFL) & (O_ACCMODE | O_NONBLOCK), O_RDONLY);
	assert_int_equal(fgetc(file), '0');
	(void)fclose(file);
}

/* Somebody may have put a pipe there, to which nobody writes. */
static void test_open_pipe(void **state)
{
	const char *path = path_in(*state, "pipe");
	FILE *file;

	assert_int_equal(mkfifo(path, 0600), 0);
	(void)alarm(PATIENCE);
	file = io_open(path);
	assert_non_null(file);
	assert_int_equal(fgetc(file), EOF);
	(void)alarm(0);
	(void)fclose(file);
}

/* ------------------------------------------------------------------ reading and writing */

static void test_read(void **state)
{
	const char *path = path_in(*state, "file");

	write_text(path, TEXT);
	for (size_t i = 0; i < COUNT(faults); i++) {
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		char buffer[20];
		ssize_t n;

		fault_set("read", 1, faults[i].error);
		n = io_read(fd, buffer, sizeof buffer);
		check_row(faults[i].label, n == (faults[i].result ?: (ssize_t)strlen(TEXT)));
		check_row(faults[i].label, n < 0 || memcmp(buffer, TEXT, strlen(TEXT)) == 0);
		assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
		assert_int_equal(io_read(fd, buffer, 5), 5); /* no more than there is room for */
		assert_int_equal(lseek(fd, 0, SEEK_CUR), 5);
		close(fd);
	}
}

static void test_write(void **state)
{
	const char *path = path_in(*state, "file");

	for (size_t i = 0; i < COUNT(faults); i++) {
		int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

		fault_set("write", 1, faults[i].error);
		check_row(faults[i].label, io_write(fd, TEXT, strlen(TEXT)) == faults[i].result);
		fault_clear();
		assert_file(path, faults[i].result ? "" : TEXT);
		close(fd);
	}
}

static size_t most_at_once;

ssize_t __wrap_writev(int fd, const struct iovec *pieces, int count);
ssize_t __wrap_writev(int fd, const struct iovec *pieces, int count)
{
	char all[sizeof TEXT + 1];
	size_t length = 0;

	for (int i = 0; i < count; i++) {
		memcpy(all + length, pieces[i].iov_base, pieces[i].iov_len);
		length += pieces[i].iov_len;
	}
	return write(fd, all, length < most_at_once ? length : most_at_once);
}

static void test_write_line(void **state)
{
	const char *path = path_in(*state, "file");

	for (most_at_once = 1; most_at_once <= strlen(TEXT) + 1; most_at_once++)
		for (size_t i = 0; i < COUNT(faults); i++) {
			int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

			fault_set("write", 1, faults[i].error);
			check_row(faults[i].label, io_write_line(fd, TEXT) == faults[i].result);
			fault_clear();
			assert_file(path, faults[i].result ? "" : TEXT "\n");
			close(fd);
		}
}

/* ------------------------------------------------------------------ what editors write in front */

static void test_marks(void **state)
{
	static const struct {
		const char *bytes;
		size_t length, mark;
		bool is_utf16;
	} rows[] = {
		{ "", 0, 0, false },
		{ "text", 4, 0, false },
		{ "\xef\xbb\xbf", 3, 3, false },
		{ "\xef\xbb\xbftext", 7, 3, false },
		{ "\xef\xbb\xbf", 2, 0, false },
		{ "\xef\xbb\xbe", 3, 0, false },
		{ "\xff\xfet\0", 4, 0, true },
		{ "\xfe\xff\0t", 4, 0, true },
		{ "\xff\xfe", 1, 0, false },
		{ "\xff\xff", 2, 0, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *exact = malloc(rows[i].length + 1);

		memcpy(exact, rows[i].bytes, rows[i].length);
		if (io_mark_length(exact, rows[i].length) != rows[i].mark ||
		    io_is_utf16(exact, rows[i].length) != rows[i].is_utf16)
			fail_msg("row %zu is judged wrongly", i);
		free(exact);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_open, setup_directory, teardown_directory),
		cmocka_unit_test_setup_teardown(test_open_pipe, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_read, setup_directory, teardown_directory),
		cmocka_unit_test_setup_teardown(test_write, setup_directory, teardown_directory),
		cmocka_unit_test_setup_teardown(test_write_line, setup_directory,
						teardown_directory),
		cmocka_unit_test(test_marks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
