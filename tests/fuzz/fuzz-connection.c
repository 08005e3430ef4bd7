/* SPDX-License-Identifier: ISC */
/*
 * A connection of authd, from its first byte to its end: whatever its client sends, in whatever
 * pieces, wherever it stops, and however long everything takes. The input is the script of a
 * client, of steps that begin with a byte that says what to do. The time is ours.
 *
 * The connection asks its owner at most once, and always ends, once, also if a call fails meanwhile
 * (faults.h).
 */
#include "clock.h"
#include "faults.h"
#include "fuzz.h"
#include "tls-peer.h"
#include "watched-log.h"

#include "common/tls-record-limit.h"
#include "registrar/authd/connection.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>

#define PASSWORD "horse"
#define STEPS_MAX 200
#define TIMEOUT 10 /* seconds */

/* ------------------------------------------------------------------ both ends */

static struct {
	struct connection_settings settings;
	struct connection *connection; /* null: it has ended */
	int requests, ends;
	bool is_answered;
	struct tls_peer client;
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
	HOLDS(!connection_is_answering(connection) && connection_has_request(connection));
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
	HOLDS(connection_link(connection) && connection_descriptor(connection) >= 0);
	HOLDS(strcmp(connection_peer(connection)->address, "192.0.2.1") == 0);
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

static void loop(void)
{
	fuzz_faults_begin();
	(void)event_base_loop(run.settings.base, EVLOOP_NONBLOCK);
	fuzz_faults_end();
}

static void prepare(void)
{
	const struct timeval timeout = { .tv_sec = TIMEOUT }, linger = { .tv_sec = 2 };
	struct event_base *base = event_base_new();

	fuzz_watch_log();
	(void)signal(SIGPIPE, SIG_IGN); /* as the registrar does */
	run.settings = (struct connection_settings){
		.base = base,
		.tls = tls_peer_server_context(),
		.owner = { on_request, on_waits, on_ended, NULL },
	};
	HOLDS(tls_record_limit_set(run.settings.tls) == 0);
	run.settings.timeout = event_base_init_common_timeout(base, &timeout);
	run.settings.linger = event_base_init_common_timeout(base, &linger);
	run.client.loop = loop;
}

/* Whether TLS 1.2 or 1.3, which dialect, and whether a password is demanded. */
static void begin(uint8_t how)
{
	struct sockaddr_storage peer = { .ss_family = AF_INET };
	int ends[2];

	if (!run.settings.base)
		prepare();
	HOLDS(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
	tls_peer_begin(&run.client, ends[1], how & 1);
	run.requests = run.ends = 0;
	run.is_answered = false;
	run.settings.dialect = how & 2 ? DIALECT_WAZUH : DIALECT_OSSEC;
	run.settings.password = how & 4 ? PASSWORD : NULL;
	run.settings.verify_host = (how & 24) == 24;
	((struct sockaddr_in *)&peer)->sin_addr.s_addr = htonl(0xC0000201);
	fuzz_faults_begin();
	run.connection = connection_new(&run.settings, ends[0], &peer);
	fuzz_faults_end();
	HOLDS_WITHOUT_FAULT(run.connection);
	if (run.connection)
		connection_set_priority(run.connection, 0);
	else
		run.ends = 1;
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
	fuzz_faults_begin();
	connection_answer(run.connection, &made);
	fuzz_faults_end();
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
	switch (data[0] % 8) {
	case 4:
		fuzz_let_pass(data[0] & 128 ? data[0] - 127U : 0);
		loop();
		return 1;
	case 6:
		decide(data[0] / 8);
		return 1;
	default:
		return tls_peer_step(&run.client, data, size);
	}
}

/* Whoever is waited for does what it can, or the time is over. */
static void end(void)
{
	tls_peer_send_all(&run.client);
	for (int i = 0; i < 8 && run.connection; i++) {
		loop();
		answer(0);
		tls_peer_receive(&run.client);
		fuzz_let_pass((TIMEOUT + 1) * 10);
	}
	HOLDS(!run.connection && run.ends == 1);
	loop(); /* libevent frees a bufferevent when the loop comes round again */
	tls_peer_end(&run.client);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t at = 1;

	size = fuzz_faults_read(data, size);
	if (size < 1)
		return 0;
	begin(data[0]);
	for (int i = 0; i < STEPS_MAX && at < size; i++)
		at += step(data + at, size - at);
	end();
	return 0;
}
