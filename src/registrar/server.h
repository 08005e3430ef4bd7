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

struct server;

/* What is pointed to outlives the server, but for what server_use() replaces. */
struct server_settings {
	struct roster *roster;
	const char *directory;          /* of the manager, in which no other authd may run */
	const char *keys_directory;     /* of client.keys, to notice when others change it */
	struct authd_settings authd;    /* without `peers`, `changed` and its owner */
	struct background *background;  /* to be notified when it is ready; null: none */
	const char *called;             /* with `background`: the name that it was called by */
	const struct api_settings *api; /* null: there is none; without `peers` */
	const char *users_file;         /* with `api` */
	/*
	 * SIGHUP has come: read the files again, and call server_use(). Returns 0, or a negative
	 * errno with `why` set: then nothing has changed.
	 */
	int (*reload)(void *owner, struct server *server, struct reason *why);
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

/*
 * Use another certificate and password (null: none) from now on. Connections that have begun their
 * TLS handshake go on with the certificate that they know. The old ones may be freed afterwards.
 */
void server_use(struct server *server, SSL_CTX *tls, const char *password);
