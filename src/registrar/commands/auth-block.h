/* SPDX-License-Identifier: ISC */
/*
 * The block <auth> of a Wazuh manager's etc/ossec.conf, as far as it is about registration (Wazuh
 * 4.14.5 src/config/authd-config.c). Elements that do not concern the registrar are passed over.
 */
#pragma once

#include "common/must-check.h"
#include "common/reason.h"
#include "registrar/enrollment/force.h"

#include <limits.h>

/* What is absent or cannot be read is zero. */
struct auth_block {
	bool disabled, use_password, use_source_ip, verify_host, allow_higher_versions;
	unsigned int port;
	char ciphers[1024];
	char client_ca_file[PATH_MAX], certificate_file[PATH_MAX], private_key_file[PATH_MAX];
	bool has_force; /* <force> is there */
	bool force_enabled;
	struct force_rules force;
};

/*
 * Read the last block of the file. A file or a block that is missing is an empty one. Returns 0, or
 * a negative errno with `why` set.
 */
int auth_block_read(struct auth_block *ret, const char *path, struct reason *why) must_check;
