/* SPDX-License-Identifier: ISC */
/* A manager's address: host, host:port, IPv4, IPv6, [IPv6]:port. Pure. */
#pragma once

#include "common/must-check.h"

#include <stdbool.h>
#include <stdint.h>

struct endpoint {
	/* name or IP literal, without brackets; an IPv6 literal may have a %scope */
	char host[256];
	uint16_t port;
};

/*
 * Parse `text`; without a port, `default_port` is used. Returns 0, or -EINVAL with `ret` unchanged.
 */
int endpoint_parse(struct endpoint *ret, const char *text, uint16_t default_port) must_check;

/* Is the host an IPv4 or IPv6 literal? */
int endpoint_is_literal(const struct endpoint *endpoint) must_check;

/*
 * Is `host` another text for the host of `endpoint`? Case, the dot at the end of a name, the zone
 * of an IPv6 address and how that is abbreviated make no difference.
 */
bool endpoint_is_host(const struct endpoint *endpoint, const char *host) must_check;

#define ENDPOINT_PREFIX_SIZE 128

/*
 * Parse the prefix of a manager's paths: segments of letters, digits and . _ - ~ between single
 * slashes, with an optional slash at the end, which is not part of `ret`; it may be empty. Returns
 * 0, or -EINVAL with `ret` unchanged.
 */
int endpoint_prefix_parse(char ret[static ENDPOINT_PREFIX_SIZE], const char *text) must_check;

#define ENDPOINT_TEXT_SIZE 272

/* "host:port" or "[ipv6]:port". */
const char *endpoint_text(const struct endpoint *endpoint, char buffer[static ENDPOINT_TEXT_SIZE]);
