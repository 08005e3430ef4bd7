/* SPDX-License-Identifier: ISC */
/* Where messages go: to the journal only if it is at the other end of stderr, and takes them. */
#include "tests/unit/support.h"

#include "common/libsystemd.h"
#include "common/log.h"
#include "common/service-name.h"
#include "tests/unit/capture.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define MESSAGE_ID "0123456789abcdef0123456789abcdef"

static struct {
	int result;        /* of sending */
	bool is_missing;   /* the library */
	char entry[1024];  /* its fields, each in a line */
	unsigned int sent; /* entries */
} journal;

static int send_entry(const struct iovec *fields, int count)
{
	size_t used = 0;

	journal.sent++;
	for (int i = 0; i < count; i++)
		used += (size_t)snprintf(journal.entry + used, sizeof journal.entry - used,
					 "%.*s\n", (int)fields[i].iov_len,
					 (const char *)fields[i].iov_base);
	return journal.result;
}

const struct libsystemd *__wrap_libsystemd(void);
const struct libsystemd *__wrap_libsystemd(void)
{
	static const struct libsystemd table = { .sd_journal_sendv = send_entry };

	return journal.is_missing ? NULL : &table;
}

static const char *unit; /* null: the process is no service's */
static uid_t user;

bool __wrap_service_name(char ret[static NAME_MAX + 1]);
bool __wrap_service_name(char ret[static NAME_MAX + 1])
{
	if (unit)
		(void)strcpy(ret, unit);
	return unit != NULL;
}

uid_t __wrap_geteuid(void);
uid_t __wrap_geteuid(void)
{
	return user;
}

/* How $JOURNAL_STREAM differs from what stderr is. */
enum stream { STREAM_UNSET, STREAM_STDERR, STREAM_OTHER_INODE, STREAM_OTHER_DEVICE, STREAM_ODD };

static void say_stream(enum stream stream)
{
	struct stat status;
	char text[64];

	assert_int_equal(fstat(STDERR_FILENO, &status), 0);
	(void)snprintf(text, sizeof text, stream == STREAM_ODD ? "%ju" : "%ju:%ju",
		       (uintmax_t)status.st_dev + (stream == STREAM_OTHER_DEVICE),
		       (uintmax_t)status.st_ino + (stream == STREAM_OTHER_INODE));
	if (stream == STREAM_UNSET)
		assert_int_equal(unsetenv("JOURNAL_STREAM"), 0);
	else
		assert_int_equal(setenv("JOURNAL_STREAM", text, 1), 0);
}

static void log_failure(void *stream)
{
	static const struct log_field fields[] = {
		{ "AGENT_ID", "001" }, { "MANAGER", NULL }, { "OUTCOME", "refused" }, { 0 }
	};

	say_stream(*(const enum stream *)stream);
	journal.entry[0] = '\0';
	journal.sent = 0;
	log_open("program", LOG_INFO);
	log_debug("not to be seen");
	log_event(LOG_ERR, MESSAGE_ID, fields, "It %s", "failed");
}

static void test_places(void **state)
{
	static const struct {
		const char *label;
		enum stream stream;
		bool is_missing;
		int result;
		bool is_sent, is_printed;
	} rows[] = {
		{ "the journal", STREAM_STDERR, false, 0, true, false },
		{ "a terminal", STREAM_UNSET, false, 0, false, true },
		{ "another file", STREAM_OTHER_INODE, false, 0, false, true },
		{ "a file on another device", STREAM_OTHER_DEVICE, false, 0, false, true },
		{ "half a stream", STREAM_ODD, false, 0, false, true },
		{ "no library", STREAM_STDERR, true, 0, false, true },
		{ "a journal that does not take it", STREAM_STDERR, false, -ENOENT, true, true },
	};
	static const char sent[] = "MESSAGE=It failed\nPRIORITY=3\nSYSLOG_IDENTIFIER=program\n"
				   "MESSAGE_ID=" MESSAGE_ID "\nAGENT_ID=001\nOUTCOME=refused\n";

	for (size_t i = 0; i < COUNT(rows); i++) {
		enum stream stream = rows[i].stream;
		char *printed;

		journal.is_missing = rows[i].is_missing;
		journal.result = rows[i].result;
		printed = capture(path_in(*state, "output"), log_failure, &stream);
		check_row(rows[i].label, journal.sent == (rows[i].is_sent ? 1 : 0));
		check_row(rows[i].label, strcmp(journal.entry, rows[i].is_sent ? sent : "") == 0);
		check_row(rows[i].label, strcmp(printed, rows[i].is_printed ? "program: error: It "
									      "failed\n"
									    : "") == 0);
		free(printed);
	}
}

static void log_failure_and_more(void *stream)
{
	log_failure(stream);
	log_warning("It goes on");
}

