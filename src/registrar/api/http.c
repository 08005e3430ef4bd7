/* SPDX-License-Identifier: ISC */
#include "registrar/api/http.h"

#include "common/cleanup.h"
#include "common/escape.h"
#include "common/log.h"
#include "registrar/api/connection.h"
#include "registrar/api/sending.h"
#include "registrar/net/acceptor.h"
#include "registrar/net/loop-memory.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/*
 * evhttp itself refuses what is beyond this, with a page of HTML; up to here the refusal is ours,
 * in JSON. It is read before anybody looks at who sends it; the number of connections bounds the
 * memory.
 */
#define BODY_READ_MAX (4 * API_BODY_MAX)
#define RETRY_AFTER "5"    /* seconds until there may be memory again */
#define READ_AT_ONCE 32768 /* bytes; what came together with the end of a request */

/* evhttp tells where a connection came from by who is asked for its stream. */
struct http_port {
	struct api_http *http;
	enum api_port which;
	struct evhttp *evhttp; /* null: there is no such port */
};

struct api_http {
	struct api_http_settings settings;
	struct http_port ports[API_PORT_COUNT];
	struct acceptor *acceptor;
	struct api_connections connections;
	struct api_sending *sendings;
	bool stopping;
};

struct api_exchange {
	struct api_http *http;
	enum api_port port;
	struct evhttp_request *request;
	struct peer peer;
};

/* ------------------------------------------------------------------ connections */

static struct api_connection *connection_of(struct evhttp_request *request)
{
	struct evhttp_connection *connection = evhttp_request_get_connection(request);

	return connection ? api_connection_of(evhttp_connection_get_bufferevent(connection)) : NULL;
}

/*
 * The stream of a new connection. evhttp takes null for "a plain one, then": an SSL object that
 * cannot be had must not become HTTP without TLS, so on_request() looks for it again.
 */
static struct bufferevent *on_connection(struct event_base *base, void *argument)
{
	struct api_http *http = ((struct http_port *)argument)->http;
	SSL *tls = SSL_new(http->settings.tls);
	struct api_connection *connection = tls ? api_connection_new(&http->connections, tls)
						: NULL;
	struct bufferevent *stream;

	if (!connection) {
		SSL_free(tls);
		return NULL;
	}
	/*
	 * The stream owns the SSL object, and the SSL object the connection, even if there is no
	 * stream in the end.
	 */
	loop_memory_lend(true);
	stream = bufferevent_openssl_socket_new(base, -1, tls, BUFFEREVENT_SSL_ACCEPTING,
						BEV_OPT_CLOSE_ON_FREE);
	loop_memory_lend(false);
	if (!stream)
		return NULL;
	api_connection_begin(connection, stream);
	/* Clients that close without close_notify have closed all the same. */
	bufferevent_openssl_set_allow_dirty_shutdown(stream, 1);
	return stream;
}

/* Libevent only closes the socket: to curl, an answer that ends with that is cut off. */
static void on_close(struct evhttp_connection *connection, void *argument)
{
	SSL *tls = bufferevent_openssl_get_ssl(evhttp_connection_get_bufferevent(connection));

	(void)argument;
	(void)SSL_shutdown(tls);
	ERR_clear_error();
}

/* ------------------------------------------------------------------ requests */

/* The answer is with the kernel. */
static void on_complete(struct evhttp_request *request, void *argument)
{
	struct api_connection *connection = connection_of(request);

	(void)argument;
	if (!connection)
		return;
	api_connection_set_busy(connection, false);
	api_connection_restart_deadline(connection);
}

