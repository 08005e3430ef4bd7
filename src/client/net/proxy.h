/* SPDX-License-Identifier: ISC */
/*
 * An HTTP proxy, and requesting a tunnel from it: the method CONNECT (RFC 9110, 9.3.6) in the
 * message form of RFC 9112, with Basic authentication (RFC 7617). Pure: for the sockets, see net.h.
 */
#pragma once

#include "common/endpoint.h"
#include "common/must-check.h"
#include "common/secret.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define PROXY_DEFAULT_PORT 3128 /* Squid's; plain HTTP's 80 would be a web server */
#define PROXY_USER_MAX 255      /* bytes */
#define PROXY_HEADER_MAX 16384  /* bytes of an answer's header, interim answers included */
#define PROXY_REQUEST_MAX \
	8192 /* bytes of a request, sufficient for the longest user and password */

struct proxy {
	struct endpoint endpoint;
	char user[PROXY_USER_MAX + 1]; /* decoded; empty: no authentication */
	struct secret password;        /* owned; without text: an empty password */
};

/*
 * Parse "[http://][USER@]HOST[:PORT][/]", where USER may contain %XX and HOST is as in endpoint.h.
 * The password is read from a file and left empty here. Returns 0; -EPERM when the text contains a
 * password; -EINVAL. `ret` is written only on success.
 */
int proxy_parse(struct proxy *ret, const char *text) must_check;

/* Wipe and free the password. Suitable for cleanup(). */
void proxy_wipe(struct proxy *proxy);

/*
 * Write the request for a tunnel to `target`. Returns its length, or -EINVAL when the target has an
 * IPv6 scope, which is valid on this machine only. The buffer contains the password: wipe it.
 */
ssize_t proxy_request_format(char buffer[static PROXY_REQUEST_MAX], const struct proxy *proxy,
			     const struct endpoint *target) must_check;

/* ------------------------------------------------------------------ the answer */

enum proxy_answer_state {
	PROXY_ANSWER_MORE,    /* not complete: more bytes are needed */
	PROXY_ANSWER_DONE,    /* the header is complete: look at `status` */
	PROXY_ANSWER_INVALID, /* not HTTP/1.x, or a header longer than PROXY_HEADER_MAX */
};

/* Start with zeros; the header's lines accumulate one at a time. */
struct proxy_answer {
	enum proxy_answer_state state;
	int status; /* of the final answer: 200 to 999, or 101 */
	/*
	 * the phrase after the status, raw bytes: escape them; large enough to detect our
	 * credentials in it
	 */
	char phrase[PROXY_REQUEST_MAX];
	bool offers_basic;     /* a Proxy-Authenticate header lists Basic ... */
	bool offers_other;     /* ... or another scheme */
	bool has_bare_newline; /* invalid: a line that ends in LF without CR */
	size_t total;          /* bytes taken so far, of interim answers too */
	char line[PROXY_HEADER_MAX];
	size_t length; /* of the current line, or of the one that is not HTTP */
};

/*
 * Parse bytes of the response up to the end of its header. Returns the number of bytes used: what
 * follows belongs to the tunnel. Interim responses (1xx except 101) are skipped. Once the state is
 * final, no more bytes are used.
 */
size_t proxy_answer_feed(struct proxy_answer *answer, const void *data, size_t length);

/* Does the response grant the tunnel (2xx)? */
bool proxy_answer_is_tunnel(const struct proxy_answer *answer) must_check;
