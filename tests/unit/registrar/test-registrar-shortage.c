/* SPDX-License-Identifier: ISC */
/*
 * A registrar, front and keeper in one process and one event loop, in which one allocation fails,
 * for every one that a request takes, in our code and in libraries: only that request may fail. The
 * connection between front and keeper lives on, what was acknowledged is in client.keys, the next
 * request succeeds, and, as a sanitizer sees it, no memory is lost.
 */
#include "tests/unit/support.h"

#include "common/base64.h"
#include "common/enroll-jwt.h"
#include "common/library-memory.h"
#include "common/log.h"
#include "registrar/api/api.h"
#include "registrar/authd/authd.h"
#include "registrar/credentials.h"
#include "registrar/keeper/file-registry.h"
#include "registrar/keeper/keeper-registry.h"
#include "registrar/keeper/keeper-server.h"
#include "registrar/keeper/sessions.h"
#include "registrar/net/listener.h"
#include "registrar/net/priority.h"
#include "registrar/registry/remote-registry.h"
#include "tests/unit/certificates.h"
#include "tests/unit/shortage.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PASSWORD "a right password"
#define HASH "$scrypt$ln=10,r=8,p=1$U29kaXVtQ2hsb3JpZGU$kl2PHNbHFh2rv2R0mAypKA"
#define AGENTS "001 old-1 any " KEY "\n002 old-2 any " KEY "\n"
#define KEY "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"
#define STEP 23
#define TIMEOUT 10 /* seconds: only a broken registrar needs them */

static SSL_CTX *client_context;

/* ------------------------------------------------------------------ the registrar */

static struct {
	const char *directory;
	struct credentials credentials;
	struct event_base *base;
	struct roster *roster;
	struct transactions *transactions;
	struct sessions *sessions;
	struct registry *agents, *keeper, *remote;
	struct keeper_server *server;
	struct peer_rules peers;
	struct enrollment_policy policy;
	struct listeners authd_listeners, api_listeners;
	struct authd *authd;
	struct api *api;
	bool is_connected;
	int losses;
} registrar;

static void ignore_message(int level, const char *message)
{
	(void)level, (void)message;
}

static int read_no_material(void *owner, struct material *ret, struct reason *why)
{
	(void)owner, (void)ret;
	reason_set(why, "There is none");
	return -EIO;
}

static size_t count_agents(void *owner)
{
	(void)owner;
	return roster_count(registrar.roster);
}

static int connect_keeper(void *owner)
{
	int ends[2];

	(void)owner;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) < 0 ||
	    keeper_server_add(registrar.server, ends[0]) < 0)
		return -errno;
	return ends[1];
}

static void on_connected(void *owner)
{
	(void)owner;
	registrar.is_connected = true;
	(void)event_base_loopbreak(registrar.base);
}

static bool on_lost(void *owner)
{
	(void)owner;
	registrar.losses++;
	return true;
}

static void on_change(void *owner)
{
	(void)owner;
}

static void begin_keeper(void)
{
	static const struct agent_history history = { .queue = NULL };
	const struct transactions_settings transactions = { .roster = registrar.roster,
							    .history = &history };
	const struct sessions_settings sessions = {
		.base = registrar.base,
		.users_file = path_in(registrar.directory, "users"),
		.log = registrar.peers.log,
	};
	struct file_registry_settings agents = {
		.base = registrar.base,
		.policy = &registrar.policy,
		.groups_directory = registrar.directory,
		.log = registrar.peers.log,
	};
	struct keeper_registry_settings keeper = {
		.base = registrar.base,
		.password = PASSWORD,
		.log = registrar.peers.log,
		.read_material = read_no_material,
	};
	struct keeper_server_settings server = { .base = registrar.base,
						 .count_agents = count_agents };
	struct reason why;

	assert_int_equal(sessions_new(&registrar.sessions, &sessions, &why), 0);
	agents.transactions = registrar.transactions = transactions_new(registrar.base,
									&transactions);
	assert_non_null(agents.transactions);
	keeper.agents = registrar.agents = file_registry_new(&agents);
	keeper.sessions = registrar.sessions;
	server.registry = registrar.keeper = keeper_registry_new(&keeper);
	registrar.server = keeper_server_new(&server);
	assert_non_null(registrar.server);
}