static void on_request(struct evhttp_request *request, void *argument)
{
	const struct http_port *port = argument;
	struct api_http *http = port->http;
	struct api_connection *connection = connection_of(request);
	struct api_exchange *exchange = connection ? calloc(1, sizeof *exchange) : NULL;

	if (!exchange) {
		evhttp_connection_free(evhttp_request_get_connection(request));
		return;
	}
	exchange->http = http;
	exchange->port = port->which;
	exchange->request = request;
	exchange->peer = *api_connection_peer(connection);
	api_connection_set_busy(connection, true);
	api_connection_restart_deadline(connection);
	api_connection_leave_unread(connection);
	/*
	 * Head and body of an answer are two TLS records; neither should wait for the other's
	 * acknowledgement.
	 */
	api_connection_hurry(connection);
	evhttp_request_set_on_complete_cb(request, on_complete, NULL);
	evhttp_connection_set_closecb(evhttp_request_get_connection(request), on_close, NULL);
	http->settings.request(http->settings.owner, exchange);
}

enum api_port api_exchange_port(const struct api_exchange *exchange)
{
	return exchange->port;
}

enum api_method api_exchange_method(const struct api_exchange *exchange)
{
	switch (evhttp_request_get_command(exchange->request)) {
	case EVHTTP_REQ_GET:
	case EVHTTP_REQ_HEAD:
		return API_GET;
	case EVHTTP_REQ_POST:
		return API_POST;
	case EVHTTP_REQ_PUT:
		return API_PUT;
	case EVHTTP_REQ_DELETE:
		return API_DELETE;
	default:
		return API_OTHER;
	}
}

const char *api_exchange_path(const struct api_exchange *exchange)
{
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(exchange->request);

	return (uri ? evhttp_uri_get_path(uri) : NULL) ?: "";
}

const char *api_exchange_query(const struct api_exchange *exchange)
{
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(exchange->request);

	return uri ? evhttp_uri_get_query(uri) : NULL;
}

const char *api_exchange_header(const struct api_exchange *exchange, const char *name)
{
	return evhttp_find_header(evhttp_request_get_input_headers(exchange->request), name);
}

void api_exchange_wipe_header(struct api_exchange *exchange, const char *name)
{
	const struct evkeyvalq *headers = evhttp_request_get_input_headers(exchange->request);

	for (struct evkeyval *header = headers->tqh_first; header; header = header->next.tqe_next)
		if (strcasecmp(header->key, name) == 0)
			explicit_bzero(header->value, strlen(header->value));
}

const char *api_exchange_body(struct api_exchange *exchange, size_t *ret_length)
{
	struct evbuffer *body = evhttp_request_get_input_buffer(exchange->request);
	const char *bytes = (const char *)evbuffer_pullup(body, -1);

	*ret_length = bytes ? evbuffer_get_length(body) : 0;
	return bytes ?: "";
}

bool api_exchange_was_short(const struct api_exchange *exchange)
{
	const struct api_connection *connection = connection_of(exchange->request);

	return connection && api_connection_was_short(connection);
}

const struct peer *api_exchange_client(const struct api_exchange *exchange)
{
	return &exchange->peer;
}

const char *api_exchange_address(const struct api_exchange *exchange)
{
	return exchange->peer.address;
}

const char *api_exchange_peer(const struct api_exchange *exchange)
{
	return exchange->peer.text;
}

/* ------------------------------------------------------------------ answers */

void api_exchange_add_header(struct api_exchange *exchange, const char *name, const char *value)
{
	(void)evhttp_add_header(evhttp_request_get_output_headers(exchange->request), name, value);
}

static void wipe_body(const void *data, size_t length, void *owned)
{
	(void)data;
	if (owned)
		explicit_bzero(owned, length);
	free(owned);
}

static void wipe_request(struct api_exchange *exchange)
{
	struct evbuffer *body = evhttp_request_get_input_buffer(exchange->request);
	unsigned char *bytes = evbuffer_pullup(body, -1);

	if (bytes)
		explicit_bzero(bytes, evbuffer_get_length(body));
}

static bool is_head(const struct api_exchange *exchange)
{
	return evhttp_request_get_command(exchange->request) == EVHTTP_REQ_HEAD;
}

