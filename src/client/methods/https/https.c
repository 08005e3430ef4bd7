/* SPDX-License-Identifier: ISC */
#include "client/methods/https/https.h"

#include "client/methods/https/https-pipe.h"
#include "client/methods/https/wiping-memory.h"
#include "common/cleanup.h"
#include "common/escape.h"
#include "common/http-head.h"

#include <ctype.h>
#include <curl/curl.h>
#include <errno.h>
#include <string.h>

#define DELAY_MAX 999999999 /* seconds */

DEFINE_RELEASE(fields, struct curl_slist *, curl_slist_free_all)

struct https {
	const struct attempt *attempt;
	struct attempt_report *report;
	char manager[ENDPOINT_TEXT_SIZE];
	CURLM *multi;
	CURL *easy;
	struct https_pipe pipe;
	struct https_reply reply; /* of the exchange under way */
	struct http_head head;
	size_t fields_length;
	bool has_header; /* all of it has come */
	bool is_too_long;
};

/* ------------------------------------------------------------------ taking the reply */

/* In powers of two: otherwise all that has come would be copied again with each line. */
static size_t room_for(size_t size)
{
	size_t room = 256;

	while (room < size)
		room *= 2;
	return room;
}

static bool append(char **text, size_t *length, const char *data, size_t size, size_t most)
{
	char *longer;

	if (size > most || *length > most - size)
		return false;
	longer = wiping_realloc(*text, room_for(*length + size + 1));
	if (!longer)
		return false;
	memcpy(longer + *length, data, size);
	*length += size;
	longer[*length] = '\0';
	*text = longer;
	return true;
}

static size_t take_body(char *data, size_t unit, size_t count, void *user)
{
	struct https *https = user;

	if (append(&https->reply.body, &https->reply.length, data, unit * count, HTTPS_BODY_MAX))
		return unit * count;
	https->is_too_long = true;
	return 0;
}

/*
 * libcurl passes one line at a time. A status line starts a new header: the one before was an
 * interim response.
 */
static size_t take_field(char *data, size_t unit, size_t count, void *user)
{
	struct https *https = user;
	size_t length = unit * count;

	if (length > 5 && memcmp(data, "HTTP/", 5) == 0)
		https->head = (struct http_head){ .state = HTTP_HEAD_MORE };
	/* What comes behind the head are trailers, which nothing depends on. */
	if (https->head.state == HTTP_HEAD_MORE &&
	    http_head_feed(&https->head, data, length) < length)
		return 0;
	while (length > 0 && (data[length - 1] == '\n' || data[length - 1] == '\r'))
		length--;
	https->has_header |= length == 0;
	if (length > 5 && memcmp(data, "HTTP/", 5) == 0) {
		https->has_header = false;
		https->fields_length = 0;
		https->pipe.ends_after_reply = memcmp(data, "HTTP/1.1", 8) != 0;
	}
	if (append(&https->reply.fields, &https->fields_length, data, length, HTTPS_HEADER_MAX) &&
	    append(&https->reply.fields, &https->fields_length, "\n", 1, HTTPS_HEADER_MAX))
		return unit * count;
	https->is_too_long = true;
	return 0;
}

const char *https_reply_field(const struct https_reply *reply, const char *name, char *buffer,
			      size_t size)
{
	size_t length = strlen(name);
	const char *end;

	for (const char *line = reply->fields; line && (end = strchr(line, '\n')); line = end + 1) {
		const char *value = line + length + 1;

		if (strncasecmp(line, name, length) != 0 || line[length] != ':')
			continue;
		while (value < end && (*value == ' ' || *value == '\t'))
			value++;
		while (value < end && (end[-1] == ' ' || end[-1] == '\t'))
			end--;
		(void)snprintf(buffer, size, "%.*s", (int)(end - value), value);
		return buffer;
	}
	return NULL;
}

time_t https_reply_date(const struct https_reply *reply)
{
	char text[64];

	return https_reply_field(reply, "Date", text, sizeof text) ? curl_getdate(text, NULL) : -1;
}

