/* SPDX-License-Identifier: ISC */
#include "client/net/tls-client.h"

#include "client/net/tls-chain.h"
#include "client/net/tls-verify.h"
#include "common/certificate-names.h"
#include "common/escape.h"
#include "common/setting-words.h"
#include "common/tls-record-limit.h"

#include <openssl/err.h>
#include <poll.h>
#include <string.h>

DEFINE_RELEASE(store_context, X509_STORE_CTX *, X509_STORE_CTX_free)

#define REMEDY_SIZE 256

struct tls_client {
	SSL *ssl;
	int fd;
	const struct endpoint *endpoint;
	const struct tls_trust *trust;
	bool is_accepted;        /* the manager's certificate */
	struct reason rejection; /* why the certificate was rejected */
	struct reason warning;
	bool certificate_was_requested;
	bool was_reset;
	bool was_closed_in_order;
};

/* ------------------------------------------------------------------ callbacks of the handshake */

static struct tls_client *client_of(const SSL *ssl)
{
	return SSL_get_app_data(ssl);
}

static int verify(X509_STORE_CTX *store, void *unused)
{
	struct tls_client *client =
		client_of(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));

	(void)unused;
	X509_VERIFY_PARAM_set_auth_level(
		X509_STORE_CTX_get0_param(store),
		tls_context_certificate_level(SSL_get_SSL_CTX(client->ssl)));
	client->is_accepted = tls_verify_manager(store, client->endpoint, client->trust,
						 &client->rejection, &client->warning) == 1;
	return client->is_accepted;
}

/* Called when the manager asks for a certificate; the configured one, if any, is sent. */
static int note_certificate_request(SSL *ssl, void *unused)
{
	(void)unused;
	client_of(ssl)->certificate_was_requested = true;
	return 1;
}

static bool has_certificate(const struct tls_client *client)
{
	return SSL_get_certificate(client->ssl);
}

/* ------------------------------------------------------------------ waiting */

/*
 * After an SSL call returned `r`: wait for the event that it needs. Returns 0 to call it again,
 * -EPROTO when it failed (see the ERR queue and errno), -EPIPE when the peer ended the connection,
 * -EBADMSG when it sends messages without end, or the result of deadline_wait().
 */
static int wait_for_ssl(struct tls_client *client, int r, const struct deadline *deadline)
{
	int saved_errno = errno, events;

	switch (SSL_get_error(client->ssl, r)) {
	case SSL_ERROR_WANT_READ:
		events = deadline_wait(deadline, client->fd, POLLIN);
		return events < 0 ? events : 0;
	case SSL_ERROR_WANT_WRITE:
		events = deadline_wait(deadline, client->fd, POLLOUT);
		return events < 0 ? events : 0;
	case SSL_ERROR_ZERO_RETURN:
		if (tls_record_limit_was_exceeded(client->ssl))
			return -EBADMSG;
		client->was_closed_in_order = true;
		return -EPIPE;
	case SSL_ERROR_SYSCALL:
		client->was_reset = saved_errno == ECONNRESET || saved_errno == EPIPE;
		errno = saved_errno;
		return -EPIPE;
	default:
		/* OpenSSL 3 reports an end without close_notify as this protocol error. */
		return ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING
			       ? -EPIPE
			       : -EPROTO;
	}
}

/*
 * ------------------------------------------------------------------ what a failed handshake means
 */

/* Alerts of the manager and our own errors that mean: no TLS version or cipher in common. */
static bool is_version_problem(int reason)
{
	return reason == SSL_R_UNSUPPORTED_PROTOCOL ||
	       reason == SSL_R_TLSV1_ALERT_PROTOCOL_VERSION ||
	       reason == SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE ||
	       reason == SSL_R_NO_PROTOCOLS_AVAILABLE ||
	       reason == SSL_R_TLSV1_ALERT_INSUFFICIENT_SECURITY ||
	       reason == SSL_R_WRONG_SSL_VERSION || reason == SSL_R_NO_CIPHERS_AVAILABLE;
}

/*
 * What an administrator can do about a handshake that failed otherwise, with "; " in front of it;
 * empty: nothing is known.
 */
