/* SPDX-License-Identifier: ISC */
/*
 * The registration service: listeners, the event loop, limits, starting and stopping. Requests go
 * to batch.h, and connections to connection.h.
 */
#pragma once

#include "common/reason.h"
#include "registrar/agents/roster.h"
#include "registrar/api/api.h"
#include "registrar/enrollment/enrollment.h"
#include "registrar/net/listener.h"

#include <openssl/ssl.h>

struct server_settings {
	const struct listeners *listeners;
	SSL_CTX *tls;
	struct roster *roster;
	const char *keys_directory; /* of client.keys, to notice when others change it */
	struct enrollment_policy policy;
	const struct api_settings *api; /* null: there is none */
	const char *password;           /* null: none is demanded */
	bool verify_host;               /* a client's certificate has to be for its address */
	unsigned int timeout;           /* seconds from accept to answer */
	unsigned int max_connections;
};

/*
 * Serve until SIGTERM or SIGINT. Tells systemd when it is ready and when it stops. Returns 0, or a
 * negative errno with `why` set when it cannot start.
 */
int server_run(const struct server_settings *settings, struct reason *why);
