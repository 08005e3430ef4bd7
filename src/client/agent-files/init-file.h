/* SPDX-License-Identifier: ISC */
/*
 * What an installation of OSSEC, or of Wazuh before 4.2, says about itself: ossec-init.conf, in
 * /etc and in the etc/ of its directory. Assignments for the shell, such as DIRECTORY="/var/ossec"
 * and TYPE="server"; packages append to it, so the last one of a name counts.
 */
#pragma once

#include "common/must-check.h"
#include "common/reason.h"

#include <limits.h>

/* Empty: not said. */
struct init_file {
	char path[PATH_MAX]; /* where it was found */
	char directory[PATH_MAX];
	char name[32];    /* of the product: "Wazuh"; OSSEC does not say it */
	char version[32]; /* "v3.8.0" */
	char type[32];    /* "agent", "server", "local", "hybrid" */
};

/*
 * Read the file about the installation in `directory`: its own, or the one in /etc unless that
 * names another directory. Returns 1 with `ret` set, 0 when there is none, or it cannot be read; or
 * a negative errno with `why` set, when this machine is too short of memory or descriptors to look.
 */
int init_file_read(struct init_file *ret, const char *directory, struct reason *why) must_check;
