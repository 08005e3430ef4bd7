/* SPDX-License-Identifier: ISC */
#include "client/commands/agent-auth-output.h"

#include "common/log.h"
#include "common/setting-words.h"

#include <stdarg.h>
#include <time.h>

#define NO_STEP (-1) /* no attempt has begun */
#define ANY (-1)
#define LINE_SIZE 2048

/* A process makes one attempt. */
static bool manager_is_verified;
static int last_step;

/* ------------------------------------------------------------------ options instead of settings */

/* Sentences that offer a setting for which there is no option do without the offer. */
static const struct setting_words words[] = {
	{ "address in [manager]", "-m" },
	{ "set address to one of its names, or set verify_name", "give one of its names with -m" },
	{ "use a name in address that it knows", "give a name with -m that it knows" },
	{ ", or set verify_name", "" },
	{ "port in [manager]", "-p" },
	{ "ca_file in [tls]", "-v" },
	{ ", or use pin instead of ca_file", "" },
	{ ", or use its pin", "" },
	{ "set pin in [tls] to it instead", "agent-register can use it" },
	{ "certificate_file in [tls]", "-x" },
	{ "private_key_file in [tls]", "-k" },
	{ "set certificate_file and private_key_file in [tls]", "give -x and -k" },
	{ "the certificate in certificate_file", "the certificate given with -x" },
	{ "ciphers in [tls]", "-c" },
	{ "min_version and ciphers in [tls]", "-c" },
	{ "name in [agent]", "-A" },
	{ "set name in [agent]", "give -A" },
	{ "set another name in [agent]", "give another name with -A" },
	{ "set ip = any in [agent]", "give -I any" },
	{ "correct ip in [agent]", "correct -I" },
	{ "from name = %H", "the host name" },
	{ "groups in [agent]", "-G" },
	{ "create the group on the manager or correct groups",
	  "create the group on the manager or correct -G" },
	{ "ip in [agent]", "-I" },
	{ "correct ip", "correct -I" },
	{ "directory in [agent]", "-D" },
	{ "set directory in [agent]", "give -D" },
	{ "group in [agent]", "-g" },
	{ "set keys_file in [agent] to the file it points to",
	  "put that file itself in its place" },
	{ ", or set keys_in_place = yes in [agent], which writes over the file, but not atomically",
	  "" },
	{ "password_file in [auth]", "-P" },
	{ "set password_file in [auth]", "give -P" },
	{ "the password in password_file", "the password" },
	{ "set password_file to the manager's password",
	  "write the manager's password into the file that -P names" },
	{ 0 },
};

/* ------------------------------------------------------------------ lines */

void agent_auth_say(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)fputs("INFO: ", stdout);
	(void)vprintf(format, arguments);
	(void)fputs("\n", stdout);
	(void)fflush(stdout);
	va_end(arguments);
}

static void print_line(const char *level, const char *text)
{
	time_t now = time(NULL);
	struct tm broken_down;
	char when[32] = "";

	if (localtime_r(&now, &broken_down))
		(void)strftime(when, sizeof when, "%Y/%m/%d %H:%M:%S ", &broken_down);
	(void)fprintf(stderr, "%sagent-auth: %s: %s\n", when, level, text);
}

/* ------------------------------------------------------------------ failures */

/* agent-auth's wording of a failure, by the step that failed; the first row that fits. */
static const struct {
	int step, outcome;
	bool verified_only;
	const char *text;
} wordings[] = {
	{ ANY, OUTCOME_NOT_READY, false, "Unable to extract hostname. Custom agent name not set" },
	{ ANY, OUTCOME_STORAGE_ERROR, false, "Unable to open key file" },
	{ ANY, OUTCOME_MISCONFIGURED, false, NULL },
	{ STEP_CONNECTING, ANY, false, "Unable to connect to the manager" },
	{ STEP_VERIFYING, OUTCOME_UNTRUSTED, true, "Unable to verify server certificate" },
	{ STEP_VERIFYING, ANY, false, "SSL error. Connection refused by the manager" },
	{ STEP_SENDING, ANY, false, "SSL write error (unable to send message.)" },
	{ STEP_WAITING, OUTCOME_REFUSED, false,
	  "Unable to create key. Either wrong password or connection not accepted by the manager" },
	{ STEP_WAITING, OUTCOME_PROTOCOL_ERROR, false, "Invalid key received. Closing connection" },
	{ STEP_WAITING, ANY, false, "SSL read (unable to receive message)" },
};

static const char *find_wording(int outcome, bool has_name)
{
	if (outcome == OUTCOME_NOT_READY && has_name)
		return NULL; /* the request is not held back by the name */
	for (size_t i = 0; outcome >= 0 && i < sizeof wordings / sizeof wordings[0]; i++)
		if ((wordings[i].step == ANY || wordings[i].step == last_step) &&
		    (wordings[i].outcome == ANY || wordings[i].outcome == outcome) &&
		    (manager_is_verified || !wordings[i].verified_only))
			return wordings[i].text;
	return NULL;
}

static void print_failure(int outcome, const char *name, const struct reason *why)
{
	const char *wording = find_wording(outcome, *name);
	char line[LINE_SIZE], message[REASON_MESSAGE_SIZE];
	const char *ours;

	reason_manager_message(why, message);
	ours = why->text + (*message ? why->message_end : 0);
	if (*message)
		(void)snprintf(line, sizeof line, "%s (from manager)%s", message, ours);
	else
		(void)snprintf(line, sizeof line, "%s%s%s", wording ?: "", wording ? ": " : "",
			       ours);
	print_line("ERROR", line);
}

/* ------------------------------------------------------------------ events */

static void print_unverified(const char *manager)
{
	char line[LINE_SIZE];

	(void)snprintf(line, sizeof line,
		       "No CA certificate is given (-v): %s is not verified; "
		       "any host at that address can obtain the password and supply the key",
		       manager);
	print_line("WARNING", line);
}

static void print_registered(void)
{
	agent_auth_say("Valid key created. Finished.");
	agent_auth_say("Connection closed.");
}

static void print_entry(int level, const char *message)
{
	if (level <= LOG_ERR)
		print_line("ERROR", message);
	else if (level <= LOG_NOTICE)
		print_line("WARNING", message);
	else if (log_is_enabled(LOG_DEBUG))
		print_line("DEBUG", message);
}

static void print_step(enum attempt_step step, const char *manager, const char *name)
{
	last_step = (int)step;
	switch (step) {
	case STEP_CONNECTING:
		break;
	case STEP_VERIFYING:
		agent_auth_say("Connected to %s", manager);
		if (manager_is_verified)
			agent_auth_say("Verifying manager's certificate");
		break;
	case STEP_SENDING:
		agent_auth_say("Using agent name as: %s", name);
		break;
	case STEP_WAITING:
		agent_auth_say("Send request to manager. Waiting for reply.");
		break;
	case STEP_RECEIVED:
		agent_auth_say("Received response with agent key");
		break;
	}
}

const struct register_observer *agent_auth_output_begin(bool verifies)
{
	static const struct register_observer observer = {
		.step = print_step,
		.unverified = print_unverified,
		.failed = print_failure,
		.registered = print_registered,
	};

	manager_is_verified = verifies;
	last_step = NO_STEP;
	log_divert(print_entry);
	setting_words_use(words);
	return &observer;
}