static const char *handshake_remedy(int reason, char buffer[static REMEDY_SIZE])
{
	static const struct {
		int reason;
		const char *remedy;
		const char *ciphers; /* what to set them to; null: that does not help */
	} rows[] = {
		{ SSL_R_DH_KEY_TOO_SMALL, "let it use a larger key or ECDHE, or allow it by ",
		  "DEFAULT@SECLEVEL=1" },
		{ SSL_R_EE_KEY_TOO_SMALL,
		  "reissue its certificate with RSA of 2048 bits or more, or allow it by ",
		  "DEFAULT@SECLEVEL=1" },
		{ SSL_R_WRONG_SIGNATURE_TYPE,
		  "its signatures are too weak for this machine; allow them by ",
		  "DEFAULT@SECLEVEL=0" },
		{ SSL_R_UNSAFE_LEGACY_RENEGOTIATION_DISABLED,
		  "its TLS library has no secure renegotiation (RFC 5746); update it", NULL },
		{ SSL_R_BAD_SIGNATURE, "its private key does not belong to its certificate", NULL },
		{ SSL_R_TLSV1_UNRECOGNIZED_NAME, "use a name in address that it knows", NULL },
	};

	buffer[0] = '\0';
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (rows[i].reason == reason)
			(void)snprintf(buffer, REMEDY_SIZE, "; %s%s%s%s",
				       setting_words(rows[i].remedy),
				       rows[i].ciphers ? setting_words("ciphers in [tls]") : "",
				       rows[i].ciphers ? ": " : "", rows[i].ciphers ?: "");
	return buffer;
}

static bool is_no_tls(int reason)
{
	return reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_HTTP_REQUEST ||
	       reason == SSL_R_RECORD_TOO_SMALL || reason == SSL_R_PACKET_LENGTH_TOO_LONG ||
	       reason == SSL_R_DATA_LENGTH_TOO_LONG; /* the same, of OpenSSL 3.2 */
}

/* Alerts that managers send about the agent's certificate. */
static bool is_certificate_alert(int reason)
{
	return reason == SSL_R_TLSV1_ALERT_UNKNOWN_CA ||
	       reason == SSL_R_SSLV3_ALERT_BAD_CERTIFICATE ||
	       reason == SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED ||
	       reason == SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN ||
	       reason == SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED ||
	       reason == SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE ||
	       reason == SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED ||
	       reason == SSL_R_TLSV1_ALERT_ACCESS_DENIED ||
	       reason == SSL_R_TLSV1_ALERT_DECRYPT_ERROR;
}

static int certificate_refused(struct tls_client *client, const char *manager, const char *text,
			       struct reason *why)
{
	if (tls_client_lacks_certificate(client))
		reason_set(why, "%s requires a client certificate (%s); %s", manager, text,
			   setting_words("set certificate_file and private_key_file in [tls]"));
	else
		reason_set(why, "%s rejected our client certificate (%s)", manager, text);
	return OUTCOME_REFUSED;
}

static int too_many_records(const char *manager, struct reason *why)
{
	reason_set(why, "%s sends TLS messages without end; check the address and the port",
		   manager);
	return OUTCOME_PROTOCOL_ERROR;
}

static int handshake_failed(struct tls_client *client, int r, struct reason *why)
{
	int reason = ERR_GET_REASON(ERR_peek_error()), saved_errno = errno;
	char manager[ENDPOINT_TEXT_SIZE], buffer[256], remedy[REMEDY_SIZE];
	const char *text = tls_error_text(buffer, sizeof buffer);

	endpoint_text(client->endpoint, manager);
	if (r == -ETIMEDOUT) {
		reason_set(why,
			   "%s accepted the connection "
			   "but did not finish the TLS handshake in time",
			   manager);
		return OUTCOME_UNREACHABLE;
	}
	if (r == -EPIPE) {
		reason_set(why, "%s closed the connection during the TLS handshake%s%s", manager,
			   saved_errno ? ": " : "",
			   saved_errno ? strerrordesc_np(saved_errno) : "");
		return OUTCOME_BUSY;
	}
	if (r == -EBADMSG)
		return too_many_records(manager, why);
	if (r != -EPROTO)
		return r == -ECANCELED ? r : reason_errno(why, r, "Cannot wait for %s", manager);
	if (client->rejection.text[0]) {
		reason_set(why, "%s", client->rejection.text);
		return OUTCOME_UNTRUSTED;
	}
	if (is_certificate_alert(reason) ||
	    (tls_client_lacks_certificate(client) && reason == SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE))
		return certificate_refused(client, manager, text, why);
	if (is_no_tls(reason)) {
		reason_set(why, "%s does not speak TLS (%s); check the port", manager, text);
		return OUTCOME_PROTOCOL_ERROR;
	}
	if (is_version_problem(reason))
		reason_set(why,
			   "%s and this machine have no TLS version or cipher in common "
			   "(%s); see %s",
			   manager, text, setting_words("min_version and ciphers in [tls]"));
	else
		reason_set(why, "The TLS handshake with %s failed: %s%s", manager, text,
			   handshake_remedy(reason, remedy));
	return OUTCOME_UNTRUSTED;
}

/* ------------------------------------------------------------------ the pipe */

