/* SPDX-License-Identifier: ISC */
/*
 * The files of a Wazuh 5 agent next to its key: the secret for re-enrolling as the same agent,
 * etc/reenroll.secret ("ID SECRET"), and the CA for verifying its manager, etc/certs/root-ca.pem.
 * Both are stored as durably as the key, and before it, so that they exist whenever there is a key.
 *
 * Names, modes and form are those of the Wazuh 5.0.0 release candidate of September 2026:
 * src/shared/include/defs.h, src/client-agent/include/reenroll_secret.h and
 * src/client-agent/token_bootstrap.c.
 */
#pragma once

#include "client/agent-files/reenroll-secret.h"
#include "common/agent-key.h"
#include "common/atomic-file.h"
#include "common/ca-bundle.h"
#include "common/must-check.h"
#include "common/reason.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* bytes; the maximum that a manager serves */
#define REENROLL_FILES_ANCHOR_MAX ((size_t)1024 * 1024)
#define REENROLL_FILES_MARK_SIZE 65 /* 64 hexadecimal digits and the terminator */

struct reenroll_files {
	char *secret_directory;
	char *secret_path;
	char *anchor_directory;
	char *anchor_path;
	bool made_directory; /* created by us: to be removed while it is empty */
	struct atomic_file secret, anchor;
	bool has_new_secret, has_new_anchor; /* stored, with a backup of the earlier file */
};

#define REENROLL_FILES_NULL \
	((struct reenroll_files){ .secret = ATOMIC_FILE_NULL, .anchor = ATOMIC_FILE_NULL })

/*
 * Initialize `files` for the key file `keys_path` of the agent in `directory`. Returns 0, or
 * -ENOMEM with `why` set. Close with reenroll_files_close().
 */
int reenroll_files_open(struct reenroll_files *files, const char *keys_path, const char *directory,
			struct reason *why) must_check;

/*
 * Read the secret. Returns 1 with `ret` set; 0 when there is no valid secret, with `why` set if
 * there is a file nevertheless; or a negative errno with `why` set.
 */
int reenroll_files_read_secret(const struct reenroll_files *files, struct reenroll_secret *ret,
			       struct reason *why) must_check;

/*
 * Read the CA, if it is still as it was stored with this mark (reenroll_files_mark_anchor()):
 * otherwise the agent's group may have written it. Returns 1 with `ret`, which the caller frees; 0
 * when there is none, or another one; or a negative errno with `why` set.
 */
int reenroll_files_read_anchor(const struct reenroll_files *files, const char *mark, char **ret,
			       size_t *ret_length, struct reason *why) must_check;

/*
 * Make sure that both can be stored: create the new files, readable by `group` ((gid_t)-1: that of
 * this process), and the directory of the CA. Requires the lock of the key file. Returns 0, or a
 * negative errno with `why` set.
 */
int reenroll_files_stage(struct reenroll_files *files, gid_t group, struct reason *why) must_check;

/* The same for the CA only. Requires the lock of the key file. */
int reenroll_files_stage_anchor(struct reenroll_files *files, gid_t group,
				struct reason *why) must_check;

/* Remove what a killed run has staged. Requires the lock of the key file. */
void reenroll_files_clean(const struct reenroll_files *files);

/* Is there a file already that contains all certificates of the CA `pem`? */
bool reenroll_files_has_anchor(const struct reenroll_files *files, const char *pem) must_check;

/*
 * Read the certificates of the CA that is stored, whoever has written it. Returns 1; 0 when there
 * is no such file; or a negative errno with `why` set.
 */
int reenroll_files_parse_anchor(const struct reenroll_files *files, struct ca_bundle *ret,
				struct reason *why) must_check;

/* By which a CA, once it is stored, is known again: the SHA-256 of its `length` bytes. */
void reenroll_files_mark_anchor(char ret[static REENROLL_FILES_MARK_SIZE], const char *pem,
				size_t length);

/*
 * Store the CA, `pem`. A file that already contains all its certificates is not changed; any other
 * is kept as root-ca.pem.old. Returns as atomic_file_commit().
 */
int reenroll_files_commit_anchor(struct reenroll_files *files, const char *pem,
				 struct reason *why) must_check;

/* The same, also in place of a file that contains these certificates, and others. */
int reenroll_files_replace_anchor(struct reenroll_files *files, const char *pem,
				  struct reason *why) must_check;

/*
 * Store the secret; the old one is kept as reenroll.secret.SUFFIX. Returns as atomic_file_commit().
 */
int reenroll_files_commit_secret(struct reenroll_files *files, const struct reenroll_secret *secret,
				 const char *suffix, struct reason *why) must_check;

/* The key could not be stored: restore the backups of the files that were stored before it. */
void reenroll_files_restore(struct reenroll_files *files, const char *suffix);

/*
 * A key was stored without a new secret: the secret of another agent must not be used with it, and
 * is renamed to reenroll.secret.SUFFIX. The secret of the agent `id` (null: none) is kept. Returns
 * 0, or a negative errno with `why` set.
 */
int reenroll_files_retire_secret(const struct reenroll_files *files, const char *id,
				 const char *suffix, struct reason *why) must_check;

/* Discard the staged files. */
void reenroll_files_discard(struct reenroll_files *files);

/* Remove the secret and its backups. Returns 0, or a negative errno with `why` set. */
int reenroll_files_forget(const struct reenroll_files *files, struct reason *why) must_check;

/*
 * Remove the CA that we have stored, durably: an agent that finds one does not use an enrollment
 * token, and deletes it. `mark` is that of the CA (empty: we have stored none). What has taken its
 * place since, as after a change of the manager's CA, is kept as root-ca.pem.old. Returns 0 when
 * there is no CA any more; 1 when there is one that we have never stored, which stays; or a
 * negative errno with `why` set.
 */
int reenroll_files_forget_anchor(const struct reenroll_files *files, const char *mark,
				 struct reason *why) must_check;

/* Discard the staged files and free. Suitable for cleanup(). */
void reenroll_files_close(struct reenroll_files *files);
