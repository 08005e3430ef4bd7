/* SPDX-License-Identifier: ISC */
#include "tests/unit/support.h"

#include "client/commands/agent-auth-output.h"
#include "common/log.h"
#include "common/setting-words.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define NO_STEP (-1)

/* An event, and what is printed for it. */
struct output_case {
	const char *label;
	int step;
	bool verifies;
	int level;           /* of a log entry */
	int outcome;         /* of a failure */
	const char *name;    /* empty: unknown */
	const char *message; /* the manager's own; null: none */
	const char *text;    /* the reason, with a message the hint; null: none */
	const char *output;
};

static void print_failed(const struct register_observer *observer, const struct output_case *row)
{
	struct reason why = { 0 };

	if (row->message)
		reason_set_manager_message(&why, "manager:1515", row->message, "", row->text);
	else
		reason_set(&why, "%s", row->text);
	observer->failed(row->outcome, row->name, &why);
}

static void print_logged(const struct register_observer *observer, const struct output_case *row)
{
	(void)observer;
	log_line(row->level, "%s", row->text);
}

static void print_registered(const struct register_observer *observer,
			     const struct output_case *row)
{
	(void)row;
	observer->registered();
}

static void print_unverified(const struct register_observer *observer,
			     const struct output_case *row)
{
	(void)row;
	observer->unverified("manager:1515");
}

typedef void print_event(const struct register_observer *observer, const struct output_case *row);

/* What an event prints on both streams, without the time. The caller frees it. */
static char *printed(const char *output, print_event *print, const struct output_case *row)
{
	int saved_out = dup(STDOUT_FILENO), saved_err = dup(STDERR_FILENO);
	int fd = open(output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600),
	    null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	const struct register_observer *observer;
	char *text;

	assert_true(saved_out >= 0 && saved_err >= 0 && fd >= 0 && null >= 0);
	observer = agent_auth_output_begin(row->verifies);
	if (row->step != NO_STEP) {
		(void)dup2(null, STDOUT_FILENO); /* the line of the step */
		observer->step((enum attempt_step)row->step, "manager:1515", "web-01");
	}
	(void)dup2(fd, STDOUT_FILENO);
	(void)dup2(fd, STDERR_FILENO);
	print(observer, row);
	(void)dup2(saved_out, STDOUT_FILENO);
	(void)dup2(saved_err, STDERR_FILENO);
	close(saved_out);
	close(saved_err);
	close(fd);
	close(null);
	log_divert(NULL);
	text = read_file(output, NULL);
	if (strlen(text) > 20 && text[4] == '/' && text[7] == '/' && text[19] == ' ')
		memmove(text, text + 20, strlen(text + 20) + 1);
	return text;
}

#define ERROR "agent-auth: ERROR: "

static const struct output_case failures[] = {
	{ "before the attempt", NO_STEP, false, 0, OUTCOME_MISCONFIGURED, "web-01", NULL, "Wrong",
	  ERROR "Wrong\n" },
	{ "a local error", NO_STEP, false, 0, -ENOMEM, "", NULL, "No memory", ERROR "No memory\n" },
	{ "no host name", NO_STEP, false, 0, OUTCOME_NOT_READY, "", NULL, "No name",
	  ERROR "Unable to extract hostname. Custom agent name not set: No name\n" },
	{ "locked out", NO_STEP, false, 0, OUTCOME_NOT_READY, "web-01", NULL, "Another one",
	  ERROR "Another one\n" },
	{ "storage-error", NO_STEP, false, 0, OUTCOME_STORAGE_ERROR, "web-01", NULL, "No room",
	  ERROR "Unable to open key file: No room\n" },
	{ "storage-error in the end", STEP_RECEIVED, false, 0, OUTCOME_STORAGE_ERROR, "web-01",
	  NULL, "No room", ERROR "Unable to open key file: No room\n" },
	{ "unreachable", STEP_CONNECTING, true, 0, OUTCOME_UNREACHABLE, "web-01", NULL, "No route",
	  ERROR "Unable to connect to the manager: No route\n" },
	{ "untrusted", STEP_VERIFYING, true, 0, OUTCOME_UNTRUSTED, "web-01", NULL, "Expired",
	  ERROR "Unable to verify server certificate: Expired\n" },
	{ "no version in common", STEP_VERIFYING, false, 0, OUTCOME_UNTRUSTED, "web-01", NULL,
	  "Too old", ERROR "SSL error. Connection refused by the manager: Too old\n" },
	{ "closed in the handshake", STEP_VERIFYING, true, 0, OUTCOME_BUSY, "web-01", NULL,
	  "Closed", ERROR "SSL error. Connection refused by the manager: Closed\n" },
	{ "closed before the request", STEP_SENDING, true, 0, OUTCOME_BUSY, "web-01", NULL,
	  "Closed", ERROR "SSL write error (unable to send message.): Closed\n" },
	{ "silence", STEP_WAITING, true, 0, OUTCOME_BUSY, "web-01", NULL, "Late",
	  ERROR "SSL read (unable to receive message): Late\n" },
	{ "closed without a word", STEP_WAITING, true, 0, OUTCOME_REFUSED, "web-01", NULL, "Closed",
	  ERROR "Unable to create key. Either wrong password "
		"or connection not accepted by the manager: Closed\n" },
	{ "protocol-error", STEP_WAITING, true, 0, OUTCOME_PROTOCOL_ERROR, "web-01", NULL, "Junk",
	  ERROR "Invalid key received. Closing connection: Junk\n" },
	{ "words and a hint", STEP_WAITING, true, 0, OUTCOME_REFUSED, "web-01", "Invalid group: a",
	  "correct it", ERROR "Invalid group: a (from manager) -- correct it\n" },
	{ "words alone", STEP_WAITING, true, 0, OUTCOME_DUPLICATE, "web-01", "Duplicate", NULL,
	  ERROR "Duplicate (from manager)\n" },
	{ "words like ours", STEP_WAITING, true, 0, OUTCOME_REFUSED, "web-01",
	  "set name in [agent] -- now", NULL, ERROR "set name in [agent] -- now (from manager)\n" },
	{ "empty words", STEP_WAITING, true, 0, OUTCOME_PROTOCOL_ERROR, "web-01", "", NULL,
	  ERROR "Invalid key received. Closing connection: manager:1515 says: \n" },
	{ "words that only a sentence of ours repeats", STEP_WAITING, true, 0,
	  OUTCOME_PROTOCOL_ERROR, "web-01", NULL, "manager:1515 says: hello",
	  ERROR "Invalid key received. Closing connection: manager:1515 says: hello\n" },
	{ "words of another shape", STEP_WAITING, true, 0, OUTCOME_PROTOCOL_ERROR, "web-01", NULL,
	  "It said hello", ERROR "Invalid key received. Closing connection: It said hello\n" },
};

