/* SPDX-License-Identifier: ISC */
/*
 * The registration service: the event loop that authd and the API share, notifying systemd, and
 * starting and stopping.
 */
#pragma once

#include "common/must-check.h"
#include "common/reason.h"
#include "registrar/agents/roster.h"
#include "registrar/api/api.h"
#include "registrar/authd/authd.h"
#include "registrar/background.h"
#include "registrar/credentials.h"

/* What is pointed to outlives the server. */
struct server_settings {
	struct roster *roster;
	const struct enrollment_policy *policy;
	const char *directory;           /* of the manager, in which no other authd may run */
	const char *groups_directory;    /* etc/shared, for the list of groups */
	const char *keys_directory;      /* of client.keys, to notice when others change it */
	struct credentials *credentials; /* in use; a reload replaces what is in it */
	struct authd_settings authd;   /* without `tls`, `password`, `peers`, `changed` and owner */
	struct background *background; /* to be notified when it is ready; null: none */
	const char *called;            /* with `background`: the name that it was called by */
	const struct api_settings
		*api;           /* null: there is none; without `tls`, `password`, `peers` */
	const char *users_file; /* with `api` */
	/*
	 * At SIGHUP: read the material, and see whether it and the users can be used. Returns 0, or
	 * a negative errno with `why` set.
	 */
	int (*read_material)(void *owner, struct material *ret, struct reason *why);
	void *owner;
	/* net/admission.h, net/peer-rules.h */
	const struct network_list *exempt_sources;
	size_t max_per_source; /* 0: the default */
};

/*
 * Serve until SIGTERM or SIGINT. Notifies systemd when it is ready and when it stops. Returns 0; a
 * negative errno with `why` set when it cannot start; or -EBUSY with `why` set when it has stopped
 * because of another authd (other-authd.h).
 */
int server_run(const struct server_settings *settings, struct reason *why) must_check;
