/* SPDX-License-Identifier: ISC */
#include "client/net/own-names.h"

#include "common/cleanup.h"
#include "common/escape.h"
#include "common/shortage.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

/* ------------------------------------------------------------------ the FQDN */

static bool is_label(const char *label, size_t length)
{
	static const char characters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

	return length > 0 && strspn(label, characters) == length && label[0] != '-';
}

/* Its first label is that of every machine. */
static bool is_localhost(const char *text, size_t label)
{
	static const char *const names[] = { "localhost", "localhost4", "localhost6",
					     "ip6-localhost" };

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strlen(names[i]) == label && strncasecmp(names[i], text, label) == 0)
			return true;
	return false;
}

bool own_fqdn_is_valid(const char *text)
{
	size_t labels = 0;

	if (strlen(text) >= FQDN_SIZE || is_localhost(text, strcspn(text, ".")))
		return false;
	for (const char *label = text;; label++, labels++) {
		size_t length = strcspn(label, ".");

		if (!is_label(label, length))
			return false;
		label += length;
		if (*label == '\0')
			return labels > 0;
	}
}

static int has_no_domain(const char *host, const char *found, struct reason *why)
{
	char shown[4 * HOST_NAME_MAX + 1], shown_found[512];

	reason_set(why,
		   "The FQDN of this machine is not known (its host name is '%s', and the name "
		   "services know it as '%s'): set a host name with its domain (hostnamectl), or "
		   "enter it in DNS or /etc/hosts, or do not use %%f for name in [agent]",
		   escape_string(shown, sizeof shown, host),
		   escape_string(shown_found, sizeof shown_found, found));
	return OUTCOME_NOT_READY;
}

int own_fqdn_find(char ret[static FQDN_SIZE], const struct deadline *deadline, struct reason *why)
{
	char host[HOST_NAME_MAX + 1], found[FQDN_SIZE] = "";
	struct reason cause = { 0 };
	size_t length;
	int r;

	if (gethostname(host, sizeof host) < 0)
		return reason_errno(why, errno, "Cannot read the host name");
	host[sizeof host - 1] = '\0';
	if (strchr(host, '.'))
		(void)snprintf(found, sizeof found, "%s", host);
	else {
		r = net_canonical_name(host, deadline, found, &cause);
		if (r != OUTCOME_OK && r != -ECANCELED)
			reason_set(why, "The FQDN of this machine is not known: %s", cause.text);
		if (r != OUTCOME_OK)
			return r;
	}
	length = strlen(found);
	if (length > 0 && found[length - 1] == '.')
		found[length - 1] = '\0';
	if (!own_fqdn_is_valid(found))
		return has_no_domain(host, found, why);
	memcpy(ret, found, sizeof found);
	return OUTCOME_OK;
}

/* ------------------------------------------------------------------ the address */

static bool is_loopback(const struct sockaddr_storage *address)
{
	const struct sockaddr_in *ipv4 = (const struct sockaddr_in *)(const void *)address;
	const struct sockaddr_in6 *ipv6 = (const struct sockaddr_in6 *)(const void *)address;
	const unsigned char *bytes = ipv6->sin6_addr.s6_addr;

	if (address->ss_family == AF_INET)
		return ntohl(ipv4->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	return address->ss_family == AF_INET6 &&
	       (IN6_IS_ADDR_LOOPBACK(&ipv6->sin6_addr) ||
		(IN6_IS_ADDR_V4MAPPED(&ipv6->sin6_addr) && bytes[12] == IN_LOOPBACKNET));
}

/* Our end of the way to an address, over which nothing is sent. Returns 0 or a negative errno. */
static int find_source(struct sockaddr_storage *ret, const struct addrinfo *to)
{
	cleanup_fd int fd = socket(to->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t length = sizeof *ret;

	if (fd < 0 || connect(fd, to->ai_addr, to->ai_addrlen) < 0 ||
	    getsockname(fd, (struct sockaddr *)ret, &length) < 0)
		return -errno;
	return 0;
}

/*
 * The first of our ends of the ways to the manager's addresses that is not a loopback address.
 * Returns 1; 0 when the manager is at loopback addresses only; or the errno of the last one.
 */
static int find_route(struct sockaddr_storage *ret, const struct addrinfo *addresses)
{
	int error = 0;

	for (const struct addrinfo *to = addresses; to; to = to->ai_next) {
		struct sockaddr_storage own = { 0 };
		int r = find_source(&own, to);

		if (r == 0 && !is_loopback(&own)) {
			*ret = own;
			return 1;
		}
		error = r < 0 ? r : error;
	}
	return error;
}

/* Instead of a loopback address, with which the proxy was reached. */
static int leave_loopback(struct sockaddr_storage *own, const struct endpoint *manager,
			  const struct deadline *deadline, struct reason *why)
{
	struct addrinfo *addresses = NULL;
	struct reason cause = { 0 };
	int r = net_resolve(manager, deadline, &addresses, &cause), route;

	if (r == OUTCOME_OK) {
		route = find_route(own, addresses);
		freeaddrinfo(addresses);
		if (route >= 0)
			return OUTCOME_OK;
		(void)reason_errno(&cause, route, "No way to %s", manager->host);
		r = is_shortage(route) ? route : OUTCOME_UNREACHABLE;
	}
	if (r != -ECANCELED)
		reason_set(why,
			   "The address for %%a is not known (the connection is from a loopback "
			   "address, which every machine has, to a proxy): %s; use another "
			   "specifier for name in [agent]",
			   cause.text);
	return r;
}

int own_address_find(char ret[static INET6_ADDRSTRLEN], int fd, const struct endpoint *manager,
		     const struct deadline *deadline, struct reason *why)
{
	struct sockaddr_storage own = { 0 };
	const struct sockaddr_in *ipv4 = (const struct sockaddr_in *)(const void *)&own;
	const struct sockaddr_in6 *ipv6 = (const struct sockaddr_in6 *)(const void *)&own;
	socklen_t length = sizeof own;
	const void *address;
	int r;

	if (getsockname(fd, (struct sockaddr *)&own, &length) < 0)
		return reason_errno(why, errno, "Cannot find this machine's address");
	r = is_loopback(&own) ? leave_loopback(&own, manager, deadline, why) : OUTCOME_OK;
	if (r != OUTCOME_OK)
		return r;
	address = own.ss_family == AF_INET ? (const void *)&ipv4->sin_addr
					   : (const void *)&ipv6->sin6_addr;
	if (!inet_ntop(own.ss_family, address, ret, INET6_ADDRSTRLEN))
		return reason_errno(why, errno, "Cannot find this machine's address");
	return OUTCOME_OK;
}