static void add_headers(struct api_exchange *exchange, const char *content_type)
{
	struct api_connection *connection = connection_of(exchange->request);

	if (content_type)
		api_exchange_add_header(exchange, "Content-Type", content_type);
	/* Tokens and keys are nothing for a cache. */
	api_exchange_add_header(exchange, "Cache-Control", "no-store");
	api_exchange_add_header(exchange, "X-Content-Type-Options", "nosniff");
	if (exchange->http->stopping || (connection && api_connection_ends(connection)))
		api_exchange_add_header(exchange, "Connection", "close");
}

static void add_length(struct api_exchange *exchange, size_t length)
{
	char digits[24];

	(void)snprintf(digits, sizeof digits, "%zu", length);
	api_exchange_add_header(exchange, "Content-Length", digits);
}

void api_exchange_answer(struct api_exchange *exchange, int status, const char *content_type,
			 char *body)
{
	struct evbuffer *buffer = evbuffer_new();
	struct api_connection *connection = connection_of(exchange->request);
	size_t length = body ? strlen(body) : 0;

	wipe_request(exchange);
	add_headers(exchange, content_type);
	/* evhttp leaves it to us for HEAD, and for CONNECT, where it does not close either. */
	if (is_head(exchange) ||
	    evhttp_request_get_command(exchange->request) == EVHTTP_REQ_CONNECT)
		add_length(exchange, length);
	if (is_head(exchange)) {
		wipe_body(body, length, body);
	} else if (body &&
		   (!buffer || evbuffer_add_reference(buffer, body, length, wipe_body, body) < 0)) {
		log_error("Out of memory: %s got no answer by HTTPS", api_exchange_peer(exchange));
		wipe_body(body, length, body);
		status = 500;
	}
	evhttp_send_reply(exchange->request, status, NULL, buffer);
	if (connection)
		api_connection_leave_unread(connection);
	if (buffer)
		evbuffer_free(buffer);
	free(exchange);
}

void api_exchange_answer_later(struct api_exchange *exchange)
{
	api_exchange_add_header(exchange, "Retry-After", RETRY_AFTER);
	api_exchange_answer(exchange, 503, NULL, NULL);
}

void api_exchange_extend(struct api_exchange *exchange)
{
	struct api_connection *connection = connection_of(exchange->request);

	if (connection)
		api_connection_restart_deadline(connection);
}

void api_exchange_answer_long(struct api_exchange *exchange, int status, const char *content_type,
			      const struct api_long_body *body)
{
	struct api_connection *connection = connection_of(exchange->request);

	wipe_request(exchange);
	add_headers(exchange, content_type);
	add_length(exchange, evbuffer_get_length(body->bytes));
	if (is_head(exchange))
		(void)evbuffer_drain(body->bytes, evbuffer_get_length(body->bytes));
	api_exchange_extend(exchange);
	api_send(&exchange->http->sendings, exchange->request, connection, status, body);
	if (connection)
		api_connection_leave_unread(connection);
	free(exchange);
}

void api_exchange_free(struct api_exchange *exchange)
{
	wipe_request(exchange);
	/* Without a connection (it is gone already), nothing else would free it. */
	if (!evhttp_request_get_connection(exchange->request))
		evhttp_request_free(exchange->request);
	free(exchange);
}

/* ------------------------------------------------------------------ the whole server */

/* libevent's messages are for developers. */
static void on_libevent_log(int severity, const char *message)
{
	char shown[256];

	(void)severity;
	log_debug("libevent: %s", escape_string(shown, sizeof shown, message));
}

/* evhttp closes what it listens on; the descriptors stay the caller's. */
static int listen_on(struct http_port *port, int listener)
{
	cleanup_fd int fd = fcntl(listener, F_DUPFD_CLOEXEC, 0);
	struct evhttp_bound_socket *bound =
		fd < 0 ? NULL : evhttp_accept_socket_with_handle(port->evhttp, fd);

	if (!bound)
		return -ENOMEM;
	(void)take_fd(&fd);
	return acceptor_adopt(port->http->acceptor, evhttp_bound_socket_get_listener(bound));
}

