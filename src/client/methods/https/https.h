/* SPDX-License-Identifier: ISC */
/*
 * HTTPS connections to one manager, for the methods in the module.
 *
 * The connection (addresses, proxy, TLS, verification, deadlines, SIGTERM) is made as for every
 * method, by method_connect(). libcurl uses HTTP/1.1 over a local socket whose other end is
 * transferred over TLS here, so that the checks of certificates, names and pins, and their
 * messages, are the same for all methods; see ARCHITECTURE.md.
 *
 * Redirects, compression, the environment, .netrc and cookies are not used. Headers and body of a
 * reply are limited. Memory of libcurl and jansson is wiped when they free it.
 *
 * Must be used by one thread only.
 */
#pragma once

#include "client/methods/method.h"
#include "common/must-check.h"

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

/* bytes; the longest real reply, a JWT, has about 1000 */
#define HTTPS_BODY_MAX ((size_t)1024 * 1024)
#define HTTPS_HEADER_MAX ((size_t)64 * 1024) /* bytes, all fields together */

/* A session: one connection as long as the manager keeps it open, then another one. */
struct https;

/* Terminated strings, not owned. */
struct https_request {
	const char *method;        /* "GET" */
	const char *path;          /* "/agents?status=all": sent unchanged */
	const char *authorization; /* the value of the header field: "Bearer ..."; null: none */
	/* more header fields, "Name: value"; ends with null; null: none */
	const char *const *fields;
	const char *body; /* application/json; null: none */
	/*
	 * The manager may register us, or remove us: STEP_SENDING is reported before the first byte
	 * is sent, and STEP_WAITING once all are sent.
	 */
	bool changes;
};

/* Start with zeros; wipe and free with https_reply_wipe(). */
struct https_reply {
	int status;
	/* owned; terminated (it may contain NUL bytes before that); never null after success */
	char *body;
	size_t length;
	char *fields; /* owned: the header's lines, each terminated by a newline */
};

/*
 * Start a session with the attempt's manager; nothing is connected yet. The attempt and the report
 * must outlive it. Returns 0, or a negative errno with the report's `why` set. Free with
 * https_free().
 */
int https_new(struct https **ret, const struct attempt *attempt,
	      struct attempt_report *report) must_check;

/*
 * Connect to the manager now, rather than with the first request, if what that says depends on the
 * connection (struct attempt, `connected`). Returns as method_connect().
 */
int https_connect(struct https *https) must_check;

/*
 * Send a request and read the reply, whatever its status. Returns OUTCOME_OK with `ret` set, or an
 * outcome or a negative errno, with the report's `why` set: as method_connect(), OUTCOME_BUSY when
 * the manager sends no complete response, OUTCOME_PROTOCOL_ERROR when it is not HTTP or too long,
 * OUTCOME_REFUSED when our certificate is rejected.
 */
int https_send(struct https *https, const struct https_request *request,
	       struct https_reply *ret) must_check;

/*
 * A field of the reply's header by its name, without surrounding blanks, in `buffer`; null: it is
 * missing.
 */
const char *https_reply_field(const struct https_reply *reply, const char *name, char *buffer,
			      size_t size);

/* The manager's clock (RFC 9110, 6.6.1: Date); -1: unknown. */
time_t https_reply_date(const struct https_reply *reply);

/* The delay requested by the manager (RFC 9110, 10.2.3: Retry-After), in microseconds; 0: none. */
uint64_t https_reply_retry_after(const struct https_reply *reply);

void https_reply_wipe(struct https_reply *reply);
void https_free(struct https *https);

DEFINE_RELEASE(https, struct https *, https_free)
