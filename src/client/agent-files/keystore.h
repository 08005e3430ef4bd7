/* SPDX-License-Identifier: ISC */
/*
 * The agent's key file, client.keys: read it, lock it, and replace it so that a failure at any
 * point leaves an existing key byte for byte as it was.
 */
#pragma once

#include "common/agent-key.h"
#include "common/atomic-file.h"
#include "common/deadline.h"
#include "common/reason.h"

enum keystore_state {
	/* no file, or nothing in it but blank lines, comments and removed entries */
	KEYSTORE_MISSING,
	KEYSTORE_TORN, /* something that no agent can use: cut short, zeros, not a record */
	KEYSTORE_KEY,  /* a record */
};

struct keystore {
	char *path;         /* of client.keys */
	char *counter_path; /* of queue/rids/sender, the agent's message counter for the old key */
	const char *group;  /* configured group, null: wazuh, else ossec; not owned */
	int lock;           /* the directory, locked; -1: not */
	struct atomic_file staged;
};

#define KEYSTORE_NULL ((struct keystore){ .lock = -1, .staged = ATOMIC_FILE_NULL })

/*
 * `directory` is the agent's (/var/ossec), `keys_file` the key file (null:
 * DIRECTORY/etc/client.keys), `group` its group (null: wazuh, else ossec, else this process's).
 * Returns 0 or -ENOMEM. Free with keystore_close().
 */
int keystore_open(struct keystore *store, const char *directory, const char *keys_file,
		  const char *group, struct reason *why);

/*
 * Read the record the agent would use: the first line that is not blank, a comment or a removed
 * entry. `ret` is written only for KEYSTORE_KEY; with KEYSTORE_TORN, `why` says what is wrong.
 * Returns an enum keystore_state, or a negative errno with `why` set when the file cannot be read.
 */
int keystore_read(const struct keystore *store, struct agent_key *ret, struct reason *why);

/*
 * The part of keystore_read() that is pure: judge the content of a key file; `path` is for
 * messages. Returns an enum keystore_state.
 */
int keystore_judge(struct agent_key *ret, const char *text, size_t length, const char *path,
		   struct reason *why);

/*
 * Keep other processes of this program off the key file. Waits until `deadline` for one that holds
 * it; `waiting` (may be null) is called once, with the holder's pid (0: unknown), before it waits.
 * Returns 0, -ETIMEDOUT, -ECANCELED or another negative errno with `why` set.
 */
int keystore_lock(struct keystore *store, const struct deadline *deadline,
		  void (*waiting)(pid_t holder), struct reason *why);

/*
 * The group that may read the key file, and what lies beside it; (gid_t)-1: this process's, because
 * the agent is not installed yet. Returns 0, or -ENOENT with `why` set when the configured one does
 * not exist.
 */
int keystore_group(const struct keystore *store, gid_t *ret, struct reason *why);

/*
 * Make sure that a key can be stored, before one is asked for: the new file is made in its place
 * with its final owner, group, mode 0640 and room, and what could keep it from replacing the old
 * one is looked for. Needs the lock. Returns 0, or a negative errno with `why` set.
 */
int keystore_stage(struct keystore *store, struct reason *why);

/*
 * Store the key durably and clear the agent's counter of the old one. `suffix` keeps the old file
 * beside the new one as client.keys.SUFFIX (null: do not). Returns 0; 1 with `why` set when the key
 * is stored but something after it failed; a negative errno with `why` set when it is not stored
 * (then the old file is untouched).
 */
int keystore_commit(struct keystore *store, const struct agent_key *key, const char *suffix,
		    struct reason *why);

/*
 * Remove what a run that was killed has left of a new key file. Needs the lock. 0, or a negative
 * errno with `why` set.
 */
int keystore_remove_staged(const struct keystore *store, struct reason *why);

/* Discard what is staged, and unlock: others may have a go while we wait. */
void keystore_release(struct keystore *store);

/* Discard what is staged, unlock, free. Fit for cleanup(). */
void keystore_close(struct keystore *store);
