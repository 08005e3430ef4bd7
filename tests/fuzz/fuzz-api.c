/* SPDX-License-Identifier: ISC */
/*
 * The registrar's API, from the first byte of a connection to its end, with everything behind it
 * but the registry, which answers what the input says. The input is the script of a client, of
 * steps that begin with a byte that says what to do (tls-peer.h); the time is ours. A call may fail
 * meanwhile (faults.h).
 *
 * Whatever comes, each request to the registry ends, and the API has nothing to do in the end.
 */
#include "any-registry.h"
#include "clock.h"
#include "faults.h"
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
#define PLACES 4
#define OTHERS_MAX 16
#define OUR_HOST 0xC0000201u   /* 192.0.2.1 */
#define STRANGER 0xC0000202u   /* 192.0.2.2 */
#define OTHER_HOST 0xC6336401u /* 198.51.100.1 */

/* What the first byte says of a run. */
enum how {
	IS_TLS13 = 1,
	HAS_PASSWORD = 2,
	HAS_NO_PLACE = 4,  /* others have taken all of them */
	ENDS_FIRST = 8,    /* the API goes before its client does */
	IS_SLOW = 16,      /* long work is done in small pieces */
	IS_STRANGER = 32,  /* the client is nobody whom the limits do not count */
	IS_TIGHT = 64,     /* what is not read soon fills the server's socket */
	HAS_A_PLACE = 128, /* with HAS_NO_PLACE: one is left */
};

static struct {
	struct event_base *base;
	struct api *api;
	struct sockaddr_un address;
	struct tls_peer client;
	SSL_CTX *tls;
	uint8_t how;
	struct offences *offences;
	uint32_t host;          /* the address of whoever connects */
	int others[OTHERS_MAX]; /* idle connections */
	uint32_t other_count;
} run;

/*
 * In place of the C library's: local sockets have no address that could be counted. The API asks
 * for it once for each connection, on its own end.
 */
int getpeername(int fd, struct sockaddr *address, socklen_t *length)
{
	const struct sockaddr_in peer = {
		.sin_family = AF_INET,
		.sin_port = htons(40000),
		.sin_addr.s_addr = htonl(run.host),
	};

	if (run.how & IS_TIGHT)
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &(int){ 1 }, sizeof(int));
	HOLDS(*length >= sizeof peer);
	memcpy(address, &peer, sizeof peer);
	*length = sizeof peer;
	return 0;
}

static void loop(void)
{
	fuzz_faults_begin();
	(void)event_base_loop(run.base, EVLOOP_NONBLOCK);
	fuzz_faults_end();
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

/* Nobody has misbehaved. */
static int make_api(void)
{
	static struct listeners listeners;
	static struct network_list exempt;
	static struct peer_rules peers = { .exempt = &exempt };
	struct api_settings settings = {
		.listeners = &listeners,
		.limits = { .failures = 3, .block_time = 300 },
		.max_connections = PLACES,
		.peers = &peers,
		.timeout = TIMEOUT,
		.tls = run.tls,
	};
	struct reason why = { "" };
	int r;

	if (listeners.count == 0) {
		listeners.fds[listeners.count++] = listen_here();
		HOLDS(network_list_add(&exempt, "192.0.2.1") == 0);
		peers.log = peer_log_new(run.base);
		HOLDS(peers.log);
	}
	offences_free(run.offences);
	peers.offences = run.offences = offences_new();
	HOLDS(run.offences);
	fuzz_faults_begin();
	r = api_new(&run.api, run.base, &settings, any_registry(), &why);
	fuzz_faults_end();
	HOLDS(r == 0 || (fuzz_fault_happened() && why.text[0]));
	return r;
}

static void prepare(void)
{
	struct reason why;

	fuzz_watch_log();
	HOLDS(api_exists(&why) == 0);
	api_free(NULL);
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

static void begin_client(void)
{
	tls_peer_begin(&run.client, connect_from(run.how & IS_STRANGER ? STRANGER : OUR_HOST),
		       run.how & IS_TLS13);
}

static void let_others_in(uint32_t count)
{
	for (; count > 0 && run.other_count < OTHERS_MAX; count--) {
		run.others[run.other_count] = connect_from(OTHER_HOST + run.other_count);
		run.other_count++;
	}
}

static void close_others(void)
{
	while (run.other_count > 0)
		(void)close(run.others[--run.other_count]);
	loop();
}

static void begin(uint8_t how)
{
	run.how = how;
	fuzz_slow_down(how & IS_SLOW ? 300 : 0);
	if (!run.base)
		prepare();
	if (make_api() < 0)
		HOLDS(make_api() == 0 || fuzz_fault_happened());
	if (!run.api)
		return;
	api_use(run.api, run.tls, NULL, how & HAS_PASSWORD ? PASSWORD : NULL);
	if (how & HAS_NO_PLACE) {
		let_others_in(how & HAS_A_PLACE ? PLACES - 1 : PLACES);
		fuzz_let_pass(20);
	}
	begin_client();
}

/* The client comes again, the others go, one more comes, or time passes. */
static void step_aside(uint8_t what)
{
	switch (what) {
	case 12:
		tls_peer_end(&run.client);
		loop();
		begin_client();
		break;
	case 20:
		close_others();
		break;
	case 28:
		let_others_in(1);
		break;
	default:
		fuzz_let_pass(what & 128 ? what - 127U : 0);
		break;
	}
}

/* One step; returns how many bytes of the input it took. */
static size_t step(const uint8_t *data, size_t size)
{
	switch (data[0] % 8) {
	case 4:
		step_aside(data[0]);
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

static void end(void)
{
	tls_peer_send_all(&run.client);
	loop();
	check_answers();
	if (!(run.how & ENDS_FIRST))
		wait_for_end();
	end_api();
	close_others();
	fuzz_let_pass((TIMEOUT + 1) * 10);
	loop();
	loop(); /* libevent frees a bufferevent when the loop comes round again */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t at = 1;

	size = fuzz_faults_read(data, size);
	if (size < 1)
		return 0;
	begin(data[0]);
	if (!run.api)
		return 0;
	for (int i = 0; i < STEPS_MAX && at < size; i++)
		at += step(data + at, size - at);
	end();
	return 0;
}