/* No cipher may do without the certificate that the callback has accepted. */
static int check_acceptance(const struct tls_client *client, struct reason *why)
{
	char manager[ENDPOINT_TEXT_SIZE];

	if (client->is_accepted && SSL_get0_peer_certificate(client->ssl))
		return OUTCOME_OK;
	endpoint_text(client->endpoint, manager);
	reason_set(why, "%s presented no certificate", manager);
	return OUTCOME_UNTRUSTED;
}

static int shake_hands(struct tls_client *client, const struct deadline *deadline,
		       struct reason *why)
{
	for (;;) {
		int r;

		ERR_clear_error();
		errno = 0;
		r = SSL_connect(client->ssl);
		if (r == 1)
			return check_acceptance(client, why);
		r = wait_for_ssl(client, r, deadline);
		if (r < 0)
			return handshake_failed(client, r, why);
	}
}

int tls_client_new(struct tls_client **ret, int fd, SSL_CTX *context,
		   const struct endpoint *endpoint, const struct tls_trust *trust,
		   const struct deadline *deadline, struct reason *why)
{
	cleanup(release_tls_client) struct tls_client *client = calloc(1, sizeof *client);
	int r;

	if (!client) {
		release_fd(&fd);
		return reason_errno(why, ENOMEM, "Cannot initialize TLS");
	}
	client->fd = fd;
	client->endpoint = endpoint;
	client->trust = trust;
	SSL_CTX_set_cert_verify_callback(context, verify, NULL);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_cb(context, note_certificate_request, NULL);

	client->ssl = SSL_new(context);
	if (!client->ssl || SSL_set_app_data(client->ssl, client) != 1 ||
	    SSL_set_fd(client->ssl, fd) != 1)
		return reason_errno(why, ENOMEM, "Cannot initialize TLS");
	if (!endpoint_is_literal(endpoint) &&
	    !SSL_set_tlsext_host_name(client->ssl, (char *)(uintptr_t)endpoint->host))
		return reason_errno(why, ENOMEM, "Cannot initialize TLS");

	r = shake_hands(client, deadline, why);
	if (r == OUTCOME_OK)
		*ret = take_pointer(client);
	return r;
}

/*
 * The connection was closed during a write. With TLS 1.3 the manager checks our certificate after
 * our side of the handshake is done: if it rejected the certificate, its alert can be read now.
 * Returns -EPROTO when there is one, or -EPIPE.
 */
static int look_for_alert(struct tls_client *client)
{
	char byte;

	ERR_clear_error();
	if (SSL_peek(client->ssl, &byte, 1) <= 0 &&
	    is_certificate_alert(ERR_GET_REASON(ERR_peek_error())))
		return -EPROTO;
	return -EPIPE;
}

int tls_client_write(struct tls_client *client, const void *data, size_t length,
		     const struct deadline *deadline, struct reason *why)
{
	char manager[ENDPOINT_TEXT_SIZE], buffer[256];

	for (;;) {
		int r;

		ERR_clear_error();
		errno = 0;
		r = SSL_write(client->ssl, data, (int)length);
		if (r > 0)
			return OUTCOME_OK;
		r = wait_for_ssl(client, r, deadline);
		if (r == 0)
			continue;
		endpoint_text(client->endpoint, manager);
		if (r == -EBADMSG)
			return too_many_records(manager, why);
		if (r == -EPIPE)
			r = look_for_alert(client);
		if (r == -ETIMEDOUT)
			reason_set(why, "Timed out sending the request to %s", manager);
		else if (r == -EPIPE)
			reason_set(why, "%s closed the connection before the request", manager);
		else if (r != -EPROTO)
			return r == -ECANCELED ? r
					       : reason_errno(why, r, "Cannot send to %s", manager);
		else if (is_certificate_alert(ERR_GET_REASON(ERR_peek_error())))
			return certificate_refused(client, manager,
						   tls_error_text(buffer, sizeof buffer), why);
		else
			reason_set(why, "Cannot send to %s: %s", manager,
				   tls_error_text(buffer, sizeof buffer));
		return r == -EPROTO ? OUTCOME_PROTOCOL_ERROR : OUTCOME_BUSY;
	}
}