/* In seconds. What is longer than anybody waits is no delay; the parent of this process says so. */
static uint64_t usec_of_delay(long long delay)
{
	return delay > 0 && delay <= DELAY_MAX ? (uint64_t)delay * USEC_PER_SEC : 0;
}

uint64_t https_reply_retry_after(const struct https_reply *reply)
{
	char text[64];
	time_t then, now;

	if (!https_reply_field(reply, "Retry-After", text, sizeof text))
		return 0;
	if (text[0] && strspn(text, "0123456789") == strlen(text))
		return strlen(text) < 10 ? usec_of_delay(strtoll(text, NULL, 10)) : 0;
	/* A date is relative to the manager's clock; ours may not be set. */
	then = curl_getdate(text, NULL);
	now = https_reply_date(reply);
	now = now < 0 ? time(NULL) : now;
	return usec_of_delay((long long)then - now);
}

void https_reply_wipe(struct https_reply *reply)
{
	wiping_free(reply->body);
	wiping_free(reply->fields);
	*reply = (struct https_reply){ 0 };
}

/* ------------------------------------------------------------------ the request */

static bool add_field(struct curl_slist **fields, const char *text)
{
	struct curl_slist *longer = curl_slist_append(*fields, text);

	if (!longer)
		return false;
	*fields = longer;
	return true;
}

static bool add_field_of(struct curl_slist **fields, const char *name, const char *value)
{
	char *text;
	bool done;

	if (asprintf(&text, "%s: %s", name, value) < 0)
		return false;
	done = add_field(fields, text);
	explicit_bzero(text, strlen(text));
	free(text);
	return done;
}

/* Without the scope of an IPv6 address, which is valid on this machine only (RFC 6874, 4). */
static bool add_host(struct curl_slist **fields, const struct endpoint *manager)
{
	struct endpoint host = *manager;
	char text[ENDPOINT_TEXT_SIZE];

	host.host[strcspn(host.host, "%")] = '\0';
	return add_field_of(fields, "Host", endpoint_text(&host, text));
}

static bool compose_fields(const struct https *https, const struct https_request *request,
			   struct curl_slist **ret)
{
	bool done = add_host(ret, https->attempt->manager) &&
		    add_field(ret, "Accept: application/json") && add_field(ret, "Expect:");

	if (done && request->body)
		done = add_field(ret, "Content-Type: application/json");
	if (done && request->authorization)
		done = add_field_of(ret, "Authorization", request->authorization);
	for (const char *const *field = request->fields; done && field && *field; field++)
		done = add_field(ret, *field);
	return done;
}

/*
 * The address in the URL is not used: https-pipe.c makes the connection. It is a literal, so that
 * nothing is resolved.
 */
static bool set_up(struct https *https, const struct https_request *request,
		   struct curl_slist *fields)
{
	CURL *easy = https->easy;
	cleanup_free char *url = NULL;

	if (asprintf(&url, "http://0.0.0.0%s", request->path) < 0) {
		url = NULL;
		return false;
	}
	curl_easy_reset(easy);
	return curl_easy_setopt(easy, CURLOPT_URL, url) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http") == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) ==
		       CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_USERAGENT, "agent-register/" PACKAGE_VERSION) ==
		       CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_HTTPHEADER, fields) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_HTTPGET, request->body ? 0L : 1L) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_POST, request->body ? 1L : 0L) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_WRITEDATA, https) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_field) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_HEADERDATA, https) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, https_pipe_open_socket) ==
		       CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, &https->pipe) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, https_pipe_take_over) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_PREREQDATA, &https->pipe) == CURLE_OK;
}

/* ------------------------------------------------------------------ the exchange */

