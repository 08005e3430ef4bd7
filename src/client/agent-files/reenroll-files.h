/* SPDX-License-Identifier: ISC */
/*
 * What an agent of Wazuh 5 keeps beside its key: the secret with which it may enroll again as the
 * same agent, etc/reenroll.secret ("ID SECRET"), and the CA by which it knows its manager,
 * etc/certs/root-ca.pem. Both are stored as durably as the key, and before it, so that a key on the
 * disk says that they are there.
 *
 * Names, modes and form are those of the Wazuh 5.0.0 release candidate of September 2026:
 * src/shared/include/defs.h, src/client-agent/include/reenroll_secret.h and
 * src/client-agent/token_bootstrap.c.
 */
#pragma once

#include "client/agent-files/reenroll-secret.h"
#include "common/agent-key.h"
#include "common/atomic-file.h"
#include "common/reason.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* bytes; what a manager hands out at most */
#define REENROLL_FILES_ANCHOR_MAX ((size_t)1024 * 1024)

struct reenroll_files {
	char *secret_directory;
	char *secret_path;
	char *anchor_directory;
	char *anchor_path;
	bool made_directory; /* it is ours to remove again, as long as nothing is in it */
	struct atomic_file secret, anchor;
	bool has_new_secret, has_new_anchor; /* stored, with what was there before kept aside */
};

#define REENROLL_FILES_NULL \
	((struct reenroll_files){ .secret = ATOMIC_FILE_NULL, .anchor = ATOMIC_FILE_NULL })

/*
 * The files that go with the key file `keys_path` of the agent in `directory`. Returns 0 or
 * -ENOMEM. Free with reenroll_files_close().
 */
int reenroll_files_open(struct reenroll_files *files, const char *keys_path, const char *directory,
			struct reason *why);

/*
 * Read the secret. Returns 1; 0 when there is none that could be used, with `why` set if there is a
 * file all the same; or a negative errno with `why` set.
 */
int reenroll_files_read_secret(const struct reenroll_files *files, struct reenroll_secret *ret,
			       struct reason *why);

/*
 * Make sure that both can be stored: new files in their places, readable for `group` ((gid_t)-1:
 * this process's), and the directory of the CA. Needs the lock of the key file. Returns 0, or a
 * negative errno with `why` set.
 */
int reenroll_files_stage(struct reenroll_files *files, gid_t group, struct reason *why);

/*
 * Store the CA, `pem`. A file that holds all its certificates already stays as it is; one that does
 * not is kept as root-ca.pem.old. Returns as atomic_file_commit() does.
 */
int reenroll_files_commit_anchor(struct reenroll_files *files, const char *pem, struct reason *why);

/*
 * Store the secret; the old one is kept as reenroll.secret.SUFFIX. Returns as atomic_file_commit()
 * does.
 */
int reenroll_files_commit_secret(struct reenroll_files *files, const struct reenroll_secret *secret,
				 const char *suffix, struct reason *why);

/*
 * The key cannot be stored after all: put back what was there before what has been stored for it.
 */
void reenroll_files_restore(struct reenroll_files *files, const char *suffix);

/*
 * A key was stored that no secret came with: that of another agent must not be used with it, and
 * goes to reenroll.secret.SUFFIX. `id` is the agent whose secret may stay; null: nobody's. Returns
 * 0, or a negative errno with `why` set.
 */
int reenroll_files_retire_secret(const struct reenroll_files *files, const char *id,
				 const char *suffix, struct reason *why);

/* Drop what is staged. */
void reenroll_files_release(struct reenroll_files *files);

/*
 * Remove the secret and what was kept of old ones, but not the CA, which is no identity. 0 or a
 * negative errno.
 */
int reenroll_files_forget(const struct reenroll_files *files, struct reason *why);

/* Drop and free. Fit for cleanup(). */
void reenroll_files_close(struct reenroll_files *files);
