/* SPDX-License-Identifier: ISC */
/*
 * A connection of authd, from its first byte to its end: whatever its client sends, in whatever
 * pieces, wherever it stops, and however long everything takes. The input is the script of a
 * client, of steps that begin with a byte that says what to do. The time is ours.
 *
 * The connection asks its owner at most once, and always ends, once.
 */
#include "fuzz.h"

#include "common/tls-record-limit.h"
#include "registrar/authd/connection.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define PASSWORD "horse"
#define STEPS_MAX 200
#define TIMEOUT 10 /* seconds */
#define WIRE_SIZE ((size_t)256 * 1024)

/* ------------------------------------------------------------------ time */

static time_t passed;
static long passed_nsec;

/* In place of the C library's, for libevent too. */
int clock_gettime(clockid_t id, struct timespec *ret)
{
	int r = (int)syscall(SYS_clock_gettime, id, ret);

	if (r < 0 || id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)
		return r;
	ret->tv_nsec += passed_nsec;
	ret->tv_sec += passed + ret->tv_nsec / 1000000000;
	ret->tv_nsec %= 1000000000;
	return r;
}

static void let_pass(unsigned int tenths)
{
	passed_nsec += (long)(tenths % 10) * 100000000;
	passed += (time_t)(tenths / 10) + passed_nsec / 1000000000;
	passed_nsec %= 1000000000;
}

/* ------------------------------------------------------------------ TLS, quickly */

/* By a key that both know: a handshake with certificates takes a hundred times as long. */
static unsigned int server_key(SSL *tls, const char *identity, unsigned char *key,
			       unsigned int size)
{
	(void)tls, (void)identity;
	HOLDS(size >= 16);
	memset(key, 7, 16);
	return 16;
}

static unsigned int client_key(SSL *tls, const char *hint, char *identity, unsigned int room,
			       unsigned char *key, unsigned int size)
{
	(void)hint;
	HOLDS(room > 1);
	memcpy(identity, "c", 2);
	return server_key(tls, identity, key, size);
}