static const struct output_case entries[] = {
	{ "an error", NO_STEP, true, LOG_ERR, 0, "", NULL, "Wrong", ERROR "Wrong\n" },
	{ "a warning", STEP_RECEIVED, true, LOG_WARNING, 0, "", NULL, "Renamed",
	  "agent-auth: WARNING: Renamed\n" },
	{ "words that are those of a setting", NO_STEP, true, LOG_WARNING, 0, "", NULL,
	  "name in [agent]", "agent-auth: WARNING: name in [agent]\n" },
	{ "a notice", NO_STEP, true, LOG_NOTICE, 0, "", NULL, "Waiting",
	  "agent-auth: WARNING: Waiting\n" },
	{ "information", NO_STEP, true, LOG_INFO, 0, "", NULL, "Connecting", "" },
};

static void check_rows(const char *output, print_event *print, const struct output_case *rows,
		       size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char *text = printed(output, print, &rows[i]);

		if (strcmp(text, rows[i].output) != 0)
			fail_msg("row '%s' prints: %s", rows[i].label, text);
		free(text);
	}
}

static void test_entries(void **state)
{
	const char *output = path_in(*state, "output");

	log_open("agent-register", LOG_INFO);
	check_rows(output, print_failed, failures, COUNT(failures));
	check_rows(output, print_logged, entries, COUNT(entries));
}

static void test_success(void **state)
{
	static const struct output_case row = { .step = STEP_RECEIVED, .verifies = true };
	char *text = printed(path_in(*state, "output"), print_registered, &row);

	assert_string_equal(text, "INFO: Valid key created. Finished.\nINFO: Connection closed.\n");
	free(text);
}

static void test_unverified(void **state)
{
	static const struct output_case row = { .step = STEP_CONNECTING };
	char *text = printed(path_in(*state, "output"), print_unverified, &row);

	assert_string_equal(text, "agent-auth: WARNING: No CA certificate is given (-v): "
				  "manager:1515 is not verified; any host "
				  "at that address can obtain the password and supply the key\n");
	free(text);
}

static void test_debug(void **state)
{
	static const struct output_case row = {
		.step = NO_STEP, .verifies = true, .level = LOG_INFO, .text = "Connecting"
	};
	char *text;

	log_open("agent-register", LOG_DEBUG);
	text = printed(path_in(*state, "output"), print_logged, &row);
	assert_string_equal(text, "agent-auth: DEBUG: Connecting\n");
	free(text);
}

/* Options have the place of settings, and offers of what has no option are left out. */
static void test_setting_words(void **state)
{
	static const struct {
		const char *phrase, *words;
	} rows[] = {
		{ "name in [agent]", "-A" },
		{ "set name in [agent]", "give -A" },
		{ ", or set verify_name", "" },
		{ "proxy in [manager]", "proxy in [manager]" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_string_equal(setting_words(rows[i].phrase), rows[i].phrase);
	(void)agent_auth_output_begin(true);
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_string_equal(setting_words(rows[i].phrase), rows[i].words);
	log_divert(NULL);
	setting_words_use(NULL);
}

/* A log entry is printed whole, however long it is. */
static void test_long_message(void **state)
{
	char message[4096], *text;
	struct output_case row = {
		.step = STEP_WAITING, .verifies = true, .level = LOG_ERR, .text = message
	};

	memset(message, 'x', sizeof message - 1);
	message[sizeof message - 1] = '\0';
	text = printed(path_in(*state, "output"), print_logged, &row);
	assert_true(strlen(text) > 1000 && strlen(text) < 4096 && text[strlen(text) - 1] == '\n');
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_setting_words), /* first: agent-auth's words stay in use */
		cmocka_unit_test_setup_teardown(test_entries, setup_directory, teardown_directory),
		cmocka_unit_test_setup_teardown(test_success, setup_directory, teardown_directory),
		cmocka_unit_test_setup_teardown(test_unverified, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_debug, setup_directory, teardown_directory),
		cmocka_unit_test_setup_teardown(test_long_message, setup_directory,
						teardown_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
