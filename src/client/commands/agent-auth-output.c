/* SPDX-License-Identifier: ISC */
#include "client/commands/agent-auth-output.h"

#include "client/registration/policy.h"
#include "client/system/message-ids.h"
#include "common/log.h"

#include <stdarg.h>
#include <string.h>
#include <time.h>

#define NO_STEP (-1) /* no attempt has begun */
#define ANY (-1)
#define LINE_SIZE 2048

/* A process makes one attempt. */
static bool voice_verifies;
static int voice_step;

/* ------------------------------------------------------------------ options instead of settings */

/*
 * Our sentences name the settings of agent-register.conf(5); who has called agent-auth has options
 * to set them with.
 */
static const struct {
	const char *setting;
	const char *option;
} dictionary[] = {
	{ "address in [manager]", "-m" },
	{ "port in [manager]", "-p" },
	{ "ca_file in [tls]", "-v" },
	{ "certificate_file and private_key_file in [tls]", "-x and -k" },
	{ "certificate_file in [tls]", "-x" },
	{ "private_key_file in [tls]", "-k" },
	{ "the certificate in certificate_file", "the certificate given with -x" },
	{ "set pin in [tls] to it instead", "agent-register can use it" },
	{ "min_version and ciphers in [tls]", "-c" },
	{ "ciphers in [tls]", "-c" },
	{ ", or use pin instead of ca_file", "" },
	{ ", or set verify_name", "" },
	{ "name in [agent]", "-A" },
	{ "(from name = %H) ", "" },
	{ "groups in [agent]", "-G" },
	{ "correct groups", "correct -G" },
	{ "ip in [agent]", "-I" },
	{ "correct ip", "correct -I" },
	{ "directory in [agent]", "-D" },
	{ "group in [agent]", "-g" },
	{ "set keys_file in [agent] to the file it points to", "put that file itself in its "
							       "place" },
	{ ", or set keys_file in [agent]", "" },
	{ "the password in password_file", "the password" },
	{ "set password_file to the manager's password", "write the manager's password into the "
							 "file that -P names" },
	{ "password_file in [auth]", "-P" },
	{ "set -", "give -" },
};

/*
 * Put `word` in the place of the `length` bytes at `at`, in a text of `size` bytes; what does not
 * fit is cut.
 */
static void replace(char *text, size_t size, char *at, size_t length, const char *word)
{
	char rest[LINE_SIZE];

	(void)snprintf(rest, sizeof rest, "%s", at + length);
	(void)snprintf(at, size - (size_t)(at - text), "%s%s", word, rest);
}

static void translate(char *text, size_t size)
{
	for (size_t i = 0; i < sizeof dictionary / sizeof dictionary[0]; i++) {
		char *at = strstr(text, dictionary[i].setting);

		if (at)
			replace(text, size, at, strlen(dictionary[i].setting),
				dictionary[i].option);
	}
}

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

static void complain(const char *level, const char *text)
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

static const char *field(const struct log_field *fields, const char *name)
{
	for (; fields && fields->name; fields++)
		if (strcmp(fields->name, name) == 0)
			return fields->value;
	return NULL;
}

static const char *find_wording(int outcome, bool has_name)
{
	if (outcome == OUTCOME_NOT_READY && has_name)
		return NULL; /* something else than the name keeps us from asking */
	for (size_t i = 0; outcome >= 0 && i < sizeof wordings / sizeof wordings[0]; i++)
		if ((wordings[i].step == ANY || wordings[i].step == voice_step) &&
		    (wordings[i].outcome == ANY || wordings[i].outcome == outcome) &&
		    (voice_verifies || !wordings[i].verified_only))
			return wordings[i].text;
	return NULL;
}

/*
 * What is behind the manager's own words in "MANAGER says: WORDS -- HINT"; null: it is not such a
 * sentence.
 */
static const char *behind_words(const char *sentence, const char *said)
{
	const char *words = said ? strstr(sentence, " says: ") : NULL;

	if (!words)
		return NULL;
	words += strlen(" says: ");
	return strncmp(words, said, strlen(said)) == 0 ? words + strlen(said) : NULL;
}

static void tell_failure(const struct log_field *fields, const char *sentence)
{
	const char *outcome = field(fields, "OUTCOME"), *said = field(fields, "MANAGER_SAYS");
	const char *hint = behind_words(sentence, said);
	const char *wording = find_wording(outcome ? outcome_from_name(outcome) : ANY,
					   field(fields, "AGENT_NAME"));
	char line[2 * LINE_SIZE], ours[LINE_SIZE];

	(void)snprintf(ours, sizeof ours, "%s", hint ?: sentence);
	translate(ours, sizeof ours);
	if (hint)
		(void)snprintf(line, sizeof line, "%s (from manager)%s", said, ours);
	else
		(void)snprintf(line, sizeof line, "%s%s%s", wording ?: "", wording ? ": " : "",
			       ours);
	complain("ERROR", line);
}

/* ------------------------------------------------------------------ what the story tells */

static bool is_failure(int level, const struct log_field *fields)
{
	const char *name = field(fields, "OUTCOME");
	int outcome = name ? outcome_from_name(name) : OUTCOME_REGISTERED;

	return level <= LOG_ERR || (level == LOG_WARNING && outcome > OUTCOME_REGISTERED);
}

static void warn_of_unverified(const struct log_field *fields)
{
	char line[LINE_SIZE];

	(void)snprintf(line, sizeof line,
		       "No CA certificate is given (-v): %s is not verified; any host at that "
		       "address can obtain the password and supply the key",
		       field(fields, "MANAGER"));
	complain("WARNING", line);
}

static void write_entry(int level, const char *message_id, const struct log_field *fields,
			const char *sentence)
{
	char translated[LINE_SIZE];

	if (message_id && strcmp(message_id, MESSAGE_REGISTERED) == 0) {
		agent_auth_say("Valid key created. Finished.");
		agent_auth_say("Connection closed.");
	} else if (message_id && strcmp(message_id, MESSAGE_UNVERIFIED) == 0) {
		warn_of_unverified(fields);
	} else if (is_failure(level, fields)) {
		tell_failure(fields, sentence);
	} else if (level <= LOG_NOTICE || log_is_enabled(LOG_DEBUG)) {
		(void)snprintf(translated, sizeof translated, "%s", sentence);
		translate(translated, sizeof translated);
		complain(level <= LOG_NOTICE ? "WARNING" : "DEBUG", translated);
	}
}

void agent_auth_output_begin(bool verifies)
{
	voice_verifies = verifies;
	voice_step = NO_STEP;
	log_divert(write_entry);
}

void agent_auth_output_step(enum attempt_step step, const char *manager, const char *name)
{
	voice_step = (int)step;
	switch (step) {
	case STEP_CONNECTING:
		break;
	case STEP_VERIFYING:
		agent_auth_say("Connected to %s", manager);
		if (voice_verifies)
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