static void begin_front(void)
{
	static const char *const here[] = { "127.0.0.1" };
	const struct remote_registry_settings remote = {
		.base = registrar.base,
		.connect = connect_keeper,
		.connected = on_connected,
		.lost = on_lost,
	};
	const struct authd_settings authd = {
		.listeners = &registrar.authd_listeners,
		.tls = registrar.credentials.tls,
		.dialect = DIALECT_WAZUH,
		.timeout = TIMEOUT,
		.max_connections = 16,
		.peers = &registrar.peers,
		.changed = on_change,
	};
	const struct api_settings api = {
		.listeners = &registrar.api_listeners,
		.tls = registrar.credentials.tls,
		.max_connections = 16,
		.peers = &registrar.peers,
		.timeout = TIMEOUT,
		.demands_password = true,
	};
	struct reason why;

	assert_int_equal(listeners_make(&registrar.authd_listeners, here, 1, 0, &why), 0);
	assert_int_equal(listeners_make(&registrar.api_listeners, here, 1, 0, &why), 0);
	registrar.remote = remote_registry_new(&remote);
	registrar.authd = authd_new(registrar.base, &authd, registrar.remote);
	assert_non_null(registrar.authd);
	assert_int_equal(api_new(&registrar.api, registrar.base, &api, registrar.remote, &why), 0);
}

static void begin(void)
{
	static const struct network_list none = { .count = 0 };
	struct reason why;

	write_text(path_in(registrar.directory, "client.keys"), AGENTS);
	registrar.base = priority_base_new();
	registrar.peers = (struct peer_rules){ .exempt = &none,
					       .offences = offences_new(),
					       .log = peer_log_new(registrar.base) };
	registrar.policy = (struct enrollment_policy){ .dialect = DIALECT_WAZUH,
						       .on_duplicate = ON_DUPLICATE_REFUSE };
	registrar.is_connected = false;
	registrar.losses = 0;
	assert_int_equal(roster_open(&registrar.roster, registrar.directory, (gid_t)-1, NULL, &why),
			 0);
	begin_keeper();
	begin_front();
	while (!registrar.is_connected)
		(void)event_base_loop(registrar.base, EVLOOP_ONCE);
}

static void end(void)
{
	authd_free(registrar.authd);
	(void)event_base_loop(registrar.base, EVLOOP_NONBLOCK);
	api_free(registrar.api);
	registry_free(registrar.remote);
	keeper_server_free(registrar.server);
	registry_free(registrar.keeper);
	registry_free(registrar.agents);
	sessions_free(registrar.sessions);
	transactions_free(registrar.transactions);
	roster_close(registrar.roster);
	offences_free(registrar.peers.offences);
	peer_log_free(registrar.peers.log);
	listeners_close(&registrar.authd_listeners);
	listeners_close(&registrar.api_listeners);
	(void)event_base_loop(registrar.base, EVLOOP_NONBLOCK);
	event_base_free(registrar.base);
}

/* ------------------------------------------------------------------ a client */

/* What is asked in a thread of its own, and what came back: terminated, empty if nothing did. */
struct client {
	const struct listeners *listeners;
	const char *request;
	char answer[16384];
	size_t length;
	int done[2]; /* written to at the end */
};

static int connect_to(const struct listeners *listeners)
{
	const struct timeval timeout = { .tv_sec = TIMEOUT };
	struct sockaddr_in address;
	socklen_t size = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (getsockname(listeners->fds[0], (struct sockaddr *)&address, &size) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout) < 0 ||
	    connect(fd, (const struct sockaddr *)&address, sizeof address) < 0)
		abort();
	return fd;
}

static void exchange(struct client *client, SSL *tls)
{
	int n;

	if (SSL_connect(tls) != 1 ||
	    SSL_write(tls, client->request, (int)strlen(client->request)) <= 0)
		return;
	while ((n = SSL_read(tls, client->answer + client->length,
			     (int)(sizeof client->answer - 1 - client->length))) > 0)
		client->length += (size_t)n;
}

static void *run_client(void *argument)
{
	struct client *client = argument;
	int fd;
	SSL *tls;

	fd = connect_to(client->listeners);
	tls = SSL_new(client_context);
	if (!tls || SSL_set_fd(tls, fd) != 1)
		abort();
	exchange(client, tls);
	SSL_free(tls);
	(void)close(fd);
	if (write(client->done[1], "", 1) < 0)
		abort();
	return NULL;
}

static void on_done(evutil_socket_t fd, short what, void *argument)
{
	(void)fd, (void)what, (void)argument;
	(void)event_base_loopbreak(registrar.base);
}

