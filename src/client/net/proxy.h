/* SPDX-License-Identifier: ISC */
/*
 * An HTTP proxy, and how to ask it for a tunnel: the method CONNECT (RFC 9110, 9.3.6) in the
 * message form of RFC 9112, with Basic authentication (RFC 7617). Pure: the sockets are behind
 * net.h.
 */
#pragma once

#include "client/net/endpoint.h"
#include "common/secret.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define PROXY_DEFAULT_PORT 3128 /* Squid's; plain HTTP's 80 would be a web server */
#define PROXY_USER_MAX 255      /* bytes */
#define PROXY_HEADER_MAX 16384  /* bytes of an answer's header, interim answers included */
#define PROXY_REQUEST_MAX 8192  /* bytes of a request: the longest user and password fit */

struct proxy {
	struct endpoint endpoint;
	char user[PROXY_USER_MAX + 1]; /* decoded; empty: no authentication */
	struct secret password;        /* owned; without text: an empty one */
};

/*
 * Parse "[http://][USER@]HOST[:PORT][/]", where USER may hold %XX and HOST is as in endpoint.h. The
 * password is left without text: it comes from a file. Returns 0; -EPERM when the text holds a
 * password; -EINVAL. Written only on success.
 */
int proxy_parse(struct proxy *ret, const char *text);

/* Wipe and free what it owns. Fit for cleanup(). */
void proxy_wipe(struct proxy *proxy);

/*
 * Write the request for a tunnel to `target`. Returns its length, or -EINVAL when the target has an
 * IPv6 scope, which means something on this machine only. The buffer holds the password: wipe it.
 */
ssize_t proxy_request_format(char buffer[static PROXY_REQUEST_MAX], const struct proxy *proxy,
			     const struct endpoint *target);

/* ------------------------------------------------------------------ the answer */

enum proxy_answer_state {
	PROXY_ANSWER_MORE,    /* nothing decided yet: feed more */
	PROXY_ANSWER_DONE,    /* the header is complete: look at `status` */
	PROXY_ANSWER_GARBLED, /* not HTTP/1.x, or a header longer than PROXY_HEADER_MAX */
};

/* Start with zeros; the header's lines accumulate one at a time. */
struct proxy_answer {
	enum proxy_answer_state state;
	int status; /* of the final answer: 200 to 999, or 101 */
	/*
	 * the words behind the status, raw bytes: escape them; room for our credentials in them, to
	 * be noticed in whole
	 */
	char phrase[PROXY_REQUEST_MAX];
	bool offers_basic; /* a Proxy-Authenticate names Basic ... */
	bool offers_other; /* ... or another scheme */
	size_t total;      /* bytes taken so far, of interim answers too */
	char line[PROXY_HEADER_MAX];
	size_t length; /* of the line under way, or of the one that is no HTTP */
};

/*
 * Take bytes of the answer up to the end of its header. Returns how many were taken: what follows
 * belongs to the tunnel and is not looked at. Interim answers (1xx but 101) are passed over. After
 * a decision nothing more is taken.
 */
size_t proxy_answer_feed(struct proxy_answer *answer, const void *data, size_t length);

/* Does the answer say that the tunnel is there (2xx)? */
bool proxy_answer_is_tunnel(const struct proxy_answer *answer);
