/* SPDX-License-Identifier: ISC */
#include "client/commands/check.h"

#include "client/config/name-template.h"
#include "client/conversation/child.h"
#include "client/conversation/conversation.h"
#include "client/net/net.h"
#include "client/net/tls-client.h"
#include "client/net/tls-verify.h"
#include "common/certificate-names.h"
#include "common/cleanup.h"
#include "common/must-check.h"
#include "common/tls-pin.h"

#include <stdarg.h>
#include <string.h>

/* ------------------------------------------------------------------ reporting */

static void found(const char *layer, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void found(const char *layer, const char *format, ...)
{
	char text[1024];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	child_report(OUTCOME_OK, layer, text);
}

/* With the reason and its remedy. Returns false, for the caller to pass on. */
static bool wrong(const char *layer, enum outcome outcome, const char *text)
{
	if (*text) /* otherwise we were asked to stop */
		child_report(outcome, layer, text);
	return false;
}

/* ------------------------------------------------------------------ the way to a manager */

static bool check_resolving(struct check *check, const struct endpoint *endpoint)
{
	struct deadline deadline = deadline_in(check->config->manager.connect_timeout,
					       &check->deadline);
	struct addrinfo *addresses = NULL;
	struct reason why = { 0 };
	char text[512] = "";

	if (net_resolve(endpoint, &deadline, &addresses, &why) != OUTCOME_OK)
		return wrong("DNS", OUTCOME_UNREACHABLE, why.text);
	for (const struct addrinfo *address = addresses; address; address = address->ai_next) {
		size_t used = strlen(text);
		char host[NI_MAXHOST] = "?";

		(void)getnameinfo(address->ai_addr, address->ai_addrlen, host, sizeof host, NULL, 0,
				  NI_NUMERICHOST);
		(void)snprintf(text + used, sizeof text - used, "%s%s", used ? ", " : "", host);
	}
	freeaddrinfo(addresses);
	found("DNS", "%s is %s", endpoint->host, text);
	return true;
}

static bool check_connecting(struct check *check, const struct endpoint *endpoint, int *ret_fd)
{
	struct deadline deadline = deadline_in(check->config->manager.connect_timeout,
					       &check->deadline);
	struct reason why = { 0 };

	if (net_connect(endpoint, &deadline, ret_fd, &why) != OUTCOME_OK)
		return wrong("TCP", OUTCOME_UNREACHABLE, why.text);
	found("TCP", "port %u answers", (unsigned)endpoint->port);
	return true;
}

/* The proxy resolves the manager's name. */
static bool check_tunnel(struct check *check, const struct endpoint *endpoint, int fd)
{
	struct deadline deadline = deadline_in(check->config->manager.connect_timeout,
					       &check->deadline);
	char proxy[ENDPOINT_TEXT_SIZE], manager[ENDPOINT_TEXT_SIZE];
	struct reason why = { 0 };
	int r = net_tunnel(fd, &check->access.proxy, endpoint, &deadline, &why);

	if (r != OUTCOME_OK)
		return wrong("proxy", r < 0 ? OUTCOME_UNREACHABLE : (enum outcome)r, why.text);
	found("proxy", "%s opens a tunnel to %s",
	      endpoint_text(&check->access.proxy.endpoint, proxy),
	      endpoint_text(endpoint, manager));
	return true;
}

/* Shake hands without judging: the judgement follows, part by part. */
static bool check_handshake(struct check *check, const struct endpoint *endpoint, int fd,
			    struct tls_client **ret)
{
	static const struct tls_trust anybody = { .verify = false };
	struct deadline deadline = deadline_in(check->config->manager.attempt_timeout,
					       &check->deadline);
	struct reason why = { 0 };
	int r = tls_client_new(ret, fd, check->access.context, endpoint, &anybody, &deadline, &why);

	if (r != OUTCOME_OK)
		return wrong("TLS", r < 0 ? OUTCOME_UNTRUSTED : (enum outcome)r, why.text);
	if (tls_client_lacks_certificate(*ret))
		return wrong("TLS", OUTCOME_REFUSED,
			     "the manager wants a client certificate: "
			     "set certificate_file and private_key_file in [tls]");
	found("TLS", "%s", tls_client_version(*ret));
	return true;
}

/* Where the manager serves agents, which do not use the proxy. */
static void check_agents_port(struct check *check, const struct endpoint *manager)
{
	struct deadline deadline = deadline_in(check->config->manager.connect_timeout,
					       &check->deadline);
	struct endpoint agents = *manager;
	struct reason why = { 0 };
	cleanup_fd int fd = -1;

	agents.port = probe_port(&check->probe, manager, NULL);
	if (agents.port == 0)
		return;
	if (net_connect(&agents, &deadline, &fd, &why) == OUTCOME_OK)
		found("probe", "port %u answers, where agents are served", (unsigned)agents.port);
	else
		(void)wrong("probe", OUTCOME_UNREACHABLE, why.text);
}

/* ------------------------------------------------------------------ the agent's name */

static void check_fqdn(struct check *check)
{
	struct deadline deadline = deadline_in(check->config->manager.attempt_timeout,
					       &check->deadline);
	struct own_names own = { 0 };
	struct reason why = { 0 };
	int r = own_fqdn_find(own.fqdn, &deadline, &why);

	if (r == OUTCOME_OK)
		found(CHECK_FQDN, "%s", own.fqdn);
	else
		(void)wrong(CHECK_FQDN, r < 0 ? OUTCOME_NOT_READY : (enum outcome)r, why.text);
}

static void check_own_address(struct check *check, const struct endpoint *manager, int fd)
{
	struct deadline deadline = deadline_in(check->config->manager.connect_timeout,
					       &check->deadline);
	struct own_names own = { 0 };
	struct reason why = { 0 };
	int r = own_address_find(own.address, fd, manager, &deadline, &why);

	if (r == OUTCOME_OK)
		found(CHECK_ADDRESS, "%s", own.address);
	else
		(void)wrong(CHECK_ADDRESS, r < 0 ? OUTCOME_NOT_READY : (enum outcome)r, why.text);
}

/* `fd` is connected to the manager, or to the proxy. */
static void check_own_names(struct check *check, const struct endpoint *manager, int fd)
{
	unsigned int needs = name_template_needs(check->config->agent.name);

	if (needs & NAME_NEEDS_FQDN)
		check_fqdn(check);
	if (needs & NAME_NEEDS_ADDRESS)
		check_own_address(check, manager, fd);
}

/* ------------------------------------------------------------------ the manager's certificate */

static void check_chain(struct check *check, const struct tls_client *client)
{
	struct reason why = { 0 };

	if (!check->ca)
		found("chain", "not checked: no ca_file is set");
	else if (tls_client_chain_error(client, check->access.context, check->ca, false, &why) ==
		 X509_V_OK)
		found("chain", "leads to a CA in %s", check->ca);
	else
		(void)wrong("chain", OUTCOME_UNTRUSTED, why.text);
}

static void check_names(struct check *check, const struct tls_client *client, const char *host)
{
	const struct config *config = check->config;
	const char *name = config->tls.verify_name ?: host;
	struct reason why = { 0 };
	char names[512];

	certificate_describe_names(tls_client_certificate(client), names, sizeof names);
	if (!check->ca && !config->tls.verify_name)
		found("name match", "not checked: %s replaces it",
		      config->tls.pin.count ? "the pin" : "verify = no");
	else if (tls_client_has_name(client, check->access.context, name, &why))
		found("name match", "%s is among %s", name, names);
	else
		(void)wrong("name match", OUTCOME_UNTRUSTED, why.text);
}

static bool is_valid_today(const X509 *certificate)
{
	return X509_cmp_current_time(X509_get0_notBefore(certificate)) < 0 &&
	       X509_cmp_current_time(X509_get0_notAfter(certificate)) > 0;
}

/* With a CA, a registration judges the dates with the chain; without one, they do not count. */
static void check_validity(struct check *check, const struct tls_client *client)
{
	X509 *certificate = tls_client_certificate(client);
	struct reason why = { 0 };
	char begin[64], end[64];
	int error = X509_V_OK;

	tls_describe_time(X509_get0_notBefore(certificate), begin, sizeof begin);
	tls_describe_time(X509_get0_notAfter(certificate), end, sizeof end);
	if (check->ca)
		error = tls_client_chain_error(client, check->access.context, check->ca, true,
					       &why);
	if (error == X509_V_ERR_CERT_HAS_EXPIRED || error == X509_V_ERR_CERT_NOT_YET_VALID) {
		(void)wrong("validity", OUTCOME_UNTRUSTED, why.text);
		return;
	}
	reason_set(&why, "from %s to %s", begin, end);
	if (is_valid_today(certificate))
		found("validity", "%s", why.text);
	else if (!check->ca)
		found("validity", "not checked; it is %s", why.text);
	else /* and the chain has a fault that is found before that */
		(void)wrong("validity", OUTCOME_UNTRUSTED, why.text);
}

static void check_pin(struct check *check, X509 *certificate, const struct endpoint *endpoint)
{
	const struct string_list *pins = &check->config->tls.pin;
	char pin[TLS_PIN_SIZE] = "?", manager[ENDPOINT_TEXT_SIZE];
	struct reason why = { 0 };

	ignore_result(tls_certificate_pin(certificate, pin)); /* then "?" says so */
	if (pins->count == 0)
		found("pin", "none is configured");
	else if (tls_key_is_pinned(certificate, pins))
		found("pin", "%s", pin);
	else {
		tls_verify_explain_pin(endpoint_text(endpoint, manager), &why);
		(void)wrong("pin", OUTCOME_UNTRUSTED, why.text);
	}
}

/* Without a CA or a pin in the configuration, the manager is known by what the token says. */
static bool check_token(struct check *check, const struct endpoint *endpoint)
{
	const struct config *config = check->config;
	struct deadline deadline = deadline_in(config->manager.attempt_timeout, &check->deadline);
	const struct attempt attempt = access_attempt(&check->access, endpoint, &deadline);
	struct attempt_report report = { 0 };
	int r;

	if (!check->access.has_token || config->tls.ca_file || config->tls.pin.count > 0)
		return true;
	r = check->access.method->fetch_ca(&attempt, &report);
	if (r != OUTCOME_OK)
		return wrong("token", r < 0 ? OUTCOME_UNTRUSTED : (enum outcome)r, report.why.text);
	found("token", check->access.token.ca ? "holds the manager's CA"
					      : "its pin matches a CA that the manager serves");
	check->ca = "the enrollment token";
	return true;
}

/*
 * The probe, resolving, connecting and the tunnel; the FQDN; the handshake, and another one for a
 * token's CA.
 */
struct deadline check_manager_deadline(const struct check *check)
{
	const struct config *config = check->config;

	return deadline_in(4 * config->manager.connect_timeout +
				   3 * config->manager.attempt_timeout,
			   &check->deadline);
}

int check_inspect_manager(const struct attempt *attempt, struct reason *why)
{
	struct check *check = attempt->user;
	const struct endpoint *endpoint = attempt->manager;
	cleanup(release_tls_client) struct tls_client *client = NULL;
	const struct endpoint *next = check->access.has_proxy ? &check->access.proxy.endpoint
							      : endpoint;
	cleanup_fd int fd = -1;

	(void)why;
	check->deadline = *attempt->deadline;
	check->ca = check->access.trust.ca_file;
	check_agents_port(check, endpoint);
	if (!check_resolving(check, next) || !check_connecting(check, next, &fd))
		return OUTCOME_OK; /* that something is wrong has been reported */
	check_own_names(check, endpoint, fd);
	if ((next != endpoint && !check_tunnel(check, endpoint, fd)) ||
	    !check_handshake(check, endpoint, take_fd(&fd), &client) ||
	    !check_token(check, endpoint))
		return OUTCOME_OK;
	check_chain(check, client);
	check_names(check, client, endpoint->host);
	check_validity(check, client);
	check_pin(check, tls_client_certificate(client), endpoint);
	return OUTCOME_OK;
}