/* Ask; the `nth` allocation of the registrar fails (0: none). Has one? */
static bool ask(struct client *client, const struct listeners *listeners, const char *request,
		unsigned int nth)
{
	struct event *done;
	pthread_t thread;
	bool has_failed;

	*client = (struct client){ .listeners = listeners, .request = request };
	assert_int_equal(pipe(client->done), 0);
	done = event_new(registrar.base, client->done[0], EV_READ, on_done, NULL);
	assert_int_equal(event_add(done, NULL), 0);
	assert_int_equal(pthread_create(&thread, NULL, run_client, client), 0);
	shortage_begin(nth);
	(void)event_base_dispatch(registrar.base);
	has_failed = shortage_end();
	assert_int_equal(pthread_join(thread, NULL), 0);
	event_free(done);
	(void)close(client->done[0]);
	(void)close(client->done[1]);
	return has_failed;
}

/* ------------------------------------------------------------------ what is asked */

static void assert_kept(const char *line)
{
	char *keys = read_file(path_in(registrar.directory, "client.keys"), NULL);

	assert_non_null(keys);
	if (!strstr(keys, line))
		fail_msg("client.keys has lost '%s': %s", line, keys);
	free(keys);
}

/* Is there a key in the answer? Then it is in client.keys. */
static bool has_key(const struct client *client)
{
	const char *begin = strstr(client->answer, "OSSEC K:'");
	char line[256];

	if (!begin)
		return false;
	(void)snprintf(line, sizeof line, "%.*s\n", (int)strcspn(begin + strlen("OSSEC K:'"), "'"),
		       begin + strlen("OSSEC K:'"));
	assert_kept(line);
	return true;
}

static bool register_agent(struct client *client, unsigned int nth)
{
	return ask(client, &registrar.authd_listeners,
		   nth > 0 ? "OSSEC A:'web-1'\n" : "OSSEC A:'web-2'\n", nth);
}

static char token[1024];

static bool call(struct client *client, const char *method, const char *target, const char *body,
		 unsigned int nth)
{
	char request[4096];

	(void)snprintf(request, sizeof request,
		       "%s %s HTTP/1.1\r\nHost: m\r\nAuthorization: %s\r\nConnection: close\r\n"
		       "Content-Type: application/json\r\nprotocol-version: 1\r\n"
		       "Content-Length: %zu\r\n\r\n%s",
		       method, target, token, strlen(body), body);
	return ask(client, &registrar.api_listeners, request, nth);
}

static bool is_ok(const struct client *client)
{
	return strncmp(client->answer, "HTTP/1.1 200", strlen("HTTP/1.1 200")) == 0;
}

static bool log_in(struct client *client, unsigned int nth)
{
	static const char *const user = "admin:" PASSWORD;
	char text[64];

	(void)base64_encode(text, BASE64_PADDED, user, strlen(user));
	(void)snprintf(token, sizeof token, "Basic %s", text);
	return call(client, "POST", "/security/user/authenticate?raw=true", "", nth);
}

/* So that the next calls are this user's. */
static void be_logged_in(void)
{
	struct client client;

	(void)log_in(&client, 0);
	assert_true(is_ok(&client));
	(void)snprintf(token, sizeof token, "Bearer %s", strstr(client.answer, "\r\n\r\n") + 4);
}

static bool add_agent(struct client *client, unsigned int nth)
{
	return call(client, "POST", "/agents",
		    nth > 0 ? "{\"name\":\"web-1\"}" : "{\"name\":\"web-2\"}", nth);
}

/* With a bearer of its own, as an agent of Wazuh 5 comes. */
static bool enroll_agent(struct client *client, unsigned int nth)
{
	static const unsigned char nonce[ENROLL_NONCE_SIZE] = { 7 };
	unsigned char key[ENROLL_KEY_SIZE];
	char bearer[ENROLL_JWT_SIZE];

	assert_int_equal(enroll_jwt_derive(key, ENROLL_PASSWORD, PASSWORD, strlen(PASSWORD)), 0);
	assert_int_equal(enroll_jwt_sign(bearer, key, NULL, (uint64_t)time(NULL), nonce), 0);
	(void)snprintf(token, sizeof token, "Bearer %s", bearer);
	return call(client, "POST", "/wazuh-manager/enroll",
		    nth > 0 ? "{\"name\":\"web-1\",\"version\":\"5.0.0\"}"
			    : "{\"name\":\"web-2\",\"version\":\"5.0.0\"}",
		    nth);
}

