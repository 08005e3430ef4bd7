/* SPDX-License-Identifier: ISC */
/*
 * A connection of authd, with a real TLS client at the other end of a socket and an event loop
 * between them.
 */
#pragma once

#include "registrar/authd/connection.h"

#include <stdbool.h>

struct fixture {
	struct connection_settings settings;
	SSL_CTX *client_context;
	struct connection *connection; /* null: it has ended */
	int client;                    /* the other end */
	SSL *tls;

	int requests; /* that the owner has received */
	int waits;    /* how often the client was waited for */
	bool ended;
	enum connection_end end;
	char detail[256];
};

/* A timeout of the loop, for the settings. */
const struct timeval *common_timeout(struct event_base *base, time_t seconds, long usec);

/*
 * Make the loop, and settings that a test may change; `directory` gets the certificate. End with
 * fixture_end().
 */
void fixture_prepare(struct fixture *fixture, const char *directory);

/* Make the connection, of a client with the address 192.0.2.1 port 40000. */
void fixture_connect(struct fixture *fixture);

/* Both. */
void fixture_begin(struct fixture *fixture, const char *directory);

/* Stop what has not ended, and free everything. */
void fixture_end(struct fixture *fixture);

/* Let the loop do what can be done at once. */
void fixture_run_once(struct fixture *fixture);

/* Let the loop wait for its events until the connection has ended. */
void fixture_run_to_the_end(struct fixture *fixture);

void fixture_handshake(struct fixture *fixture);

/* The client sends a record. */
void fixture_send_text(struct fixture *fixture, const char *text);

/* Fail unless this is the next record of the answer; an empty text: its end. */
void fixture_expect_record(struct fixture *fixture, const char *expected);

/* The client closes its end without a word. */
void fixture_close_client(struct fixture *fixture);

/* Fail unless the connection ends like this. */
void fixture_check_end(struct fixture *fixture, enum connection_end how, const char *detail);
