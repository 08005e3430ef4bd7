/* SPDX-License-Identifier: ISC */
/*
 * The process that speaks with clients: the event loop that authd and the API share, in which they
 * ask the keeper; taking its material into use, reporting, notifying systemd, and stopping.
 */
#pragma once

#include "common/must-check.h"
#include "common/reason.h"
#include "registrar/api/api.h"
#include "registrar/authd/authd.h"

#include <stdbool.h>

/* What is pointed to outlives the front. */
struct front_settings {
	/* without `tls`, `dialect`, `password`, `peers`, `changed` and owner */
	struct authd_settings authd;
	/* null: there is none; without `tls`, `demands_password`, `peers` */
	const struct api_settings *api;
	/* net/admission.h, net/peer-rules.h */
	const struct network_list *exempt_sources;
	size_t max_per_source; /* 0: the default */
	/* Connect to the keeper: a stream socket that does not block, or a negative errno. */
	int (*connect)(void *owner);
	/* It serves from now on; null: nobody wants to know. */
	void (*ready)(void *owner);
	void *owner;
	/* The keeper began it and ends with it, tells systemd, and says what ends both. */
	bool is_child;
};

/*
 * Serve until SIGTERM or SIGINT, or until the keeper wants it to stop; a child also ends when its
 * keeper has gone. Without a keeper, others look for one. Returns 0; a negative errno with `why`
 * set when it cannot serve (empty: a keeper that never began has said why); or -EBUSY with `why`
 * set, for a service of its own, when the keeper has stopped because of another authd.
 */
int front_run(const struct front_settings *settings, struct reason *why) must_check;