static bool list_agents(struct client *client, unsigned int nth)
{
	return call(client, "GET", "/agents?sort=-name&search=old&q=name~d;id!=9", "", nth);
}

static bool list_groups(struct client *client, unsigned int nth)
{
	return call(client, "GET", "/groups", "", nth);
}

static bool remove_agent(struct client *client, unsigned int nth)
{
	return call(client, "DELETE",
		    nth > 0 ? "/agents?agents_list=001&status=all&older_than=0s"
			    : "/agents?agents_list=002&status=all&older_than=0s",
		    "", nth);
}

/* ------------------------------------------------------------------ all together */

/* The client hears nothing, or that the manager is at fault: it may try again. */
static bool is_our_fault(const struct client *client)
{
	static const char *const texts[] = { "ERROR: Internal manager error", "HTTP/1.1 5" };

	for (size_t i = 0; i < COUNT(texts); i++)
		if (strncmp(client->answer, texts[i], strlen(texts[i])) == 0)
			return true;
	return client->length == 0;
}

static bool attempt(bool (*act)(struct client *client, unsigned int nth),
		    bool (*is_done)(const struct client *client), unsigned int nth)
{
	struct client client;
	bool has_failed;

	begin();
	if (act != register_agent && act != log_in && act != enroll_agent)
		be_logged_in();
	has_failed = act(&client, nth);
	if (!is_done(&client) && (!has_failed || !is_our_fault(&client)))
		fail_msg("allocation %u: '%s'", nth, client.answer);
	assert_int_equal(registrar.losses, 0);
	if (act != remove_agent)
		assert_kept(AGENTS);
	(void)act(&client, 0);
	if (!is_done(&client))
		fail_msg("after a failure at allocation %u: '%s'", nth, client.answer);
	end();
	assert_no_leak_at_times();
	return has_failed;
}

static void test_register(void **state)
{
	unsigned int nth = 1;

	(void)state;
	while (attempt(register_agent, has_key, nth))
		nth += shortage_step(STEP);
	assert_true(nth > 100);
	assert_no_leak();
}

static void check_call(bool (*act)(struct client *client, unsigned int nth))
{
	unsigned int nth = 1;

	while (attempt(act, is_ok, nth))
		nth += shortage_step(STEP);
	assert_true(nth > 100);
	assert_no_leak();
}

static void test_log_in(void **state)
{
	(void)state;
	check_call(log_in);
}

static void test_add(void **state)
{
	(void)state;
	check_call(add_agent);
}

static void test_enroll(void **state)
{
	(void)state;
	check_call(enroll_agent);
}

static void test_list(void **state)
{
	(void)state;
	check_call(list_agents);
}

static void test_list_groups(void **state)
{
	(void)state;
	check_call(list_groups);
}

static void test_remove(void **state)
{
	(void)state;
	check_call(remove_agent);
}

/* ------------------------------------------------------------------ the program */

static void read_pem(struct material_file *ret, const char *directory, const char *name)
{
	ret->path = strdup(path_in(directory, name));
	ret->bytes = read_file(ret->path, &ret->length);
	assert_non_null(ret->bytes);
}

static int setup(void **state)
{
	cleanup(material_wipe) struct material material = { .ciphers = NULL };
	struct reason why;

	if (setup_certificate(state) < 0)
		return -1;
	(void)signal(SIGPIPE, SIG_IGN); /* as the registrar does */
	registrar.directory = *state;
	write_text(path_in(*state, "users"), "admin:" HASH "\n");
	read_pem(&material.certificate, *state, "certificate");
	read_pem(&material.private_key, *state, "key");
	assert_int_equal(credentials_make(&registrar.credentials, &material, &why), 0);
	client_context = SSL_CTX_new(TLS_client_method());
	assert_non_null(client_context);
	SSL_CTX_set_options(client_context, SSL_OP_IGNORE_UNEXPECTED_EOF);
	log_divert(ignore_message);
	return 0;
}

static int teardown(void **state)
{
	log_divert(NULL);
	SSL_CTX_free(client_context);
	credentials_clear(&registrar.credentials);
	return teardown_directory(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_register), cmocka_unit_test(test_log_in),
		cmocka_unit_test(test_add),      cmocka_unit_test(test_enroll),
		cmocka_unit_test(test_list),     cmocka_unit_test(test_list_groups),
		cmocka_unit_test(test_remove),
	};

	library_memory_watch_openssl();
	return cmocka_run_group_tests(tests, setup, teardown);
}
