/* SPDX-License-Identifier: ISC */
/* The command `pin`: show a manager's certificate and the line that pins its key. */
#include "client/commands/options.h"

#include "client/config/types.h"
#include "client/conversation/child.h"
#include "client/conversation/conversation.h"
#include "client/net/tls-client.h"
#include "client/registration/access.h"
#include "client/registration/policy.h"
#include "common/certificate-names.h"
#include "common/cleanup.h"
#include "common/escape.h"
#include "common/log.h"
#include "common/terminal.h"
#include "common/tls-pin.h"

#include <errno.h>
#include <string.h>

#define LABEL_VERSION "version"
#define LABEL_PIN "pin"

/* ------------------------------------------------------------------ in the child */

static void report_name(const char *label, const X509_NAME *name)
{
	char shown[512];

	child_report(OUTCOME_OK, label, certificate_describe_name(name, shown, sizeof shown));
}

static void report_validity(X509 *certificate)
{
	char begin[64], end[64], text[160];

	tls_describe_time(X509_get0_notBefore(certificate), begin, sizeof begin);
	tls_describe_time(X509_get0_notAfter(certificate), end, sizeof end);
	(void)snprintf(text, sizeof text, "%s to %s", begin, end);
	child_report(OUTCOME_OK, "valid", text);
}

static int report_certificate(X509 *certificate, const char *version)
{
	char names[512], pin[TLS_PIN_SIZE];

	if (!certificate || tls_certificate_pin(certificate, pin) < 0)
		return -EIO;
	certificate_describe_names(certificate, names, sizeof names);
	child_report(OUTCOME_OK, LABEL_VERSION, version);
	report_name("subject", X509_get_subject_name(certificate));
	report_name("issuer", X509_get_issuer_name(certificate));
	child_report(OUTCOME_OK, "names", names);
	report_validity(certificate);
	child_report(OUTCOME_OK, LABEL_PIN, pin);
	return 0;
}

static int inspect(const struct attempt *attempt, struct reason *why)
{
	cleanup(release_tls_client) struct tls_client *client = NULL;
	struct attempt_report report = { 0 };
	char text[ENDPOINT_TEXT_SIZE];
	int r = method_connect(attempt, &client, &report);

	*why = report.why;
	if (r != OUTCOME_OK)
		return r;
	if (report_certificate(tls_client_certificate(client), tls_client_version(client)) < 0)
		return reason_errno(why, EIO, "Cannot read the certificate of %s",
				    endpoint_text(attempt->manager, text));
	return OUTCOME_OK;
}

/* ------------------------------------------------------------------ in the program */

static bool is_pin(const char *text)
{
	cleanup(string_list_clear) struct string_list pins = { 0 };
	const char *expected;

	return config_pin_list.parse(&pins, text, &config_pin_list, &expected) == 0;
}

/* The version comes first, and the pin last. */
static void show(enum outcome outcome, const char *label, const char *text, void *user)
{
	const struct endpoint *endpoint = user;
	char manager[ENDPOINT_TEXT_SIZE], indented[64];

	(void)outcome;
	if (strcmp(label, LABEL_VERSION) == 0)
		terminal_print_sentence(terminal_stdout(), "The certificate of %s (%s):",
					endpoint_text(endpoint, manager), text);
	else if (strcmp(label, LABEL_PIN) != 0) {
		(void)snprintf(indented, sizeof indented, "  %s", label);
		terminal_print_row(terminal_stdout(), TERMINAL_NO_MARK, indented, 12, "%s", text);
	} else if (is_pin(text)) {
		putchar('\n');
		terminal_print_sentence(terminal_stdout(),
					"If its administrator confirms that this is the manager's, "
					"put it into agent-register.conf:");
		printf("\n[tls]\npin = %s\n", text);
	}
}

/*
 * Connect without verifying: what is shown is for a person to judge. The configured client
 * certificate is presented, because a manager may require one for the handshake.
 */
static int look_at(const struct config *config, struct endpoint *endpoint,
		   const struct deadline *deadline, struct reason *why)
{
	const struct tls_settings settings = {
		.min_version = "1.0",
		.certificate_file = config->tls.certificate_file,
		.private_key_file = config->tls.private_key_file,
		.own_home = config_home(config, &config->tls.certificate_file),
	};
	const struct tls_trust trust = { .verify = false };
	cleanup(release_ssl_ctx) SSL_CTX *context = NULL;
	cleanup(proxy_wipe) struct proxy proxy = { 0 };
	struct attempt attempt = { .manager = endpoint, .deadline = deadline, .user = endpoint };
	int r = tls_context_new(&context, &settings, why);

	if (r == OUTCOME_OK)
		r = access_read_proxy(&proxy, config, why);
	if (r < 0)
		return r;
	attempt.connection = (struct attempt_connection){
		.context = context,
		.trust = &trust,
		.proxy = r > 0 ? &proxy : NULL,
		.timeout = config->manager.connect_timeout,
	};
	return conversation_inspect(&attempt, inspect, show, why);
}

/* ------------------------------------------------------------------ the command */

int command_pin(struct program *program)
{
	const struct config *config = &program->config;
	struct deadline stop = { USEC_INFINITY, program->stop_fd };
	struct deadline deadline = deadline_in(config->manager.attempt_timeout, &stop);
	struct reason why = { 0 };
	struct endpoint endpoint;
	int r;

	if (endpoint_parse(&endpoint, program->options->line.arguments[0],
			   config_default_port(config)) < 0) {
		char shown[128];

		log_error("'%s' is not HOST or HOST:PORT",
			  escape_string(shown, sizeof shown, program->options->line.arguments[0]));
		return EXIT_USAGE;
	}
	r = look_at(config, &endpoint, &deadline, &why);
	if (r == OUTCOME_OK || r == -ECANCELED)
		return r;
	log_error("%s", why.text);
	return outcome_exit_code(r);
}
