/* SPDX-License-Identifier: ISC */
/*
 * A registry in another process, and what it is connected to: a keeper's server, of a registry that
 * the test answers for, or the test itself, which speaks for a keeper.
 */
#pragma once

#include "registrar/registry/registry-wire.h"
#include "registrar/registry/remote-registry.h"
#include "tests/unit/registrar/fake-registry.h"

/* What the server asks, and how many agents there are for it. */
extern struct fake_registry keeper_asked;
extern size_t keeper_agents;

/* The packet that is sent. */
extern unsigned char keeper_packet[REGISTRY_PACKET_MAX];

/* All messages that were logged. */
extern char keeper_logged[1024];

struct keeper_fixture {
	struct event_base *base;
	struct registry *registry;
	struct keeper_server *server; /* null: there is no keeper */
	bool is_raw;                  /* the test speaks for the keeper ... */
	int keeper;                   /* ... at this end */
	int attempts;                 /* to connect */
	int connections;
	int news[REGISTRY_NEWS_PING + 1]; /* how often it was said */
	char why[64];                     /* the keeper will not come back */
	int losses;                       /* of a connection */
	bool is_faithful;                 /* looks for no other one */
	struct front_report reported;     /* what the keeper has heard */
};

extern struct keeper_fixture keeper_fixture;

/* Begin without a keeper, and end. For cmocka. */
int keeper_begin(void **state);
int keeper_end(void **state);

/* A keeper's server is there from now on, or no more. */
void keeper_start(void);
void keeper_stop(void);

/* Let the loop come round as often as it takes to look after what has come. */
void keeper_run(void);

/* The test speaks for the keeper: it is welcomed ... */
void keeper_welcome(void);

/* ... and is sent so many bytes of the packet. */
void keeper_send(size_t length);

/* One who asks, and what was answered. */
struct asker {
	struct registry_request request;
	int answers;
	enum registry_outcome outcome;
	struct registration_decision decision;
};

/* Have a registration of his asked. */
void asker_ask(struct asker *asker);

/* Wait for the answer. */
void asker_wait(const struct asker *asker);

/* He has been answered that it has failed, or not been decided. */
void asker_expect_failure(const struct asker *asker, enum registry_outcome outcome);
