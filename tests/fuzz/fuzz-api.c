/* SPDX-License-Identifier: ISC */
/*
 * The registrar's API, from the first byte of a connection to its end, with everything behind it
 * but the registry, which answers what the input says. The input is the script of a client, of
 * steps that begin with a byte that says what to do (tls-peer.h); the time is ours.
 *
 * Whatever comes, each request to the registry ends, and the API has nothing to do in the end.
 */
#include "any-registry.h"
#include "clock.h"
#include "fuzz.h"
#include "tls-peer.h"
#include "watched-log.h"

#include "common/tls-record-limit.h"
#include "registrar/api/api.h"
#include "registrar/net/priority.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PASSWORD "horse"
#define STEPS_MAX 200
#define TIMEOUT 10 /* seconds */
#define ENDS_MAX 64
#define OTHERS 2
#define OUR_HOST 0xC0000201u   /* 192.0.2.1 */
#define OTHER_HOST 0xC6336401u /* 198.51.100.1 */

static struct {
	struct event_base *base;
	struct api *api;
	struct sockaddr_un address;
	struct tls_peer client;
	SSL_CTX *tls;
	uint32_t host;      /* the address of whoever connects */
	int others[OTHERS]; /* idle connections; below 0: none */
} run;

/* In place of the C library's: local sockets have no address that could be counted. */
int getpeername(int fd, struct sockaddr *address, socklen_t *length)
{
	const struct sockaddr_in peer = {
		.sin_family = AF_INET,
		.sin_port = htons(40000),
		.sin_addr.s_addr = htonl(run.host),
	};

	(void)fd;
	HOLDS(*length >= sizeof peer);
	memcpy(address, &peer, sizeof peer);
	*length = sizeof peer;
	return 0;
}

static void loop(void)
{
	(void)event_base_loop(run.base, EVLOOP_NONBLOCK);
}

static int listen_here(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	run.address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	/* an abstract name: it begins with a NUL */
	(void)snprintf(run.address.sun_path + 1, sizeof run.address.sun_path - 1, "fuzz-api-%d",
		       (int)getpid());
	HOLDS(fd >= 0 && bind(fd, (struct sockaddr *)&run.address, sizeof run.address) == 0 &&
	      listen(fd, 8) == 0);
	return fd;
}

static void make_api(void)
{
	static struct listeners listeners;
	static struct network_list exempt;
	static struct peer_rules peers = { .exempt = &exempt };
	struct api_settings settings = {
		.listeners = &listeners,
		.limits = { .failures = 3, .block_time = 300 },
		.max_connections = OTHERS,
		.peers = &peers,
		.timeout = TIMEOUT,
		.tls = run.tls,
	};
	struct reason why;

	if (listeners.count == 0) {
		listeners.fds[listeners.count++] = listen_here();
		HOLDS(network_list_add(&exempt, "192.0.2.1") == 0);
		peers.offences = offences_new();
		peers.log = peer_log_new(run.base);
		HOLDS(peers.offences && peers.log);
	}
	HOLDS(api_new(&run.api, run.base, &settings, any_registry(), &why) == 0);
}

static void prepare(void)
{
	fuzz_watch_log();
	(void)signal(SIGPIPE, SIG_IGN); /* as the registrar does */
	run.base = priority_base_new();
	run.tls = tls_peer_server_context();
	HOLDS(run.base && tls_record_limit_set(run.tls) == 0);
	run.client.loop = loop;
}

/* Connect from an address. */
static int connect_from(uint32_t host)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	run.host = host;
	HOLDS(fd >= 0 && connect(fd, (struct sockaddr *)&run.address, sizeof run.address) == 0);
	loop();
	return fd;
}

/* Whether TLS 1.2 or 1.3, whether a password is demanded, and whether all places are taken. */
static void begin(uint8_t how)
{
	if (!run.base)
		prepare();
	if (!run.api)
		make_api();
	api_use(run.api, run.tls, how & 2 ? PASSWORD : NULL);
	for (uint32_t i = 0; i < OTHERS; i++)
		run.others[i] = how & 4 ? connect_from(OTHER_HOST + i) : -1;
	if (how & 4)
		fuzz_let_pass(20);
	tls_peer_begin(&run.client, connect_from(OUR_HOST), how & 1);
}

/* One step; returns how many bytes of the input it took. */
static size_t step(const uint8_t *data, size_t size)
{
	switch (data[0] % 8) {
	case 4:
		fuzz_let_pass(data[0] & 128 ? data[0] - 127U : 0);
		loop();
		return 1;
	case 6:
		if (size > 1)
			any_registry_answer(data[1]);
		loop();
		return size > 1 ? 2 : 1;
	default:
		return tls_peer_step(&run.client, data, size);
	}
}

/* What has come is HTTP, of which no text of the client's can make another answer. */
static void check_answers(void)
{
	static char text[65536];
	size_t length = tls_peer_read(&run.client, text, sizeof text - 1);

	text[length] = '\0';
	HOLDS(length == 0 || strncmp(text, "HTTP/", 5) == 0);
}

/* What waits is answered, and the time is over. */
static void wait_for_end(void)
{
	for (int i = 0; i < ENDS_MAX && any_registry_open() > 0; i++) {
		any_registry_answer(1);
		loop();
	}
	HOLDS(any_registry_open() == 0);
	tls_peer_receive(&run.client);
	tls_peer_end(&run.client);
	for (int i = 0; i < ENDS_MAX && api_is_busy(run.api); i++) {
		loop();
		fuzz_let_pass(TIMEOUT * 10);
	}
	HOLDS(!api_is_busy(run.api));
}

/* The API goes before its client does. */
static void end_api(void)
{
	api_stop(run.api);
	loop();
	api_free(run.api);
	run.api = NULL;
	HOLDS(any_registry_open() == 0);
	tls_peer_end(&run.client);
}

static void end(bool api_goes)
{
	tls_peer_send_all(&run.client);
	loop();
	check_answers();
	api_goes ? end_api() : wait_for_end();
	for (int i = 0; i < OTHERS; i++)
		if (run.others[i] >= 0)
			(void)close(run.others[i]);
	fuzz_let_pass((TIMEOUT + 1) * 10);
	loop();
	loop(); /* libevent frees a bufferevent when the loop comes round again */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t at = 1;

	if (size < 1)
		return 0;
	begin(data[0]);
	for (int i = 0; i < STEPS_MAX && at < size; i++)
		at += step(data + at, size - at);
	end(data[0] & 8);
	return 0;
}