static SSL_CTX *make_context(const SSL_METHOD *method)
{
	SSL_CTX *context = SSL_CTX_new(method);

	HOLDS(context && SSL_CTX_set_cipher_list(context, "PSK-AES128-GCM-SHA256") == 1 &&
	      SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256") == 1);
	(void)SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	(void)SSL_CTX_set_num_tickets(context, 0);
	return context;
}

/* ------------------------------------------------------------------ both ends */

static struct {
	struct connection_settings settings;
	SSL_CTX *client_context;
	struct connection *connection; /* null: it has ended */
	int requests, ends;
	bool is_answered;
	int fd; /* the client's end; below 0: closed */
	SSL *tls;
	unsigned char wire[WIRE_SIZE]; /* what the client has still to send */
	size_t begin, end;
} run;

static void check_field(const struct authd_field *field)
{
	HOLDS(!field->text || memchr(field->text, '\n', field->length) == NULL);
}

static void on_request(void *owner, struct connection *connection)
{
	const struct authd_request_fields *fields;
	struct authd_field name = connection_agent_name(connection);

	(void)owner;
	HOLDS(connection == run.connection && run.requests++ == 0);
	HOLDS(!connection_is_answering(connection));
	if (authd_request_has_fields(connection_request(connection, &fields))) {
		check_field(&fields->name);
		check_field(&fields->version);
		check_field(&fields->groups);
		check_field(&fields->ip);
		check_field(&fields->key_hash);
	}
	HOLDS(!name.text || name.length <= AGENT_NAME_MAX);
}

static void on_waits(void *owner, struct connection *connection)
{
	(void)owner;
	HOLDS(connection == run.connection);
}

static void on_ended(void *owner, struct connection *connection, enum connection_end how,
		     const char *detail)
{
	(void)owner, (void)how;
	HOLDS(connection == run.connection && run.ends++ == 0);
	for (; *detail; detail++)
		HOLDS(*detail >= ' ' && *detail <= '~');
	run.connection = NULL;
}

static void prepare(void)
{
	const struct timeval timeout = { .tv_sec = TIMEOUT }, linger = { .tv_sec = 2 };
	struct event_base *base = event_base_new();

	(void)signal(SIGPIPE, SIG_IGN); /* as the registrar does */
	run.client_context = make_context(TLS_client_method());
	SSL_CTX_set_psk_client_callback(run.client_context, client_key);
	run.settings = (struct connection_settings){
		.base = base,
		.tls = make_context(TLS_server_method()),
		.owner = { on_request, on_waits, on_ended, NULL },
	};
	SSL_CTX_set_psk_server_callback(run.settings.tls, server_key);
	HOLDS(tls_record_limit_set(run.settings.tls) == 0);
	run.settings.timeout = event_base_init_common_timeout(base, &timeout);
	run.settings.linger = event_base_init_common_timeout(base, &linger);
}

/* Whether TLS 1.2 or 1.3, which dialect, and whether a password is demanded. */
static void begin(uint8_t how)
{
	struct sockaddr_storage peer = { .ss_family = AF_INET };
	int ends[2];

	if (!run.client_context)
		prepare();
	HOLDS(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
	run.fd = ends[1];
	run.tls = SSL_new(run.client_context);
	HOLDS(run.tls &&
	      SSL_set_max_proto_version(run.tls, how & 1 ? TLS1_3_VERSION : TLS1_2_VERSION) == 1);
	SSL_set_bio(run.tls, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	SSL_set_connect_state(run.tls);
	run.begin = run.end = 0;
	run.requests = run.ends = 0;
	run.is_answered = false;
	run.settings.dialect = how & 2 ? DIALECT_WAZUH : DIALECT_OSSEC;
	run.settings.password = how & 4 ? PASSWORD : NULL;
	run.settings.verify_host = (how & 24) == 24;
	((struct sockaddr_in *)&peer)->sin_addr.s_addr = htonl(0xC0000201);
	run.connection = connection_new(&run.settings, ends[0], &peer);
	HOLDS(run.connection);
}

static void loop(void)
{
	(void)event_base_loop(run.settings.base, EVLOOP_NONBLOCK);
}

/* ------------------------------------------------------------------ what the client does */

static void queue_bytes(const void *bytes, size_t size)
{
	if (run.end + size > WIRE_SIZE)
		return;
	memcpy(run.wire + run.end, bytes, size);
	run.end += size;
}

/* What TLS wants to send. */
static void collect(void)
{
	char bytes[16384];
	int n;

	while ((n = BIO_read(SSL_get_wbio(run.tls), bytes, sizeof bytes)) > 0)
		queue_bytes(bytes, (size_t)n);
}

static void receive(void)
{
	char bytes[16384];
	ssize_t n;

	while (run.fd >= 0 && (n = recv(run.fd, bytes, sizeof bytes, MSG_DONTWAIT)) > 0)
		HOLDS(BIO_write(SSL_get_rbio(run.tls), bytes, (int)n) == n);
}

static void send_some(size_t most)
{
	size_t size = run.end - run.begin < most ? run.end - run.begin : most;
	ssize_t n = run.fd < 0 || size == 0
			    ? 0
			    : send(run.fd, run.wire + run.begin, size, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n > 0)
		run.begin += (size_t)n;
}

static void shake_hands(void)
{
	receive();
	(void)SSL_do_handshake(run.tls);
	collect();
}

static void connect_at_once(void)
{
	for (int i = 0; i < 8 && !SSL_is_init_finished(run.tls); i++) {
		shake_hands();
		send_some(WIRE_SIZE);
		loop();
	}
	loop();
}

static void close_end(uint8_t how)
{
	if (run.fd < 0)
		return;
	if (how % 3 == 0) {
		(void)SSL_shutdown(run.tls);
		collect();
		send_some(WIRE_SIZE);
	} else if (how % 3 == 1) {
		(void)shutdown(run.fd, SHUT_WR);
	} else {
		(void)close(run.fd);
		run.fd = -1;
	}
}

/* Messages that TLS does not need. */
static void bother(uint8_t count)
{
	if (!SSL_is_init_finished(run.tls))
		return;
	for (int i = 0; i < count % 64; i++) {
		if (SSL_version(run.tls) == TLS1_3_VERSION)
			(void)SSL_key_update(run.tls, SSL_KEY_UPDATE_NOT_REQUESTED);
		else
			(void)SSL_renegotiate(run.tls);
		(void)SSL_do_handshake(run.tls);
		collect();
	}
}

/* ------------------------------------------------------------------ what the owner does */

static void answer(uint8_t which)
{
	static const struct agent_key agent = { "001", "web", "any", "5a5a" };
	struct answer made = { .close_notify = which & 1 };

	if (!run.connection || run.requests == 0 || run.is_answered)
		return;
	run.is_answered = true;
	if (which % 4 == 0)
		answer_key(&made, run.settings.dialect, &agent, agent.ip);
	else if (which % 4 == 1)
		answer_refusal(&made, run.settings.dialect, "Duplicate agent name: web");
	else if (which % 4 == 2)
		answer_fault(&made, run.settings.dialect, AUTHD_REQUEST_PASSWORD);
	connection_answer(run.connection, &made);
}

static void decide(uint8_t what)
{
	if (what % 8 == 7 && run.connection)
		connection_stop(run.connection, CONNECTION_GAVE_WAY);
	else if (what % 8 == 6 && run.connection)
		connection_use_password(run.connection, what & 8 ? PASSWORD : NULL);
	else
		answer(what);
}

/* ------------------------------------------------------------------ the script */

/* One step; returns how many bytes of the input it took. */
static size_t step(const uint8_t *data, size_t size)
{
	size_t left = size - 1, most = (size_t)data[0] / 8 * 4;
	size_t length = most < left ? most : left;

	switch (data[0] % 8) {
	case 0:
		queue_bytes(data + 1, length);
		return 1 + length;
	case 1:
		data[0] & 8 ? shake_hands() : connect_at_once();
		return 1;
	case 2:
		if (length > 0)
			(void)SSL_write(run.tls, data + 1, (int)length);
		collect();
		return 1 + length;
	case 3:
		send_some(data[0] & 128 ? WIRE_SIZE : 1 + (size_t)data[0] / 8);
		return 1;
	case 4:
		let_pass(data[0] & 128 ? data[0] - 127U : 0);
		loop();
		return 1;
	case 5:
		close_end(data[0] / 8);
		return 1;
	case 6:
		decide(data[0] / 8);
		return 1;
	default:
		bother(data[0] / 8);
		return 1;
	}
}

/* Whoever is waited for does what it can, or the time is over. */
static void end(void)
{
	send_some(WIRE_SIZE);
	for (int i = 0; i < 8 && run.connection; i++) {
		loop();
		answer(0);
		receive();
		let_pass((TIMEOUT + 1) * 10);
	}
	HOLDS(!run.connection && run.ends == 1);
	loop(); /* libevent frees a bufferevent when the loop comes round again */
	close_end(2);
	SSL_free(run.tls);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t at = 1;

	if (size < 1)
		return 0;
	begin(data[0]);
	for (int i = 0; i < STEPS_MAX && at < size; i++)
		at += step(data + at, size - at);
	end();
	return 0;
}
