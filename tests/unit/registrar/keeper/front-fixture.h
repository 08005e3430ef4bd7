/* SPDX-License-Identifier: ISC */
/*
 * A keeper's server, of a registry that the test answers for, and a front at the other end of a
 * socket, for which the test speaks.
 */
#pragma once

#include "common/must-check.h"
#include "registrar/keeper/keeper-server.h"
#include "registrar/registry/registry-wire.h"
#include "tests/unit/registrar/fake-registry.h"

/* What the server asks, and how many agents there are for it. */
extern struct fake_registry front_asked;
extern size_t front_agents;

/* The packet that was written or received last. */
extern unsigned char front_packet[REGISTRY_PACKET_MAX];

/* What the next server tells what it hears. */
extern struct keeper_server_observer front_observer;

/* The last message that was logged. */
extern char front_logged[1024];

struct front_fixture {
	struct event_base *base;
	struct keeper_server *server;
	int front;                                    /* the other end of its socket */
	unsigned char bytes[2 * REGISTRY_PACKET_MAX]; /* what it has received */
	size_t length;
};

extern struct front_fixture front_fixture;

/* Begin with a front that has said nothing, and end. For cmocka. */
int front_begin(void **state);
int front_end(void **state);

/* End the server, and with it all fronts, or begin anew. */
void front_stop_server(void);
void front_start_server(void);

/* Another front, which is the one that is spoken for from now on. */
void front_connect(void);

/* Let the loop come round once, or as often as it takes to look after a front. */
void front_run_once(void);
void front_run(void);

/* Send bytes, which the socket has to take. */
void front_send(const void *bytes, size_t length);

/* Greet, and be welcomed. */
void front_greet(void);

/* The next packet is the welcome. */
void front_expect_welcome(void);

/* Write the request for a registration into the packet. Returns its length. */
size_t front_write_registration(uint64_t number) must_check;

/* Send that. */
void front_ask(uint64_t number);

/* The next packet that was received. False: there is none. */
bool front_next(struct packet_header *ret) must_check;

/* The answer to a registration, which is the next packet, has this fault. */
void front_expect_answer(uint64_t number, enum registration_fault fault);

/* The next packet has these news. */
void front_expect_news(enum registry_news news);

/* The front was cut off, and the log says why. */
void front_expect_cut_off(const char *why);