int tls_client_read(struct tls_client *client, void *buffer, size_t size,
		    const struct deadline *deadline, size_t *ret_length, struct reason *why)
{
	char manager[ENDPOINT_TEXT_SIZE], text[256];

	for (;;) {
		int r;

		ERR_clear_error();
		errno = 0;
		r = SSL_read(client->ssl, buffer, (int)size);
		if (r > 0) {
			*ret_length = (size_t)r;
			return OUTCOME_OK;
		}
		r = wait_for_ssl(client, r, deadline);
		if (r == 0)
			continue;
		if (r == -EPIPE) {
			*ret_length = 0;
			return OUTCOME_OK;
		}
		endpoint_text(client->endpoint, manager);
		if (r == -EBADMSG)
			return too_many_records(manager, why);
		if (r != -EPROTO)
			return r == -ECANCELED || r == -ETIMEDOUT
				       ? r
				       : reason_errno(why, r, "Cannot read from %s", manager);
		/*
		 * With TLS 1.3 the manager checks our certificate after our side of the handshake
		 * is done.
		 */
		if (is_certificate_alert(ERR_GET_REASON(ERR_peek_error())))
			return certificate_refused(client, manager,
						   tls_error_text(text, sizeof text), why);
		reason_set(why, "Cannot read from %s: %s", manager,
			   tls_error_text(text, sizeof text));
		return OUTCOME_PROTOCOL_ERROR;
	}
}

int tls_client_fd(const struct tls_client *client)
{
	return client->fd;
}

const char *tls_client_version(const struct tls_client *client)
{
	return SSL_get_version(client->ssl);
}

bool tls_client_lacks_certificate(const struct tls_client *client)
{
	return client->certificate_was_requested && !has_certificate(client);
}

bool tls_client_sent_certificate(const struct tls_client *client)
{
	return client->certificate_was_requested && has_certificate(client);
}

const char *tls_client_warning(const struct tls_client *client)
{
	return client->warning.text[0] ? client->warning.text : NULL;
}

X509 *tls_client_certificate(const struct tls_client *client)
{
	return SSL_get0_peer_certificate(client->ssl);
}

bool tls_client_was_reset(const struct tls_client *client)
{
	return client->was_reset;
}

bool tls_client_was_closed_in_order(const struct tls_client *client)
{
	return client->was_closed_in_order;
}

/* Verify the chain that the manager sent with the CAs of `context`. Returns an X509_V_... code. */
static int verify_again(const struct tls_client *client, SSL_CTX *context, X509_STORE_CTX *store,
			bool dates)
{
	X509_VERIFY_PARAM *parameters;

	if (!store || X509_STORE_CTX_init(store, SSL_CTX_get_cert_store(context),
					  tls_client_certificate(client),
					  SSL_get_peer_cert_chain(client->ssl)) != 1)
		return X509_V_ERR_OUT_OF_MEM;
	parameters = X509_STORE_CTX_get0_param(store);
	X509_STORE_CTX_set_default(store, "ssl_server");
	X509_VERIFY_PARAM_set_auth_level(parameters, tls_context_certificate_level(context));
	X509_VERIFY_PARAM_set_hostflags(parameters, CERTIFICATE_HOST_FLAGS);
	if (!dates)
		X509_STORE_CTX_set_flags(store, X509_V_FLAG_NO_CHECK_TIME);
	return X509_verify_cert(store) == 1 ? X509_V_OK : X509_STORE_CTX_get_error(store);
}

int tls_client_chain_error(const struct tls_client *client, SSL_CTX *context, const char *ca_file,
			   bool dates, struct reason *why)
{
	cleanup(release_store_context) X509_STORE_CTX *store = X509_STORE_CTX_new();
	int error = verify_again(client, context, store, dates);
	char manager[ENDPOINT_TEXT_SIZE];

	endpoint_text(client->endpoint, manager);
	if (error == X509_V_ERR_OUT_OF_MEM)
		reason_set(why, "Cannot verify the certificate of %s: out of memory", manager);
	else if (error != X509_V_OK)
		tls_chain_explain(store, manager, ca_file, why);
	ERR_clear_error();
	return error;
}

bool tls_client_has_name(const struct tls_client *client, SSL_CTX *context, const char *name,
			 struct reason *why)
{
	cleanup(release_store_context) X509_STORE_CTX *store = X509_STORE_CTX_new();
	bool leads_to_ca = verify_again(client, context, store, false) == X509_V_OK;
	const STACK_OF(X509) *chain = leads_to_ca ? X509_STORE_CTX_get0_chain(store) : NULL;
	X509 *certificate = tls_client_certificate(client);
	char manager[ENDPOINT_TEXT_SIZE];

	ERR_clear_error();
	if (certificate_has_name(certificate, chain, name))
		return true;
	tls_verify_explain_name(certificate, chain, name, endpoint_text(client->endpoint, manager),
				why);
	return false;
}

void tls_client_free(struct tls_client *client)
{
	if (client->ssl && SSL_is_init_finished(client->ssl))
		(void)SSL_shutdown(client->ssl);
	ERR_clear_error();
	SSL_free(client->ssl);
	release_fd(&client->fd);
	free(client);
}