/* The manager ended the connection before or during its response. */
static int broken_off(const struct https *https)
{
	struct reason *why = &https->report->why;
	const struct tls_client *client = https->pipe.client;

	if (https->pipe.received > 0) {
		reason_set(why, "%s closed the connection in the middle of its response",
			   https->manager);
		return OUTCOME_BUSY;
	}
	if (tls_client_lacks_certificate(client)) {
		reason_set(why,
			   "%s closed the connection without a response; it requires a client "
			   "certificate: set certificate_file and private_key_file in [tls]",
			   https->manager);
		return OUTCOME_REFUSED;
	}
	reason_set(why, "%s %s the connection instead of responding to the request", https->manager,
		   tls_client_was_reset(client) ? "reset" : "closed");
	return OUTCOME_BUSY;
}

static bool is_cut_short(const struct https *https, CURLcode result)
{
	switch (result) {
	case CURLE_OK: /* libcurl accepts a truncated header */
	case CURLE_GOT_NOTHING:
	case CURLE_PARTIAL_FILE:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
		return https->pipe.ended;
	default:
		return false;
	}
}

/*
 * Why libcurl could not use its socket, which leads to us and not to the manager: an errno of
 * either sign, or 0: it could. What it does not understand is an error of receiving to it, too.
 */
static int local_error(const struct https *https, CURLcode result)
{
	long error = 0;

	if (https->pipe.error < 0)
		return https->pipe.error;
	if (result == CURLE_COULDNT_CONNECT || result == CURLE_SEND_ERROR ||
	    result == CURLE_RECV_ERROR)
		(void)curl_easy_getinfo(https->easy, CURLINFO_OS_ERRNO, &error);
	/* Of what it calls then only poll(2) leaves no errno, which fails for want of memory. */
	if (result == CURLE_COULDNT_CONNECT && error == 0)
		error = ENOMEM;
	return error > 0 ? (int)error : 0;
}

#define TOO_LARGE 100 /* CURLE_TOO_LARGE, which libcurl has from 8.6 on */

/* The outcome of libcurl's result. Older ones report a header line too long as lack of memory. */
static int judge(const struct https *https, CURLcode result)
{
	struct reason *why = &https->report->why;
	int error = local_error(https, result);

	if (https->is_too_long || (int)result == TOO_LARGE ||
	    (result == CURLE_OUT_OF_MEMORY && !https->has_header &&
	     https->pipe.received > HTTPS_HEADER_MAX)) {
		reason_set(why, "The response of %s is too large; check the port", https->manager);
		return OUTCOME_PROTOCOL_ERROR;
	}
	if (https->head.state == HTTP_HEAD_REFUSED) {
		reason_set(why,
			   "%s sent an HTTP header with %s, which others may understand "
			   "differently; check what is in front of the manager",
			   https->manager, https->head.fault);
		return OUTCOME_PROTOCOL_ERROR;
	}
	if (result == CURLE_OK && https->has_header)
		return OUTCOME_OK;
	if (result == CURLE_OUT_OF_MEMORY)
		return reason_errno(why, ENOMEM, "Cannot communicate with %s", https->manager);
	if (is_cut_short(https, result))
		return broken_off(https);
	if (error != 0)
		return reason_errno(why, error, "libcurl cannot talk to %s", https->manager);
	reason_set(why, "%s did not respond with HTTP (%s); check the port", https->manager,
		   curl_easy_strerror(result));
	return OUTCOME_PROTOCOL_ERROR;
}

static int timed_out(const struct https *https)
{
	reason_set(&https->report->why,
		   https->pipe.received ? "%s stopped in the middle of its response"
					: "%s did not respond to the request in time",
		   https->manager);
	return OUTCOME_BUSY;
}

