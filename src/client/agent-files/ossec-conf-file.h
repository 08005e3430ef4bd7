/* SPDX-License-Identifier: ISC */
/*
 * Replacing the agent's etc/ossec.conf, in two steps as the key: see that it can be changed and
 * staged before a manager is asked, and store it when there is a key for it. Owner, group, mode,
 * access control list, SELinux label and extended attributes (those that this process may
 * set: user.*) are those of the old file.
 */
#pragma once

#include "client/agent-files/ossec-conf-edit.h"
#include "common/atomic-file.h"
#include "common/must-check.h"
#include "common/reason.h"

#include <stdbool.h>
#include <sys/stat.h>

struct ossec_conf_file {
	char *path;
	struct atomic_file staged;
	struct stat status; /* of the old file, when it was staged */
};

#define OSSEC_CONF_FILE_NULL ((struct ossec_conf_file){ .staged = ATOMIC_FILE_NULL })

/*
 * Initialize `file` for the agent in `directory`. Returns 0, or -ENOMEM with `why` set. Close with
 * ossec_conf_file_close().
 */
int ossec_conf_file_open(struct ossec_conf_file *file, const char *directory,
			 struct reason *why) must_check;

/*
 * Does the file say already what is wanted? Changes nothing. Returns 1 when it is to be changed and
 * can be, 0 when not, or a negative errno with `why` set ("PATH, line 12: ..."): -ENOENT there is
 * none; -ELOOP it is a symbolic link; -EMLINK it has several names; -EINVAL as ossec_conf_edit().
 */
int ossec_conf_file_check(const struct ossec_conf_file *file, const struct ossec_conf_wish *wish,
			  struct reason *why) must_check;

/*
 * If the file is to be changed, stage the new one: with its final owner, group, mode, list and
 * label, and room for its content. Otherwise what a killed run has staged is removed. Requires the
 * lock of the key file. Returns as ossec_conf_file_check(); also -EBUSY: it is a mount point of its
 * own.
 */
int ossec_conf_file_stage(struct ossec_conf_file *file, const struct ossec_conf_wish *wish,
			  struct reason *why) must_check;

/*
 * Store what is wanted now, if the file does not say it: its content is that of the file as it is
 * now, which may be another one than when it was staged. Requires the lock. Returns 1 when it was
 * changed; 0 when it was not to be; or a negative errno with `why` set, then the old file stays:
 * -EBUSY, because somebody else went on changing it. A directory that cannot be synced is no error:
 * the next run looks again.
 */
int ossec_conf_file_commit(struct ossec_conf_file *file, const struct ossec_conf_wish *wish,
			   struct reason *why) must_check;

/* Has a killed run left what it had staged, or does another one stage? */
bool ossec_conf_file_has_leftover(const struct ossec_conf_file *file) must_check;

/* Remove what a killed run has staged. Requires the lock. */
void ossec_conf_file_clean(const struct ossec_conf_file *file);

/* Remove what is staged. */
void ossec_conf_file_discard(struct ossec_conf_file *file);

/* The same, and free. Suitable for cleanup(). */
void ossec_conf_file_close(struct ossec_conf_file *file);