/* What a process says last counts as its unit's, also when it is gone before it is read. */
static void test_units(void **state)
{
	static const struct {
		const char *label, *unit;
		uid_t user;
		unsigned int sent;
		const char *last; /* of the last entry that is sent */
		const char *printed;
	} rows[] = {
		{ "root", "a.service", 0, 2, "\nOBJECT_SYSTEMD_UNIT=a.service\n", "" },
		{ "somebody else", "a.service", 1, 1, "MESSAGE=It goes on\nPRIORITY=4\n",
		  "<3>It failed\n" },
		{ "root, in no service", NULL, 0, 2, "IDENTIFIER=program\n", "" },
		{ "somebody else, in no service", NULL, 1, 2, "IDENTIFIER=program\n", "" },
	};
	enum stream stream = STREAM_STDERR;

	journal.is_missing = false;
	journal.result = 0;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *printed;

		unit = rows[i].unit;
		user = rows[i].user;
		printed = capture(path_in(*state, "output"), log_failure_and_more, &stream);
		check_row(rows[i].label, journal.sent == rows[i].sent);
		check_row(rows[i].label, strstr(journal.entry, rows[i].last) != NULL);
		check_row(rows[i].label, rows[i].unit || !strstr(journal.entry, "UNIT="));
		check_row(rows[i].label, strcmp(printed, rows[i].printed) == 0);
		free(printed);
	}
	unit = NULL;
}

/* An error is also of the unit that an administrator looks at; what is no error is not. */
static void test_shared_errors(void **state)
{
	static const char also[] = "\nOBJECT_SYSTEMD_UNIT=part.service\n"
				   "OBJECT_SYSTEMD_UNIT=whole.service\n";
	enum stream stream = STREAM_STDERR;

	journal.is_missing = false;
	journal.result = 0;
	user = 0;
	unit = "part.service";
	log_share_errors("whole.service");
	free(capture(path_in(*state, "output"), log_failure, &stream));
	assert_non_null(strstr(journal.entry, also));
	free(capture(path_in(*state, "output"), log_failure_and_more, &stream));
	assert_null(strstr(journal.entry, "whole.service"));
	unit = NULL;
	free(capture(path_in(*state, "output"), log_failure, &stream));
	assert_null(strstr(journal.entry, "whole.service"));
	log_share_errors(NULL);
}

/* Beside another process that writes to the same pipe, a line stays whole. */
static void test_one_write(void **state)
{
	enum stream streams[] = { STREAM_UNSET, STREAM_STDERR }; /* printed; for journald */
	char message[1500], expected[1600], line[2000];
	int saved = dup(STDERR_FILENO), pair[2];

	(void)state;
	memset(message, 'x', sizeof message - 1);
	message[sizeof message - 1] = '\0';
	unit = "a.service";
	user = 1;
	/* each write is one packet */
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	for (size_t i = 0; i < COUNT(streams); i++) {
		ssize_t n;

		(void)snprintf(expected, sizeof expected, "%s%s\n",
			       i == 0 ? "program: error: " : "<3>", message);
		assert_true(dup2(pair[0], STDERR_FILENO) >= 0);
		say_stream(streams[i]);
		log_open("program", LOG_INFO);
		log_error("%s", message);
		assert_true(dup2(saved, STDERR_FILENO) >= 0);
		n = recv(pair[1], line, sizeof line, MSG_DONTWAIT);
		assert_int_equal(n, strlen(expected));
		assert_memory_equal(line, expected, (size_t)n);
		assert_true(recv(pair[1], line, sizeof line, MSG_DONTWAIT) < 0);
	}
	unit = NULL;
	user = 0;
	close(saved);
	close(pair[0]);
	close(pair[1]);
}

/* ------------------------------------------------------------------ levels and other forms */

static void log_at_all_levels(void *unused)
{
	(void)unused;
	log_open("program", LOG_DEBUG);
	log_error("a");
	log_warning("b");
	log_notice("c");
	log_info("d");
	log_debug("e");
}

static char diverted[64];

static void divert(int level, const char *message)
{
	size_t used = strlen(diverted);

	(void)snprintf(diverted + used, sizeof diverted - used, "%d%s ", level, message);
}

static void test_levels(void **state)
{
	const char *output = path_in(*state, "output");
	char *printed;

	assert_int_equal(unsetenv("JOURNAL_STREAM"), 0);
	printed = capture(output, log_at_all_levels, NULL);
	assert_string_equal(printed, "program: error: a\nprogram: warning: b\nprogram: c\n"
				     "program: d\nprogram: debug: e\n");
	free(printed);
	log_divert(divert);
	printed = capture(output, log_at_all_levels, NULL);
	log_divert(NULL);
	assert_string_equal(printed, "");
	assert_string_equal(diverted, "3a 4b 5c 6d 7e ");
	free(printed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_places, setup_directory, teardown_directory),
		cmocka_unit_test_setup_teardown(test_units, setup_directory, teardown_directory),
		cmocka_unit_test_setup_teardown(test_shared_errors, setup_directory,
						teardown_directory),
		cmocka_unit_test(test_one_write),
		cmocka_unit_test_setup_teardown(test_levels, setup_directory, teardown_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
