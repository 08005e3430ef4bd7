/* SPDX-License-Identifier: ISC */
/* What this machine calls its agent, and the numbers that are its own and this boot's. */
#pragma once

#include "client/config/config.h"
#include "client/net/own-names.h"
#include "common/agent-key.h"
#include "common/must-check.h"
#include "common/outcome.h"
#include "common/reason.h"

#include <stdint.h>

#define IDENTITY_BOOT_SIZE 33 /* 32 hexadecimal digits and the terminator */

/*
 * Expand the specifiers in `name` of the configuration: %H host name, %l host name up to its first
 * dot, %m machine ID, %b boot ID, %i cloud instance ID (/var/lib/cloud/data/instance-id),
 * %{file:PATH} the first line of a file, %%, and of what only the network knows, %f FQDN and %a
 * address, with hyphens for its colons. Without `own` (null), the others are looked for; a name
 * that needs it stays to be made then, and `ret` untouched.
 *
 * Returns OUTCOME_OK; OUTCOME_NOT_READY when the machine's host name is none (host-name.h), or a
 * source is missing or says nothing about this machine; OUTCOME_MISCONFIGURED when the result is
 * not a name that every manager accepts (2 to 127 of A-Z a-z 0-9 . _ -), or a file cannot be used;
 * or a negative errno; in each case with `why` set.
 */
int identity_name(char ret[static AGENT_NAME_MAX + 1], const struct config *config,
		  const struct own_names *own, struct reason *why) must_check;

/* The ID of this boot; empty when it cannot be read. */
void identity_boot(char ret[static IDENTITY_BOOT_SIZE]);

/* A number that differs between machines and is always the same on one. */
uint64_t identity_seed(void);

/*
 * The name to use instead of one that is already in use: NAME-XXXXXXXX with 8 hexadecimal digits of
 * the mark of the machine's ID, and NAME truncated to fit. Returns 0, or -ENODATA when the machine
 * has no ID.
 */
int identity_suffixed_name(char ret[static AGENT_NAME_MAX + 1], const char *name) must_check;
