/* SPDX-License-Identifier: ISC */
/* What the network calls this machine: its FQDN, and its address towards a manager. */
#pragma once

#include "client/net/net.h"
#include "common/deadline.h"
#include "common/must-check.h"
#include "common/outcome.h"
#include "common/reason.h"

#include <netinet/in.h>
#include <stdbool.h>

#define FQDN_SIZE NET_NAME_SIZE

/* Empty where it is not known, or not asked for. */
struct own_names {
	char fqdn[FQDN_SIZE];
	char address[INET6_ADDRSTRLEN]; /* in the form of inet_ntop(3) */
};

/*
 * Is it a host name with a domain, of letters, digits, hyphens and underscores, and not one of
 * those that every machine has (localhost.localdomain)?
 */
bool own_fqdn_is_valid(const char *text) must_check;

/*
 * Find the FQDN: the host name, if that has a domain; else what the name services call it
 * (getaddrinfo(3) with AI_CANONNAME: /etc/hosts, DNS with its search list), as "hostname --fqdn"
 * does. Returns OUTCOME_OK; OUTCOME_NOT_READY if they know none; OUTCOME_UNREACHABLE if they could
 * not be asked; or a negative errno; in each case with `why` set, but for -ECANCELED.
 */
int own_fqdn_find(char ret[static FQDN_SIZE], const struct deadline *deadline,
		  struct reason *why) must_check;

/*
 * The address at our end of a connected socket. If that is a loopback address, because a proxy runs
 * on this machine, the one of the route towards `manager`, unless the manager is at no other
 * address either. Returns OUTCOME_OK; OUTCOME_UNREACHABLE if there is no way to it; or a negative
 * errno; with `why` set, but for -ECANCELED.
 */
int own_address_find(char ret[static INET6_ADDRSTRLEN], int fd, const struct endpoint *manager,
		     const struct deadline *deadline, struct reason *why) must_check;
