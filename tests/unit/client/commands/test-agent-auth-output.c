/* SPDX-License-Identifier: ISC */
#include "tests/unit/support.h"

#include "client/commands/agent-auth-output.h"
#include "client/system/message-ids.h"
#include "common/log.h"

#include <fcntl.h>
#include <unistd.h>

#define NO_STEP (-1)

/* What one log entry becomes: the output on both streams, without the time. The caller frees it. */
static char *spoken(const char *output, int step, bool verifies, int level, const char *id,
		    const struct log_field *fields, const char *sentence)
{
	int saved_out = dup(STDOUT_FILENO), saved_err = dup(STDERR_FILENO);
	int fd = open(output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600),
	    null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	char *said;

	assert_true(saved_out >= 0 && saved_err >= 0 && fd >= 0 && null >= 0);
	agent_auth_output_begin(verifies);
	if (step != NO_STEP) {
		(void)dup2(null, STDOUT_FILENO); /* what it says of the step */
		agent_auth_output_step((enum attempt_step)step, "manager:1515", "web-01");
	}
	(void)dup2(fd, STDOUT_FILENO);
	(void)dup2(fd, STDERR_FILENO);
	log_event(level, id, fields, "%s", sentence);
	(void)dup2(saved_out, STDOUT_FILENO);
	(void)dup2(saved_err, STDERR_FILENO);
	close(saved_out);
	close(saved_err);
	close(fd);
	close(null);
	log_divert(NULL);
	said = read_file(output, NULL);
	if (strlen(said) > 20 && said[4] == '/' && said[7] == '/' && said[19] == ' ')
		memmove(said, said + 20, strlen(said + 20) + 1);
	return said;
}

#define ERROR "agent-auth: ERROR: "

static const struct {
	const char *label;
	int step;
	bool verifies;
	int level;
	const char *outcome, *name, *words; /* fields of the entry; null: without */
	const char *sentence;
	const char *said;
} rows[] = {
	{ "before the attempt", NO_STEP, false, LOG_ERR, "misconfigured", "web-01", NULL, "Wrong",
	  ERROR "Wrong\n" },
	{ "a local error", NO_STEP, false, LOG_ERR, NULL, NULL, NULL, "No memory",
	  ERROR "No memory\n" },
	{ "no host name", NO_STEP, false, LOG_WARNING, "not-ready", NULL, NULL,
	  "set name in [agent]",
	  ERROR "Unable to extract hostname. Custom agent name not set: give -A\n" },
	{ "locked out", NO_STEP, false, LOG_WARNING, "not-ready", "web-01", NULL, "Another one",
	  ERROR "Another one\n" },
	{ "storage-error", NO_STEP, false, LOG_ERR, "storage-error", "web-01", NULL, "No room",
	  ERROR "Unable to open key file: No room\n" },
	{ "storage-error in the end", STEP_RECEIVED, false, LOG_ERR, "storage-error", "web-01",
	  NULL, "No room", ERROR "Unable to open key file: No room\n" },
	{ "unreachable", STEP_CONNECTING, true, LOG_WARNING, "unreachable", "web-01", NULL,
	  "No route", ERROR "Unable to connect to the manager: No route\n" },
	{ "untrusted", STEP_VERIFYING, true, LOG_ERR, "untrusted", "web-01", NULL,
	  "Expired, or set verify_name", ERROR "Unable to verify server certificate: Expired\n" },
	{ "no version in common", STEP_VERIFYING, false, LOG_ERR, "untrusted", "web-01", NULL,
	  "see min_version and ciphers in [tls]",
	  ERROR "SSL error. Connection refused by the manager: see -c\n" },
	{ "closed in the handshake", STEP_VERIFYING, true, LOG_WARNING, "busy", "web-01", NULL,
	  "Closed", ERROR "SSL error. Connection refused by the manager: Closed\n" },
	{ "closed before the request", STEP_SENDING, true, LOG_WARNING, "busy", "web-01", NULL,
	  "Closed", ERROR "SSL write error (unable to send message.): Closed\n" },
	{ "silence", STEP_WAITING, true, LOG_WARNING, "busy", "web-01", NULL, "Late",
	  ERROR "SSL read (unable to receive message): Late\n" },
	{ "closed without a word", STEP_WAITING, true, LOG_ERR, "refused", "web-01", NULL,
	  "it requires a password: set password_file in [auth]",
	  ERROR "Unable to create key. Either wrong password or connection not accepted by the "
		"manager: it requires a password: give -P\n" },
	{ "protocol-error", STEP_WAITING, true, LOG_ERR, "protocol-error", "web-01", NULL, "Junk",
	  ERROR "Invalid key received. Closing connection: Junk\n" },
	{ "words and a hint", STEP_WAITING, true, LOG_ERR, "refused", "web-01", "Invalid group: a",
	  "manager:1515 says: Invalid group: a -- correct groups",
	  ERROR "Invalid group: a (from manager) -- correct -G\n" },
	{ "words alone", STEP_WAITING, true, LOG_WARNING, "duplicate", "web-01", "Duplicate",
	  "manager:1515 says: Duplicate", ERROR "Duplicate (from manager)\n" },
	{ "words like ours", STEP_WAITING, true, LOG_ERR, "refused", "web-01",
	  "set name in [agent] -- now", "manager:1515 says: set name in [agent] -- now",
	  ERROR "set name in [agent] -- now (from manager)\n" },
	{ "words of another shape", STEP_WAITING, true, LOG_ERR, "protocol-error", "web-01",
	  "hello", "It said hello",
	  ERROR "Invalid key received. Closing connection: It said hello\n" },
	{ "a warning", STEP_RECEIVED, true, LOG_WARNING, "registered", "web-02", NULL, "Renamed",
	  "agent-auth: WARNING: Renamed\n" },
	{ "a plain warning", NO_STEP, true, LOG_WARNING, NULL, NULL, NULL,
	  "set directory in [agent] or group in [agent]", "agent-auth: WARNING: give -D or -g\n" },
	{ "a notice", NO_STEP, true, LOG_NOTICE, NULL, NULL, NULL, "Waiting",
	  "agent-auth: WARNING: Waiting\n" },
	{ "news for the curious", NO_STEP, true, LOG_INFO, NULL, NULL, NULL, "Asking", "" },
};

