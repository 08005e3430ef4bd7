/* SPDX-License-Identifier: ISC */
/*
 * The keeper's end of the sockets that fronts are connected by: reads what they ask, has the
 * registry answer it, and believes nothing but the form, which it checks. A front that breaks it is
 * cut off. What a front that is gone was waiting for is withdrawn.
 *
 * What a front asks for and does not take is bounded: above the limits below, the keeper reads no
 * more from it until it has caught up, and no answer is lost. So a front can have the keeper use,
 * whatever it sends, at most
 *
 *	requests       KEEPER_REQUEST_BYTES as packets, about twice as much as what is kept
 *	               of them, and 4 KiB for each of KEEPER_REQUESTS_MAX that is decided
 *	answers        KEEPER_ANSWERS_MAX, and one more to each request that is open:
 *	               2 KiB, or 128 KiB where only a few may be (registry_type_limit()), and
 *	               256 KiB to the one that makes an enrollment token
 *	long requests  three removals of all agents there are: one is received, two are open
 *	material       two answers of at most REGISTRY_ANSWER_MAX
 *
 * KEEPER_FRONT_MEMORY in all, and 500 bytes for each agent there is.
 */
#pragma once

#include "common/must-check.h"
#include "registrar/registry/front-report.h"
#include "registrar/registry/registry.h"

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>

/* Of one front; from these on, the keeper reads no more from it until it has caught up. */
#define KEEPER_REQUESTS_MAX 4096               /* without an answer */
#define KEEPER_REQUEST_BYTES ((size_t)2 << 20) /* of their packets, but for those of few */
#define KEEPER_ANSWERS_MAX ((size_t)1 << 20)   /* bytes that it has not taken */

#define KEEPER_FRONT_MEMORY ((size_t)48 << 20)

#define KEEPER_FRONTS_MAX 8 /* at a time */

struct keeper_server;

/* What whoever has the server is told. Each may be null, and may not free the server. */
struct keeper_server_observer {
	/* A front has sent a report. */
	void (*reported)(void *owner, const struct front_report *report);
	/* A front has gone, or was cut off. */
	void (*gone)(void *owner);
	void *owner;
};

/* What is pointed to outlives the server. */
struct keeper_server_settings {
	struct event_base *base;
	struct registry *registry;
	/* How many agents there are: more than there ever were need not be removed at once. */
	size_t (*count_agents)(void *owner);
	void *owner;
	struct keeper_server_observer observer;
};

/* Returns null when out of memory. */
struct keeper_server *keeper_server_new(const struct keeper_server_settings *settings) must_check;

/*
 * Serve a front at the other end of this socket (a stream, not blocking), which is the server's
 * from now on, even on failure. Returns 0; -EMFILE, which is logged: there are as many as there may
 * be; or -ENOMEM.
 */
int keeper_server_add(struct keeper_server *server, int fd) must_check;

/*
 * Tell all fronts something that they have not asked for; when the keeper is closing, `why` it will
 * not come back. Null: it may.
 */
void keeper_server_announce(struct keeper_server *server, enum registry_news news, const char *why);

/* Cut off those that have not done all reloads that they were told of, which is logged. */
void keeper_server_cut_late(struct keeper_server *server);

/* Has each front that is still there done as many reloads as it was told of? */
bool keeper_server_is_reloaded(const struct keeper_server *server) must_check;

/* The sums of what the fronts have reported; what those counted that are gone is in them. */
struct front_report keeper_server_totals(const struct keeper_server *server);

/* How many fronts there are. */
size_t keeper_server_count(const struct keeper_server *server);

/*
 * May a line be logged about whoever connects or is cut off? False: it has been counted, and the
 * count is logged later. Hostile ones come back.
 */
bool keeper_server_may_log(struct keeper_server *server) must_check;

/* Cut off all fronts. Null is allowed. */
void keeper_server_free(struct keeper_server *server);
