/* SPDX-License-Identifier: ISC */
/*
 * What the tests of the pipe to a manager share: a real TLS peer at the other end of a socket pair,
 * which runs in a thread and does what its script says, and the client that meets it.
 */
#pragma once

#include "client/net/tls-client.h"

#include <pthread.h>

#define PATIENCE (20 * USEC_PER_SEC) /* only a broken client needs it */
#define SHORT (30 * USEC_PER_MSEC)

/* Zero-initialise, with a script. */
struct peer {
	void (*script)(struct peer *peer); /* after the handshake, or instead of it */
	bool before_handshake;
	int version; /* the only one; 0: any */
	bool demands_certificate;
	X509 *certificate; /* null: that of the meetings */
	/* of this run */
	int fd;
	SSL *ssl;
	pthread_t thread;
	char received[64];
	int length;
	bool was_closed_in_order; /* by the client; see hear_the_end() */
};

/* What one test is about; made by the fixtures below. */
extern struct meeting {
	EVP_PKEY *key;
	X509 *ca, *certificate, *other_ca; /* all of the same key */
	SSL_CTX *context;                  /* the client's, new for each meeting */
	struct endpoint endpoint;
	struct tls_trust trust;
	bool is_unverified; /* the manager of this test */
	struct tls_client *client;
	int client_fd;
	struct reason why;
} meeting;

/* For the whole program: key and certificates. */
int setup_meetings(void **state);
int teardown_meetings(void **state);

/* For each test: *state is a directory with ca.pem, other.pem, own.pem and own.key. */
int setup_meeting(void **state);
int teardown_meeting(void **state);

#define WITH_MEETING(test) cmocka_unit_test_setup_teardown(test, setup_meeting, teardown_meeting)

/* Settings that trust ca.pem; their texts are static. */
struct tls_settings trusting(void *state);

/*
 * Start the peer and shake hands with it, for at most `usec` or until `stop_fd` (-1: none) is
 * readable. Returns what tls_client_new() does. A second meeting forgets the first.
 */
int meet(struct peer *peer, const struct tls_settings *settings, uint64_t usec, int stop_fd);

/* What tls_client_write() and tls_client_read() return. */
int send_request(void);
int receive(char ret[static 64], size_t *ret_length, uint64_t usec);

/* Close the client, and wait for the peer's end. */
void part(struct peer *peer);

/* Fail unless the reason contains the words. */
void assert_said(const char *words);

/* Scripts, and parts of them. */
void wait_for_end(struct peer *peer); /* until the client has closed */
void hear(struct peer *peer);         /* one message */
void hear_the_end(struct peer *peer); /* one message, and how the client ends */
void answer_in_order(struct peer *peer);
