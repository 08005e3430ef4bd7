/* SPDX-License-Identifier: ISC */
/* Did somebody give this machine its host name, or did its image or its distribution bring it? */
#pragma once

#include "common/must-check.h"

#include <stdbool.h>

/*
 * Is `name` in the host name that somebody gave this machine from outside: on the kernel's command
 * line (systemd.hostname=), as a credential of systemd (system.hostname, firstboot.hostname), or
 * to cloud-init (hostname or fqdn in the user data, local-hostname in the meta-data)? Case and a
 * domain that only one of them has make no difference.
 */
bool given_name_is(const char *name) must_check;

/* Is `name` what /etc/hostname says (hostname(5)), and so static? */
bool given_name_is_static(const char *name) must_check;
