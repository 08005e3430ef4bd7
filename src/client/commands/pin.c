/* SPDX-License-Identifier: ISC */
/* The command `pin`: show a manager's certificate and the line that pins its key. */
#include "client/commands/options.h"

#include "client/net/net.h"
#include "client/net/tls-client.h"
#include "client/net/tls-verify.h"
#include "client/registration/access.h"
#include "client/registration/policy.h"
#include "common/certificate-names.h"
#include "common/cleanup.h"
#include "common/escape.h"
#include "common/log.h"

static void print_name(const char *label, const X509_NAME *name)
{
	cleanup(release_bio) BIO *bio = BIO_new(BIO_s_mem());
	char *text, shown[512];
	long length;

	if (!bio || X509_NAME_print_ex(bio, name, 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB) < 0)
		return;
	length = BIO_get_mem_data(bio, &text);
	printf("  %-10s %s\n", label, escape_bytes(shown, sizeof shown, text, (size_t)length));
}

static int print_certificate(X509 *certificate, const char *manager, const char *version)
{
	char names[512], begin[64], end[64], pin[TLS_PIN_SIZE];

	if (tls_certificate_pin(certificate, pin) < 0)
		return -EIO;
	certificate_describe_names(certificate, names, sizeof names);
	tls_describe_time(X509_get0_notBefore(certificate), begin, sizeof begin);
	tls_describe_time(X509_get0_notAfter(certificate), end, sizeof end);

	printf("The certificate of %s (%s):\n", manager, version);
	print_name("subject", X509_get_subject_name(certificate));
	print_name("issuer", X509_get_issuer_name(certificate));
	printf("  %-10s %s\n", "names", names);
	printf("  %-10s %s to %s\n", "valid", begin, end);
	printf("\nIf its administrator confirms that this is the manager's, "
	       "put it into agent-register.conf:\n\n"
	       "[tls]\npin = %s\n",
	       pin);
	return 0;
}

/*
 * Connect without verifying: what is shown is for a person to judge. The configured client
 * certificate is presented, because a manager may require one for the handshake.
 */
static int inspect(const struct config *config, const struct endpoint *endpoint,
		   const struct deadline *deadline, struct reason *why)
{
	const struct tls_settings settings = {
		.min_version = "1.0",
		.certificate_file = config->tls.certificate_file,
		.private_key_file = config->tls.private_key_file,
	};
	const struct tls_trust trust = { .verify = false };
	cleanup(release_tls_client) struct tls_client *client = NULL;
	cleanup(release_ssl_ctx) SSL_CTX *context = NULL;
	cleanup(proxy_wipe) struct proxy proxy = { 0 };
	struct deadline connecting = deadline_in(config->manager.connect_timeout, deadline);
	char text[ENDPOINT_TEXT_SIZE];
	cleanup_fd int fd = -1;
	int r = tls_context_new(&context, &settings, why);

	if (r == OUTCOME_OK)
		r = access_read_proxy(&proxy, config, why);
	if (r >= 0)
		r = net_connect_through(r > 0 ? &proxy : NULL, endpoint, &connecting, &fd, why);
	if (r == OUTCOME_OK)
		r = tls_client_new(&client, take_fd(&fd), context, endpoint, &trust, deadline, why);
	if (r != OUTCOME_OK)
		return r;
	if (!tls_client_certificate(client) ||
	    print_certificate(tls_client_certificate(client), endpoint_text(endpoint, text),
			      tls_client_version(client)) < 0)
		return reason_errno(why, EIO, "Cannot read the certificate of %s",
				    endpoint_text(endpoint, text));
	return OUTCOME_OK;
}

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
	r = inspect(config, &endpoint, &deadline, &why);
	if (r == OUTCOME_OK || r == -ECANCELED)
		return r;
	log_error("%s", why.text);
	return r < 0 ? EXIT_LOCAL_ERROR : outcome_policy(r)->exit_code;
}
