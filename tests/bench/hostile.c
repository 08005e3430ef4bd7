/* SPDX-License-Identifier: ISC */
/*
 * hostile KIND PORT CONNECTIONS SOURCES SECONDS RATE [ARGUMENT]: keep so many hostile connections
 * to a registrar on 127.0.0.1, from so many addresses (127.0.0.2 and up), for so long. Those that
 * it closes are opened again, at most RATE a second. ARGUMENT is the token that the listings want.
 *
 * At the end, or at SIGTERM, prints how many connections it has opened, and how many handshakes it
 * has made: "10000 0".
 */
#include "hostile-floods.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define FIRST_SOURCE 0x7f000002u

enum state { CLOSED, CONNECTING, SHAKING, OPEN };

struct client {
	enum state state;
	int fd;
	SSL *tls;
};

struct kind {
	const char *name;
	bool has_tls;                         /* a handshake comes first */
	int version;                          /* of TLS; 0: any */
	void (*begin)(struct client *client); /* when it is open; null: nothing */
	void (*tick)(struct client *client);  /* every second then; null: nothing */
	bool closes;                          /* after that */
};

static const struct kind *kind;
static SSL_CTX *context;
static const char *argument;
static int port, sources, epoll;
static struct client *clients;
static size_t client_count, *closed, closed_count;
static unsigned long opened, shaken;
static volatile sig_atomic_t is_stopped;

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* ------------------------------------------------------------------ connections */