/* Without listeners there is no such port. */
static int set_up_port(struct http_port *port, const struct listeners *listeners)
{
	int r = 0;

	if (!listeners || listeners->count == 0)
		return 0;
	port->evhttp = evhttp_new(port->http->settings.base);
	if (!port->evhttp)
		return -ENOMEM;
	evhttp_set_bevcb(port->evhttp, on_connection, port);
	evhttp_set_gencb(port->evhttp, on_request, port);
	evhttp_set_max_headers_size(port->evhttp, API_HEAD_MAX);
	evhttp_set_max_body_size(port->evhttp, BODY_READ_MAX);
	evhttp_set_default_content_type(port->evhttp, NULL);
	evhttp_set_allowed_methods(port->evhttp, UINT16_MAX);
	/* Read what is too long to its end: the client reads our answer only then. */
	(void)evhttp_set_flags(port->evhttp, EVHTTP_SERVER_LINGERING_CLOSE);
	for (size_t i = 0; i < listeners->count && r >= 0; i++)
		r = listen_on(port, listeners->fds[i]);
	return r;
}

static int set_up(struct api_http *http, const struct listeners *const *listeners)
{
	const struct acceptor_settings acceptor = {
		.base = http->settings.base,
		.max_connections = http->settings.max_connections,
		.target = " by HTTPS",
		.make_room = api_connections_make_room,
		.owner = &http->connections,
	};
	int r = 0;

	event_set_log_callback(on_libevent_log);
	http->acceptor = http->connections.acceptor = acceptor_new(&acceptor);
	if (!http->acceptor ||
	    !api_connections_set_up(&http->connections, http->settings.max_connections))
		return -ENOMEM;
	for (size_t i = 0; i < API_PORT_COUNT && r >= 0; i++) {
		http->ports[i] = (struct http_port){ .http = http, .which = (enum api_port)i };
		r = set_up_port(&http->ports[i], listeners[i]);
	}
	return r;
}

int api_http_new(struct api_http **ret, const struct api_http_settings *settings,
		 const struct listeners *const *listeners, struct reason *why)
{
	struct api_http *http = calloc(1, sizeof *http);
	int r = -ENOMEM;

	if (http) {
		http->settings = *settings;
		http->connections = (struct api_connections){
			.base = settings->base,
			.timeout = settings->timeout,
			.unread_max = API_HEAD_MAX + BODY_READ_MAX + READ_AT_ONCE,
			.peers = settings->peers,
		};
		r = set_up(http, listeners);
	}
	if (r < 0) {
		api_http_free(http);
		return reason_errno(why, r, "Cannot set up the API");
	}
	*ret = http;
	return 0;
}

void api_http_stop(struct api_http *http)
{
	http->stopping = true;
	acceptor_stop(http->acceptor);
}

void api_http_use(struct api_http *http, SSL_CTX *tls)
{
	http->settings.tls = tls;
}

bool api_http_is_busy(const struct api_http *http)
{
	return http->connections.busy > 0;
}

void api_http_free(struct api_http *http)
{
	if (!http)
		return;
	if (http->acceptor)
		api_http_stop(http);
	api_sendings_free(&http->sendings);
	for (size_t i = 0; i < API_PORT_COUNT; i++)
		if (http->ports[i].evhttp)
			evhttp_free(http->ports[i].evhttp);
	/*
	 * libevent frees a bufferevent, and with it what is ours, when the loop comes round again.
	 */
	if (http->settings.base)
		(void)event_base_loop(http->settings.base, EVLOOP_NONBLOCK);
	api_connections_tear_down(&http->connections);
	acceptor_free(http->acceptor);
	free(http);
}
