/* SPDX-License-Identifier: ISC */
/*
 * What of the front speaks with clients: authd and, where it is wanted, the API, in one event loop,
 * with the credentials in use and the limits and the log that both share. It begins with the first
 * material that the keeper hands out.
 */
#pragma once

#include "common/must-check.h"
#include "registrar/credentials.h"
#include "registrar/front.h"
#include "registrar/net/peer-rules.h"

/* Zero: it is not set up. */
struct front_serving {
	const struct front_settings *settings;
	struct event_base *base;
	struct registry *registry;
	void (*changed)(void *owner); /* counts have changed, or connections */
	void *owner;

	struct peer_rules peers;
	struct credentials credentials;
	struct authd *authd; /* null: it does not serve yet */
	struct api *api;     /* null: there is none */
};

/*
 * Make what is shared. Settings, base, registry, callback and owner are set, and outlive it. False:
 * out of memory. End it in any case.
 */
bool front_serving_set_up(struct front_serving *serving) must_check;

/*
 * Use the material from now on, and begin to serve with the first. Connections that have begun
 * their TLS handshake go on with the certificate that they know. Returns 0, or a negative errno
 * with `why` set: what was in use stays so.
 */
int front_serving_use(struct front_serving *serving, const struct material *material,
		      struct reason *why) must_check;

/* Log where clients are waited for. */
void front_serving_announce(const struct front_serving *serving);

/* Accept no more, and let out the answers that are under way. */
void front_serving_stop(struct front_serving *serving);

/* Is nobody connected, and no answer under way? */
bool front_serving_is_idle(const struct front_serving *serving) must_check;

/*
 * Close everything. The loop, which is not running, is let go round once more. The base and the
 * registry are still there, and nothing that authd tells is heard any more.
 */
void front_serving_end(struct front_serving *serving);