/* With a reset, so that no port is left waiting. */
static void drop(struct client *client)
{
	const struct linger at_once = { .l_onoff = 1 };

	if (client->state == CLOSED)
		return;
	SSL_free(client->tls);
	client->tls = NULL;
	(void)setsockopt(client->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
	close(client->fd);
	client->state = CLOSED;
	closed[closed_count++] = (size_t)(client - clients);
}

static bool start(struct client *client)
{
	size_t index = (size_t)(client - clients);
	const struct sockaddr_in to = { .sin_family = AF_INET,
					.sin_port = htons((unsigned short)port),
					.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const struct sockaddr_in from = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(FIRST_SOURCE + (unsigned int)(index % (size_t)sources)),
	};
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
				     .data.u64 = index };
	const int on = 1;

	client->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (client->fd < 0) {
		closed[closed_count++] = index;
		return false;
	}
	(void)setsockopt(client->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
	(void)setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	client->state = CONNECTING;
	opened++;
	if (bind(client->fd, (const struct sockaddr *)&from, sizeof from) < 0 ||
	    (connect(client->fd, (const struct sockaddr *)&to, sizeof to) < 0 &&
	     errno != EINPROGRESS) ||
	    epoll_ctl(epoll, EPOLL_CTL_ADD, client->fd, &event) < 0) {
		drop(client);
		return false;
	}
	return true;
}

/* What does not fit into the socket's buffer is not sent. */
static void send_bytes(struct client *client, const void *bytes, size_t length)
{
	if (send(client->fd, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 && errno != EAGAIN)
		drop(client);
}

static void send_text(struct client *client, const char *text)
{
	if (SSL_write(client->tls, text, (int)strlen(text)) <= 0)
		drop(client);
}

/* ------------------------------------------------------------------ what they do: TLS */

static void send_part_of_hello(struct client *client)
{
	static const unsigned char bytes[] = { 22, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3 };

	send_bytes(client, bytes, sizeof bytes);
}

/* The first message of a handshake, which is always the same one: it costs us nothing. */
static void send_hello(struct client *client)
{
	static char *bytes;
	static long length;

	if (!bytes) {
		SSL *tls = SSL_new(context);

		SSL_set_bio(tls, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
		(void)SSL_connect(tls);
		length = BIO_get_mem_data(SSL_get_wbio(tls), &bytes);
	}
	send_bytes(client, bytes, (size_t)length);
}

/* A ClientHello of the greatest length that OpenSSL takes. */
static void announce_long_hello(struct client *client)
{
	static const unsigned char bytes[] = { 22, 3, 1, 0, 4, 1, 2, 1, 0x44 };

	send_bytes(client, bytes, sizeof bytes);
}

static void send_random(struct client *client)
{
	unsigned char bytes[300];

	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (unsigned char)random();
	send_bytes(client, bytes, sizeof bytes);
}

static void send_key_updates(struct client *client)
{
	size_t length;
	const void *records = flood_key_updates(client->tls, &length);

	send_bytes(client, records, length);
}

static void send_renegotiations(struct client *client)
{
	size_t length;
	const void *records = flood_renegotiations(client->tls, &length);

	send_bytes(client, records, length);
}

/* ------------------------------------------------------------------ what they do: requests */

static void send_letter(struct client *client)
{
	send_text(client, "O");
}

static void send_wrong_password(struct client *client)
{
	char line[96];

	(void)snprintf(line, sizeof line, "OSSEC PASS: guess%lu OSSEC A:'guess'\n", shaken);
	send_text(client, line);
}

static void send_random_line(struct client *client)
{
	char line[200];

	for (size_t i = 0; i < sizeof line - 1; i++)
		line[i] = (char)(1 + random() % 255);
	line[sizeof line - 2] = '\n';
	line[sizeof line - 1] = '\0';
	send_text(client, line);
}

/* All that fits into a request, without its end. */
static void send_long_line(struct client *client)
{
	static char line[16384];

	memset(line, 'A', sizeof line - 1);
	for (int i = 0; i < 4 && client->state == OPEN; i++)
		send_text(client, line);
}

/* The beginning of a TLS record of the greatest length: the rest is waited for. */
static void send_part_of_record(struct client *client)
{
	static unsigned char bytes[16384] = { 23, 3, 3, 0x40, 0 };

	send_bytes(client, bytes, sizeof bytes);
}

static void send_long_head(struct client *client)
{
	char head[16000];

	(void)snprintf(head, sizeof head, "GET /agents HTTP/1.1\r\nx: %015900d", 0);
	send_text(client, head);
}

static void send_head(struct client *client)
{
	send_text(client, "POST /agents HTTP/1.1\r\nHost: m\r\nContent-Length: 16000\r\n\r\n{");
}

static void send_blank(struct client *client)
{
	send_text(client, " ");
}

static void send_long_body(struct client *client)
{
	static char bytes[30000];
	char head[128];

	(void)snprintf(head, sizeof head,
		       "POST /wazuh-manager/enroll HTTP/1.1\r\nHost: m\r\nContent-Length: %zu\r\n"
		       "\r\n",
		       sizeof bytes);
	memset(bytes, ' ', sizeof bytes - 1);
	send_text(client, head);
	if (client->state == OPEN)
		send_text(client, bytes);
}

static void send_wrong_login(struct client *client)
{
	/* admin:wrong */
	send_text(client, "POST /security/user/authenticate HTTP/1.1\r\nHost: m\r\n"
			  "Authorization: Basic YWRtaW46d3Jvbmc=\r\nConnection: close\r\n\r\n");
}

static void ask_for_list(struct client *client)
{
	char request[2048];

	(void)snprintf(request, sizeof request,
		       "GET /agents?limit=100000 HTTP/1.1\r\nHost: m\r\n"
		       "Authorization: Bearer %s\r\nConnection: close\r\n\r\n",
		       argument);
	send_text(client, request);
}

static const struct kind kinds[] = {
	{ .name = "tcp" },
	{ .name = "connect-close", .closes = true },
	{ .name = "tls", .has_tls = true },
	{ .name = "drip", .has_tls = true, .tick = send_letter },
	{ .name = "part-of-hello", .begin = send_part_of_hello },
	{ .name = "hello", .begin = send_hello },
	{ .name = "long-hello", .begin = announce_long_hello },
	{ .name = "random", .begin = send_random },
	{ .name = "handshake-close", .has_tls = true, .closes = true },
	{ .name = "key-updates",
	  .has_tls = true,
	  .version = TLS1_3_VERSION,
	  .begin = send_key_updates },
	{ .name = "renegotiation",
	  .has_tls = true,
	  .version = TLS1_2_VERSION,
	  .begin = send_renegotiations },
	{ .name = "wrong-password", .has_tls = true, .begin = send_wrong_password },
	{ .name = "random-line", .has_tls = true, .begin = send_random_line },
	{ .name = "long-line", .has_tls = true, .begin = send_long_line },
	{ .name = "slow-body", .has_tls = true, .begin = send_head, .tick = send_blank },
	{ .name = "part-of-record", .has_tls = true, .begin = send_part_of_record },
	{ .name = "long-head", .has_tls = true, .begin = send_long_head },
	{ .name = "long-body", .has_tls = true, .begin = send_long_body },
	{ .name = "login", .has_tls = true, .begin = send_wrong_login },
	{ .name = "list", .has_tls = true, .begin = ask_for_list },
};

/* ------------------------------------------------------------------ the loop */

static bool waits(const struct client *client, int result)
{
	int error = SSL_get_error(client->tls, result);

	ERR_clear_error();
	return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

static void begin(struct client *client)
{
	client->state = OPEN;
	shaken += kind->has_tls;
	if (kind->begin)
		kind->begin(client);
	if (kind->closes)
		drop(client);
}

static void connected(struct client *client)
{
	if (!kind->has_tls) {
		begin(client);
		return;
	}
	client->state = SHAKING;
	client->tls = SSL_new(context);
	SSL_set_fd(client->tls, client->fd);
	SSL_set_connect_state(client->tls);
}

static void shake(struct client *client)
{
	int result = SSL_do_handshake(client->tls);

	if (result == 1)
		begin(client);
	else if (!waits(client, result))
		drop(client);
}

/* Read what comes, for nothing. */
static void discard(struct client *client)
{
	static char bytes[65536];
	ssize_t n;

	if (client->tls) {
		while ((n = SSL_read(client->tls, bytes, sizeof bytes)) > 0)
			;
		if (!waits(client, (int)n))
			drop(client);
		return;
	}
	while ((n = recv(client->fd, bytes, sizeof bytes, MSG_DONTWAIT)) > 0)
		;
	if (n == 0 || errno != EAGAIN)
		drop(client);
}

static void on_event(struct client *client, unsigned int events)
{
	if (client->state == CONNECTING && (events & (EPOLLERR | EPOLLHUP))) {
		drop(client);
		return;
	}
	if (client->state == CONNECTING && (events & EPOLLOUT))
		connected(client);
	if (client->state == SHAKING)
		shake(client);
	if (client->state == OPEN)
		discard(client);
}

static void open_some(double budget)
{
	for (int left = (int)budget; left > 0 && closed_count > 0; left--)
		if (!start(&clients[closed[--closed_count]]))
			return;
}

static void tick(void)
{
	for (size_t i = 0; i < client_count && kind->tick; i++)
		if (clients[i].state == OPEN)
			kind->tick(&clients[i]);
}

static void run(double seconds, double rate)
{
	double begun = now(), at = begun, last = begun, ticked = begun;
	struct epoll_event events[512];

	while (at < begun + seconds && !is_stopped) {
		double budget = (at - last) * rate;
		int count;

		if (budget >= 1) {
			open_some(budget < 1000 ? budget : 1000);
			last = at;
		}
		if (at >= ticked + 1) {
			tick();
			ticked = at;
		}
		count = epoll_wait(epoll, events, 512, closed_count > 0 ? 1 : 20);
		for (int i = 0; i < count; i++)
			on_event(&clients[events[i].data.u64], events[i].events);
		at = now();
	}
}

static void on_term(int number)
{
	(void)number;
	is_stopped = 1;
}

static bool set_up(const char *name)
{
	const struct rlimit most = { client_count + 100, client_count + 100 };

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (strcmp(kinds[i].name, name) == 0)
			kind = &kinds[i];
	context = SSL_CTX_new(TLS_client_method());
	if (!kind || setrlimit(RLIMIT_NOFILE, &most) < 0)
		return false;
	(void)SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
	(void)SSL_CTX_set_min_proto_version(context, kind->version);
	(void)SSL_CTX_set_max_proto_version(context, kind->version);
	if (kind->version == TLS1_2_VERSION)
		(void)SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM+AES128");
	clients = calloc(client_count, sizeof *clients);
	closed = calloc(client_count, sizeof *closed);
	for (size_t i = client_count; i > 0; i--)
		closed[closed_count++] = i - 1;
	epoll = epoll_create1(EPOLL_CLOEXEC);
	return true;
}

int main(int count, char **arguments)
{
	if (count < 7) {
		(void)fprintf(stderr, "hostile KIND PORT CONNECTIONS SOURCES SECONDS RATE "
				      "[ARGUMENT]\n");
		return 2;
	}
	port = atoi(arguments[2]);
	client_count = (size_t)atol(arguments[3]);
	sources = atoi(arguments[4]);
	argument = count > 7 ? arguments[7] : "";
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGTERM, on_term);
	if (!set_up(arguments[1])) {
		(void)fprintf(stderr, "hostile: unknown kind, or too many connections\n");
		return 2;
	}
	run(atof(arguments[5]), atof(arguments[6]));
	printf("%lu %lu\n", opened, shaken);
	return 0;
}
