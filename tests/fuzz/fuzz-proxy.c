/* SPDX-License-Identifier: ISC */
/*
 * A proxy's answer means the same however its bytes are split over the reads, and never takes a
 * byte that is the tunnel's. The first byte says into pieces of what size it is split; 0:
 * what follows is the address of a proxy, and the target of a tunnel in the next line.
 */
#include "fuzz.h"

#include "client/net/proxy.h"

#include <errno.h>
#include <stdio.h>

static struct proxy_answer whole, split;

/* An address in the configuration, and the request that is made of it: three lines. */
static void check_request(const char *text, size_t size)
{
	static char request[PROXY_REQUEST_MAX];
	char copy[1024];
	struct proxy proxy = { .user = "" };
	struct endpoint target = { .port = 1515 };
	size_t length = size < sizeof copy - 1 ? size : sizeof copy - 1;
	ssize_t made;
	char *end;

	memcpy(copy, text, length);
	copy[length] = '\0';
	end = strchrnul(copy, '\n');
	if (*end)
		(void)snprintf(target.host, sizeof target.host, "%s", end + 1);
	*end = '\0';
	if (proxy_parse(&proxy, copy) < 0)
		return;
	if (strlen(target.host) == 0 || endpoint_parse(&target, target.host, 1515) < 0)
		(void)snprintf(target.host, sizeof target.host, "m.example.org");
	made = proxy_request_format(request, &proxy, &target);
	HOLDS(made > 0 ? made < PROXY_REQUEST_MAX : made == -EINVAL && strchr(target.host, '%'));
	HOLDS(made < 0 ||
	      (strlen(request) == (size_t)made && strcmp(request + made - 4, "\r\n\r\n") == 0));
	HOLDS(made < 0 || strstr(request, "\r\n\r\n") == request + made - 4);
	proxy_wipe(&proxy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t piece, taken, fed = 0;

	if (size < 1)
		return 0;
	if (data[0] == 0) {
		check_request((const char *)data + 1, size - 1);
		return 0;
	}
	piece = data[0];
	data++, size--;
	memset(&whole, 0, sizeof whole);
	memset(&split, 0, sizeof split);
	taken = proxy_answer_feed(&whole, data, size);
	HOLDS(taken <= size && (taken == size || whole.state != PROXY_ANSWER_MORE));
	while (fed < size && split.state == PROXY_ANSWER_MORE)
		fed += proxy_answer_feed(&split, data + fed,
					 piece < size - fed ? piece : size - fed);

	HOLDS(whole.state == split.state);
	HOLDS(whole.state != PROXY_ANSWER_DONE || taken == fed);
	HOLDS(whole.state != PROXY_ANSWER_DONE || data[taken - 1] == '\n');
	HOLDS(whole.status == split.status && strcmp(whole.phrase, split.phrase) == 0);
	HOLDS(whole.offers_basic == split.offers_basic && whole.offers_other == split.offers_other);
	HOLDS(whole.total <= PROXY_HEADER_MAX + 1 && whole.length <= sizeof whole.line);
	HOLDS(whole.state != PROXY_ANSWER_DONE || whole.status >= 200 || whole.status == 101);
	HOLDS(!proxy_answer_is_tunnel(&whole) || whole.status / 100 == 2);
	return 0;
}
