/* SPDX-License-Identifier: ISC */
#include "client/net/own-names.h"

#include "common/escape.h"

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

bool own_address_is_valid(const char *text)
{
	struct in6_addr scratch;

	return inet_pton(AF_INET, text, &scratch) == 1 || inet_pton(AF_INET6, text, &scratch) == 1;
}

int own_address_find(char ret[static INET6_ADDRSTRLEN], int fd, struct reason *why)
{
	struct sockaddr_storage own = { 0 };
	const struct sockaddr_in *ipv4 = (const struct sockaddr_in *)(const void *)&own;
	const struct sockaddr_in6 *ipv6 = (const struct sockaddr_in6 *)(const void *)&own;
	socklen_t length = sizeof own;
	const void *address;

	if (getsockname(fd, (struct sockaddr *)&own, &length) < 0)
		return reason_errno(why, errno, "Cannot find this machine's address");
	address = own.ss_family == AF_INET ? (const void *)&ipv4->sin_addr
					   : (const void *)&ipv6->sin6_addr;
	if (!inet_ntop(own.ss_family, address, ret, INET6_ADDRSTRLEN))
		return reason_errno(why, errno, "Cannot find this machine's address");
	return OUTCOME_OK;
}
