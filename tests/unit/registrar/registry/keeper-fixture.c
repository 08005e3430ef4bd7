/* SPDX-License-Identifier: ISC */
#include "tests/unit/registrar/registry/keeper-fixture.h"

#include "common/log.h"
#include "registrar/keeper/keeper-server.h"
#include "tests/unit/support.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

struct fake_registry keeper_asked;
unsigned char keeper_packet[REGISTRY_PACKET_MAX];
char keeper_logged[1024];
size_t keeper_agents;

static void take_message(int level, const char *message)
{
	size_t length = strlen(keeper_logged);

	(void)level;
	(void)snprintf(keeper_logged + length, sizeof keeper_logged - length, "%s\n", message);
}

struct keeper_fixture keeper_fixture;

static int connect_keeper(void *owner)
{
	int ends[2];

	assert_ptr_equal(owner, &keeper_fixture);
	keeper_fixture.attempts++;
	if (!keeper_fixture.server && !keeper_fixture.is_raw)
		return -ECONNREFUSED;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends),
			 0);
	if (keeper_fixture.is_raw)
		keeper_fixture.keeper = ends[0];
	else
		assert_int_equal(keeper_server_add(keeper_fixture.server, ends[0]), 0);
	return ends[1];
}

void keeper_run(void)
{
	for (int i = 0; i < 8; i++)
		(void)event_base_loop(keeper_fixture.base, EVLOOP_NONBLOCK);
}

static size_t count_agents(void *owner)
{
	(void)owner;
	return keeper_agents;
}

static void on_reported(void *owner, const struct front_report *report)
{
	(void)owner;
	keeper_fixture.reported = *report;
}

void keeper_start(void)
{
	const struct keeper_server_settings settings = {
		.base = keeper_fixture.base,
		.registry = &keeper_asked.registry,
		.count_agents = count_agents,
		.observer = { .reported = on_reported },
	};

	keeper_fixture.server = keeper_server_new(&settings);
	assert_non_null(keeper_fixture.server);
}

void keeper_stop(void)
{
	keeper_server_free(keeper_fixture.server);
	keeper_fixture.server = NULL;
}

static void on_connected(void *owner)
{
	assert_ptr_equal(owner, &keeper_fixture);
	keeper_fixture.connections++;
}

static void on_news(void *owner, enum registry_news news, const char *why)
{
	assert_ptr_equal(owner, &keeper_fixture);
	keeper_fixture.news[news]++;
	(void)snprintf(keeper_fixture.why, sizeof keeper_fixture.why, "%s", why ?: "");
}

static bool on_lost(void *owner)
{
	assert_ptr_equal(owner, &keeper_fixture);
	keeper_fixture.losses++;
	return !keeper_fixture.is_faithful;
}

int keeper_begin(void **state)
{
	const struct remote_registry_settings settings = {
		.base = event_base_new(),
		.connect = connect_keeper,
		.connected = on_connected,
		.news = on_news,
		.lost = on_lost,
		.owner = &keeper_fixture,
	};

	(void)state;
	fake_registry_init(&keeper_asked);
	keeper_fixture = (struct keeper_fixture){ .base = settings.base, .keeper = -1 };
	log_divert(take_message);
	keeper_logged[0] = '\0';
	keeper_fixture.registry = remote_registry_new(&settings);
	assert_non_null(keeper_fixture.registry);
	return 0;
}

int keeper_end(void **state)
{
	(void)state;
	log_divert(NULL);
	registry_free(keeper_fixture.registry);
	keeper_server_free(keeper_fixture.server);
	if (keeper_fixture.keeper >= 0)
		close(keeper_fixture.keeper);
	keeper_run();
	event_base_free(keeper_fixture.base);
	return 0;
}

static void on_answered(void *owner, struct registry_answer *answer)
{
	struct asker *asker = owner;

	asker->answers++;
	asker->outcome = answer->outcome;
	asker->decision = answer->decision;
}

void asker_ask(struct asker *asker)
{
	static const struct agent_registration registration = {
		.way = REGISTRATION_BY_AUTHD,
		.peer = { .address = "192.0.2.1", .port = 40000 },
		.fields = { .name = { "web-01", 6 }, .groups = { "a,b", 3 } },
	};

	asker->request.type = REGISTRY_REGISTER;
	asker->request.registration = &registration;
	asker->request.answered = on_answered;
	asker->request.owner = asker;
	assert_int_equal(registry_submit(keeper_fixture.registry, &asker->request), 0);
	assert_int_equal(asker->answers, 0);
}

void asker_wait(const struct asker *asker)
{
	while (asker->answers == 0)
		(void)event_base_loop(keeper_fixture.base, EVLOOP_ONCE);
}

void asker_expect_failure(const struct asker *asker, enum registry_outcome outcome)
{
	assert_int_equal(asker->answers, 1);
	assert_int_equal(asker->outcome, outcome);
	assert_int_equal(asker->decision.fault, REGISTRATION_INTERNAL);
	assert_string_equal(asker->decision.refusal, "Internal manager error adding agent: web-01");
}

void keeper_send(size_t length)
{
	assert_int_equal(send(keeper_fixture.keeper, keeper_packet, length, MSG_NOSIGNAL), length);
	keeper_run();
}

void keeper_welcome(void)
{
	keeper_fixture.is_raw = true;
	keeper_run();
	keeper_send(registry_wire_hello(keeper_packet, REGISTRY_PACKET_WELCOME));
}