static void test_entries(void **state)
{
	const char *output = path_in(*state, "output");

	log_open("agent-register", LOG_INFO);
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct log_field fields[] = { { "OUTCOME", rows[i].outcome },
						    { "AGENT_NAME", rows[i].name },
						    { "MANAGER", "manager:1515" },
						    { "MANAGER_SAYS", rows[i].words },
						    { 0 } };
		char *said = spoken(output, rows[i].step, rows[i].verifies, rows[i].level, NULL,
				    fields, rows[i].sentence);

		if (strcmp(said, rows[i].said) != 0)
			fail_msg("row '%s' says: %s", rows[i].label, said);
		free(said);
	}
}

static void test_success(void **state)
{
	char *said = spoken(path_in(*state, "output"), STEP_RECEIVED, true, LOG_INFO,
			    MESSAGE_REGISTERED, NULL, "Registered");

	assert_string_equal(said, "INFO: Valid key created. Finished.\nINFO: Connection closed.\n");
	free(said);
}

static void test_debug(void **state)
{
	char *said;

	log_open("agent-register", LOG_DEBUG);
	said = spoken(path_in(*state, "output"), NO_STEP, true, LOG_INFO, NULL, NULL, "Asking");
	assert_string_equal(said, "agent-auth: DEBUG: Asking\n");
	free(said);
}

/* A sentence fills the longest line there is, and a replacement makes it longer. */
static void test_long_sentence(void **state)
{
	static const char setting[] = "set password_file to the manager's password";
	char sentence[4096], *said;

	memset(sentence, 'x', sizeof sentence - 1);
	sentence[sizeof sentence - 1] = '\0';
	memcpy(sentence + 2000, setting, strlen(setting));
	said = spoken(path_in(*state, "output"), STEP_WAITING, true, LOG_ERR, NULL, NULL, sentence);
	assert_true(strlen(said) > 2000 && strlen(said) < 4096 && said[strlen(said) - 1] == '\n');
	free(said);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_entries, setup_directory, teardown_directory),
		cmocka_unit_test_setup_teardown(test_success, setup_directory, teardown_directory),
		cmocka_unit_test_setup_teardown(test_debug, setup_directory, teardown_directory),
		cmocka_unit_test_setup_teardown(test_long_sentence, setup_directory,
						teardown_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
