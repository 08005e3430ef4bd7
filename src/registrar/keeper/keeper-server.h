/* SPDX-License-Identifier: ISC */
/*
 * The keeper's end of the sockets that fronts are connected by: reads what they ask, has the
 * registry answer it, and believes nothing but the form, which it checks. A front that breaks it is
 * cut off. What a front that is gone was waiting for is withdrawn.
 */
#pragma once

#include "common/must-check.h"
#include "registrar/registry/registry.h"

#include <event2/event.h>
#include <stddef.h>

/* Of one front; above these, the keeper reads no more from it until it has caught up. */
#define KEEPER_REQUESTS_MAX 8192             /* without an answer */
#define KEEPER_ANSWERS_MAX ((size_t)1 << 20) /* bytes that it has not taken */

struct keeper_server;

/* The registry outlives the server. Returns null when out of memory. */
struct keeper_server *keeper_server_new(struct event_base *base,
					struct registry *registry) must_check;

/*
 * Serve a front at the other end of this socket (a stream, not blocking), which is the server's
 * from now on, even on failure. Returns 0 or -ENOMEM.
 */
int keeper_server_add(struct keeper_server *server, int fd) must_check;

/* Tell all fronts something that they have not asked for. */
void keeper_server_announce(struct keeper_server *server, enum registry_news news);

/* How many fronts there are. */
size_t keeper_server_count(const struct keeper_server *server);

/* Is a request without its answer, or an answer not taken yet? */
bool keeper_server_is_busy(const struct keeper_server *server) must_check;

/* Cut off all fronts. Null is allowed. */
void keeper_server_free(struct keeper_server *server);
