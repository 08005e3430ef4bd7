/* SPDX-License-Identifier: ISC */
/* The command `token`: what an enrollment token says, without its secret, without the network. */
#include "client/commands/options.h"
#include "client/commands/token-facts.h"

#include "client/methods/methods.h"
#include "client/registration/policy.h"
#include "common/certificate-names.h"
#include "common/cleanup.h"
#include "common/json-text.h"
#include "common/log.h"
#include "common/secret.h"
#include "common/terminal.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Shorter than the shortest token, and longer than most names of files are. */
#define TOKEN_PART 40

/* ------------------------------------------------------------------ which token */

/*
 * Is the argument the token itself, or a part of one? Everybody on this machine sees the arguments
 * of a process.
 */
static bool is_token_itself(const char *argument)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=+/";

	/* base64 has slashes, but none at the beginning of what begins with a brace */
	if (access(argument, F_OK) == 0 || argument[0] == '/')
		return false;
	return argument[0] == '{' ||
	       (strlen(argument) >= TOKEN_PART && argument[strspn(argument, letters)] == '\0');
}

/* Which file? Returns 0 (null: standard input), or the exit status. */
static int choose_file(const struct program *program, const char **ret)
{
	const struct parsed_line *line = &program->options->line;
	const char *argument = line->argument_count > 1 ? line->arguments[1] : NULL;
	const char *configured = program->config.auth.token_file;

	for (int i = 0; i < line->argument_count; i++) {
		if (!is_token_itself(line->arguments[i]))
			continue;
		log_error("token show takes a file, not the token itself: every user of this "
			  "machine can see it in the process list. Write it to a file, or use - "
			  "and paste it, and consider revoking the token at the manager");
		return EXIT_USAGE;
	}
	if (strcmp(line->arguments[0], "show") != 0) {
		log_error("The command token takes %s", line->command->arguments);
		return EXIT_USAGE;
	}
	if (!argument && !configured) {
		log_error("No enrollment token is configured (token_file in [auth], or the "
			  "credential agent-register.token); give FILE, or - for standard input");
		return outcome_exit_code(OUTCOME_MISCONFIGURED);
	}
	argument = argument ?: configured;
	*ret = strcmp(argument, "-") != 0 ? argument : NULL;
	return 0;
}

/* `path` null: standard input. Returns 0, -ECANCELED, or another negative errno with `why` set. */
static int read_token(struct token_facts *ret, const char *path, int stop_fd, struct reason *why)
{
	static const char role[] = "enrollment token";
	const struct deadline forever = { USEC_INFINITY, stop_fd };
	cleanup(enrollment_token_wipe) struct enrollment_token token = { 0 };
	cleanup(secret_wipe) struct secret text = { 0 };
	const struct method *method;
	struct reason problem = { 0 };
	int r = method_get(METHOD_ENROLL, &method, why);

	if (r >= 0)
		r = path ? secret_read_long(&text, role, path, ENROLLMENT_TOKEN_MAX, why)
			 : secret_read_input(&text, role, ENROLLMENT_TOKEN_MAX, &forever, why);
	if (r < 0)
		return r;
	r = method->parse_token(&token, &text, &problem);
	if (r < 0)
		reason_set(why, "%s (%s)", problem.text, path ?: "standard input");
	return r < 0 ? r : token_facts_find(ret, &token, why);
}

/* ------------------------------------------------------------------ for people */

#define print_fact(label, ...) \
	terminal_print_row(terminal_stdout(), TERMINAL_NO_MARK, label, 13, __VA_ARGS__)

static void print_facts(const struct token_facts *facts)
{
	char text[CA_TEXT_SIZE];

	print_fact("manager", "%s", endpoint_text(&facts->manager, text));
	print_fact("prefix", "%s", facts->prefix[0] ? facts->prefix : "none");
	if (facts->pin[0])
		print_fact("pin", "%s (of the manager's CA, which is not in the token)",
			   facts->pin);
	for (size_t i = 0; i < ca_bundle_count(&facts->ca); i++) {
		ca_describe(ca_bundle_at(&facts->ca, i), text);
		print_fact("CA", "%s", text);
	}
	if (facts->has_credential)
		print_fact("credential", "yes, with the id %s", facts->id);
	else
		print_fact("credential", "no: the manager takes a password, or none");
	print_fact("expires", "not said in the token; its manager knows");
}

/* ------------------------------------------------------------------ for programs */

static void json_time(const char *name, const ASN1_TIME *time)
{
	struct tm broken_down;
	char text[32] = "";

	if (ASN1_TIME_to_tm(time, &broken_down) == 1)
		(void)strftime(text, sizeof text, "%FT%TZ", &broken_down);
	print_json_member(name, *text ? text : NULL);
}

static void json_certificate(X509 *certificate)
{
	char subject[CA_TEXT_SIZE], pin[TLS_PIN_SIZE];
	bool has_pin = tls_certificate_pin(certificate, pin) == 0;

	putchar('{');
	print_json_member("subject", certificate_describe_name(X509_get_subject_name(certificate),
							       subject, sizeof subject));
	putchar(',');
	json_time("not_before", X509_get0_notBefore(certificate));
	putchar(',');
	json_time("not_after", X509_get0_notAfter(certificate));
	putchar(',');
	print_json_member("pin", has_pin ? pin : NULL);
	putchar('}');
}

/* The schema is in agent-register(8) and stable: members are added, never changed. */
static void json_facts(const struct token_facts *facts, const char *problem)
{
	putchar('{');
	print_json_member("host", facts->manager.host);
	printf(",\"port\":%u,", (unsigned int)facts->manager.port);
	print_json_member("prefix", facts->prefix);
	putchar(',');
	print_json_member("pin", facts->pin[0] ? facts->pin : NULL);
	printf(",\"ca\":[");
	for (size_t i = 0; i < ca_bundle_count(&facts->ca); i++) {
		printf("%s", i > 0 ? "," : "");
		json_certificate(ca_bundle_at(&facts->ca, i));
	}
	printf("],\"credential\":%s,", facts->has_credential ? "true" : "false");
	print_json_member("id", facts->has_credential ? facts->id : NULL);
	putchar(',');
	print_json_member("expires", NULL); /* version 1 of the format does not say it */
	putchar(',');
	print_json_member("problem", *problem ? problem : NULL);
	printf("}\n");
}

/* ------------------------------------------------------------------ the command */

int command_token(struct program *program)
{
	cleanup(token_facts_clear) struct token_facts facts = { 0 };
	struct reason why = { 0 };
	const char *path = NULL;
	int r = choose_file(program, &path);

	if (r > 0)
		return r;
	secret_protect_process();
	r = read_token(&facts, path, program->stop_fd, &why);
	if (r == -ECANCELED)
		return r;
	if (r < 0) {
		log_error("%s", why.text);
		return outcome_exit_code(outcome_unless_short(OUTCOME_MISCONFIGURED, r));
	}
	r = token_facts_judge(&facts, &why);
	if (program->options->json)
		json_facts(&facts, why.text);
	else
		print_facts(&facts);
	if (r == OUTCOME_OK)
		return 0;
	log_error("%s (%s)", why.text, path ?: "standard input");
	return outcome_exit_code(r);
}
