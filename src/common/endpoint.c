/* SPDX-License-Identifier: ISC */
#include "common/endpoint.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int parse_port(const char *text, uint16_t *ret)
{
	size_t digits = strspn(text, "0123456789");
	long port = digits <= 5 ? strtol(text, NULL, 10) : 0;

	if (digits == 0 || text[digits] != '\0' || port < 1 || port > 65535)
		return -EINVAL;
	*ret = (uint16_t)port;
	return 0;
}

/* The name of an interface, or its number: what the kernel and a line of text can have. */
static int is_scope(const char *text)
{
	size_t length = 0;

	while (text[length] > ' ' && text[length] < 0x7f && !strchr("/:", text[length]))
		length++;
	return length > 0 && text[length] == '\0';
}

/* The zone is left out. */
static bool parse_ipv6(const char *host, struct in6_addr *ret)
{
	char address[INET6_ADDRSTRLEN];
	size_t n = strcspn(host, "%");

	if (n >= sizeof address)
		return false;
	memcpy(address, host, n);
	address[n] = '\0';
	return inet_pton(AF_INET6, address, ret) == 1 &&
	       (host[n] == '\0' || is_scope(host + n + 1));
}

static int is_ipv6(const char *host)
{
	struct in6_addr scratch;

	return parse_ipv6(host, &scratch);
}

int endpoint_is_literal(const struct endpoint *endpoint)
{
	struct in_addr scratch;

	return inet_pton(AF_INET, endpoint->host, &scratch) == 1 || is_ipv6(endpoint->host);
}

bool endpoint_is_host(const struct endpoint *endpoint, const char *host)
{
	const char *own = endpoint->host;
	size_t length = strlen(own), other = strlen(host);
	struct in6_addr one, two;

	if (parse_ipv6(own, &one) && parse_ipv6(host, &two))
		return memcmp(&one, &two, sizeof one) == 0;
	length -= length > 1 && own[length - 1] == '.';
	other -= other > 1 && host[other - 1] == '.';
	return length == other && strncasecmp(own, host, length) == 0;
}

/* Does it consist of letters, digits, dots, hyphens and underscores? */
static int is_host_name(const char *host)
{
	return host[0] != '\0' && host[0] != '.' && host[0] != '-' &&
	       host[strspn(host,
			   "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_")] ==
		       '\0';
}

int endpoint_parse(struct endpoint *ret, const char *text, uint16_t default_port)
{
	struct endpoint endpoint = { .port = default_port };
	int bracketed = text[0] == '[';
	const char *begin = text + bracketed, *end, *port = NULL;

	if (bracketed) {
		end = strchr(text, ']');
		if (!end || (end[1] != '\0' && end[1] != ':'))
			return -EINVAL;
		port = end[1] == ':' ? end + 2 : NULL;
	} else {
		const char *colon = strchr(text, ':');
		int several = colon && strchr(colon + 1, ':'); /* a bare IPv6 literal */

		end = colon && !several ? colon : text + strlen(text);
		port = colon && !several ? colon + 1 : NULL;
	}
	if ((size_t)(end - begin) >= sizeof endpoint.host)
		return -EINVAL;
	memcpy(endpoint.host, begin, (size_t)(end - begin));

	if (bracketed || strchr(endpoint.host, ':') ? !is_ipv6(endpoint.host)
						    : !is_host_name(endpoint.host))
		return -EINVAL;
	if (port && parse_port(port, &endpoint.port) < 0)
		return -EINVAL;
	*ret = endpoint;
	return 0;
}

int endpoint_prefix_parse(char ret[static ENDPOINT_PREFIX_SIZE], const char *text)
{
	static const char allowed[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-~";
	size_t length = strlen(text);

	if (length > 0 && text[length - 1] == '/')
		length--;
	if (length >= ENDPOINT_PREFIX_SIZE || (length == 0 && *text))
		return -EINVAL;
	for (size_t at = 0; at < length;) {
		size_t segment = strspn(text + at, allowed);

		if (segment == 0 || strspn(text + at, ".") == segment ||
		    (text[at + segment] != '/' && at + segment < length))
			return -EINVAL;
		at += segment + 1;
		if (at == length)
			return -EINVAL; /* two slashes at the end */
	}
	memcpy(ret, text, length);
	ret[length] = '\0';
	return 0;
}

const char *endpoint_text(const struct endpoint *endpoint, char buffer[static ENDPOINT_TEXT_SIZE])
{
	(void)snprintf(buffer, ENDPOINT_TEXT_SIZE,
		       strchr(endpoint->host, ':') ? "[%s]:%u" : "%s:%u", endpoint->host,
		       (unsigned)endpoint->port);
	return buffer;
}