/* Run libcurl and the pipe alternately until the transfer is done. */
static int exchange(struct https *https, CURLcode *ret)
{
	struct reason *why = &https->report->why;
	int running = 1, left;
	CURLMsg *message;

	for (;;) {
		long wait = -1;
		int r;

		if (curl_multi_perform(https->multi, &running) != CURLM_OK)
			return reason_errno(why, EIO,
					    "libcurl failed to process the response of %s",
					    https->manager);
		if (!running)
			break;
		(void)curl_multi_timeout(https->multi, &wait);
		r = https_pipe_carry(&https->pipe, wait, why);
		if (r == -ETIMEDOUT)
			return timed_out(https);
		if (r != OUTCOME_OK)
			return r;
	}
	message = curl_multi_info_read(https->multi, &left);
	*ret = message ? message->data.result : CURLE_OUT_OF_MEMORY;
	return OUTCOME_OK;
}

/* A connection is kept only if the end of the reply is unambiguous. */
static void end_exchange(struct https *https, int outcome)
{
	char connection[64];

	(void)curl_multi_remove_handle(https->multi, https->easy);
	if (https_reply_field(&https->reply, "Connection", connection, sizeof connection) &&
	    strcasestr(connection, "close"))
		https->pipe.ends_after_reply = true;
	https_pipe_close_local(&https->pipe);
	if (outcome != OUTCOME_OK || https->pipe.ends_after_reply)
		https_pipe_close(&https->pipe);
}

static int transfer(struct https *https, const struct https_request *request)
{
	cleanup(release_fields) struct curl_slist *fields = NULL;
	struct reason *why = &https->report->why;
	CURLcode result = CURLE_OK;
	long status = 0;
	int r;

	if (!compose_fields(https, request, &fields) || !set_up(https, request, fields) ||
	    curl_multi_add_handle(https->multi, https->easy) != CURLM_OK)
		return reason_errno(why, ENOMEM, "Cannot compose the request to %s",
				    https->manager);
	r = exchange(https, &result);
	if (r == OUTCOME_OK)
		r = judge(https, result);
	(void)curl_easy_getinfo(https->easy, CURLINFO_RESPONSE_CODE, &status);
	https->reply.status = (int)status;
	end_exchange(https, r);
	curl_easy_reset(https->easy); /* it would keep pointers to freed memory */
	return r;
}

int https_connect(struct https *https)
{
	return https->attempt->connected ? https_pipe_connect(&https->pipe, false) : OUTCOME_OK;
}

int https_send(struct https *https, const struct https_request *request, struct https_reply *ret)
{
	int r = https_pipe_connect(&https->pipe, request->changes);

	if (r != OUTCOME_OK)
		return r;
	https->head = (struct http_head){ .state = HTTP_HEAD_MORE };
	https->has_header = https->is_too_long = false;
	https->fields_length = 0;
	r = transfer(https, request);
	if (r == OUTCOME_OK &&
	    !append(&https->reply.body, &https->reply.length, "", 0, HTTPS_BODY_MAX))
		r = reason_errno(&https->report->why, ENOMEM, "Cannot read the response of %s",
				 https->manager);
	if (r == OUTCOME_OK)
		*ret = https->reply;
	else
		https_reply_wipe(&https->reply);
	https->reply = (struct https_reply){ 0 };
	return r;
}

/* ------------------------------------------------------------------ the session */

int https_new(struct https **ret, const struct attempt *attempt, struct attempt_report *report)
{
	cleanup(release_https) struct https *https = calloc(1, sizeof *https);

	if (!https)
		return reason_errno(&report->why, ENOMEM, "Cannot initialize HTTPS");
	https->attempt = attempt;
	https->report = report;
	https_pipe_init(&https->pipe, attempt, report);
	endpoint_text(attempt->manager, https->manager);
	https->multi = curl_multi_init();
	https->easy = curl_easy_init();
	if (!https->multi || !https->easy)
		return reason_errno(&report->why, ENOMEM, "Cannot initialize HTTPS");
	*ret = take_pointer(https);
	return 0;
}

void https_free(struct https *https)
{
	if (https->easy)
		curl_easy_cleanup(https->easy);
	if (https->multi)
		(void)curl_multi_cleanup(https->multi);
	https_pipe_close_local(&https->pipe);
	https_pipe_close(&https->pipe);
	https_reply_wipe(&https->reply);
	free(https);
}
