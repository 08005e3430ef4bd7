/* SPDX-License-Identifier: ISC */
/*
 * HTTPS with one manager, for the methods in the module.
 *
 * The way to the manager (addresses, proxy, TLS, whom to trust, deadlines, SIGTERM) is the one of
 * every method: method_connect(). On it libcurl speaks HTTP/1.1, through a local socket whose other
 * end is carried over TLS here, so that certificates, names, pins and the sentences about them are
 * the same for all methods; see ARCHITECTURE.md.
 *
 * No redirect is followed, no compression asked for, no environment, .netrc or cookie is looked at.
 * Headers and body of a reply are limited. What libcurl and jansson allocate is wiped when they
 * free it.
 *
 * To be called by one thread only.
 */
#pragma once

#include "client/methods/method.h"

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

/* bytes; the longest real reply, a JWT, has about 1000 */
#define HTTPS_BODY_MAX ((size_t)1024 * 1024)
#define HTTPS_HEADER_MAX ((size_t)64 * 1024) /* bytes, all fields together */

/*
 * A session: one connection that lives as long as the manager keeps it, and another one after that.
 */
struct https;

/* Terminated strings, not owned. */
struct https_request {
	const char *method;        /* "GET" */
	const char *path;          /* "/agents?status=all": sent as it is */
	const char *authorization; /* of the header field: "Bearer ..."; null: none */
	/* more header fields, "Name: value"; ends with null; null: none */
	const char *const *fields;
	const char *body; /* application/json; null: none */
	/*
	 * From here on the manager may have registered us: STEP_SENDING is told before the first
	 * byte goes out, and STEP_WAITING when all are out.
	 */
	bool registers;
};

/* Start with zeros; wipe and free with https_reply_done(). */
struct https_reply {
	int status;
	/* owned; terminated (it may hold NUL bytes before that); never null after success */
	char *body;
	size_t length;
	char *fields; /* owned: the header's lines, each terminated by a newline */
};

/*
 * Start a session with the attempt's manager; nothing is connected yet. The attempt and the report
 * must outlive it. Returns 0, or a negative errno with the report's `why` set. Free with
 * https_free().
 */
int https_new(struct https **ret, const struct attempt *attempt, struct attempt_report *report);

/*
 * Send a request and read the reply, whatever its status is. Returns OUTCOME_OK with `ret` set, or
 * an outcome or a negative errno, with the report's `why` set: what method_connect() returns,
 * OUTCOME_BUSY when the manager gives no complete answer, OUTCOME_PROTOCOL_ERROR when it is not
 * HTTP or too long, OUTCOME_REFUSED when it is about our certificate.
 */
int https_send(struct https *https, const struct https_request *request, struct https_reply *ret);

/*
 * A field of the reply's header by its name, without blanks around; null: not there. Valid until
 * the next call.
 */
const char *https_reply_field(const struct https_reply *reply, const char *name, char *buffer,
			      size_t size);

/* The manager's clock (RFC 9110, 6.6.1: Date); -1: it does not say. */
time_t https_reply_date(const struct https_reply *reply);

/*
 * How long the manager wants to be left alone (RFC 9110, 10.2.3: Retry-After), in microseconds; 0:
 * it does not say.
 */
uint64_t https_reply_retry_after(const struct https_reply *reply);

void https_reply_done(struct https_reply *reply);
void https_free(struct https *https);

DEFINE_RELEASE(https, struct https *, https_free)
