/* SPDX-License-Identifier: ISC */
/*
 * The agent's key file, client.keys: reading, locking, and replacing it so that a failure at any
 * point leaves an existing key unchanged.
 */
#pragma once

#include "client/agent-files/in-place.h"
#include "common/agent-key.h"
#include "common/atomic-file.h"
#include "common/deadline.h"
#include "common/must-check.h"
#include "common/reason.h"

#include <stdbool.h>
#include <sys/stat.h>

enum keystore_state {
	/* no file, or only blank lines, comments and removed entries in it */
	KEYSTORE_MISSING,
	/* a first entry that is not a valid record: truncated, zeros, or other text */
	KEYSTORE_TORN,
	KEYSTORE_KEY, /* a record */
};

struct keystore {
	char *path;        /* of client.keys */
	bool is_elsewhere; /* configured: not the one in the agent's directory */
	const char *group; /* configured group, null: wazuh, else ossec; not owned */
	/*
	 * configured; may be set after keystore_open(): a key file that is a mount point of its own
	 * may be written in place, because it cannot be replaced
	 */
	bool may_write_in_place;
	int lock; /* the directory, locked; -1: not */
	struct atomic_file staged;
	struct in_place_file in_place; /* open in place of `staged` */
};

#define KEYSTORE_NULL       \
	((struct keystore){ \
		.lock = -1, .staged = ATOMIC_FILE_NULL, .in_place = IN_PLACE_FILE_NULL })

/*
 * Initialize `store`. `directory` is the agent's (/var/ossec), `keys_file` the key file (null:
 * DIRECTORY/etc/client.keys), `group` its group (null: wazuh, else ossec, else this process's).
 * Returns 0, or -ENOMEM with `why` set. `group` must outlive the store. Close with
 * keystore_close().
 */
int keystore_open(struct keystore *store, const char *directory, const char *keys_file,
		  const char *group, struct reason *why) must_check;

/*
 * Read the record that the agent uses: the first line that is not blank, a comment or a removed
 * entry. Follows symbolic links, as the agent does. `ret` is written only for KEYSTORE_KEY; with
 * KEYSTORE_TORN, `why` is set to the problem. Returns an enum keystore_state, or a negative errno
 * with `why` set when the file cannot be read.
 */
int keystore_read(const struct keystore *store, struct agent_key *ret,
		  struct reason *why) must_check;

/*
 * Open the file `path` of keys for reading, through links: the agents follow them. Their user may
 * have put one there, so what is behind it must be a regular file of bearable size, opening it does
 * not block, and nothing of its content may be shown but the fields of a record. Returns the
 * descriptor, -ENOENT without a reason when there is no file, or another negative errno with `why`
 * set.
 */
int keystore_open_file(const char *path, struct stat *ret_status, struct reason *why) must_check;

/*
 * The pure part of keystore_read(): parse the content of a key file; `path` is for messages.
 * Returns an enum keystore_state.
 */
int keystore_judge(struct agent_key *ret, const char *text, size_t length, const char *path,
		   struct reason *why) must_check;

/*
 * Where the key file leads if it is a symbolic link, which is followed for reading only; what the
 * link says, if there is nothing; null: it is none. Escaped, for messages. To be freed.
 */
char *keystore_link_target(const struct keystore *store) must_check;

/* Receives what is waited for: the directory, and who has locked it (lock_holder_describe()). */
typedef void keystore_waiting_callback(const char *directory, const char *holder);

/*
 * Lock the key file against other processes of this program. Waits until `deadline` for a process
 * that holds the lock: another run, or whoever else may read the directory. Before waiting,
 * `waiting` (may be null) is called once. Returns 0, -ETIMEDOUT, -ECANCELED or another negative
 * errno with `why` set.
 */
int keystore_lock(struct keystore *store, const struct deadline *deadline,
		  keystore_waiting_callback *waiting, struct reason *why) must_check;

/*
 * The group that may read the key file and the files next to it; (gid_t)-1: that of this process,
 * because the agent is not installed yet. Returns 0, or -ENOENT with `why` set when the configured
 * group does not exist.
 */
int keystore_group(const struct keystore *store, gid_t *ret, struct reason *why) must_check;

/*
 * Make sure that a key can be stored, before one is requested: create the new file with its final
 * owner, group, mode 0640 and size, and check for conditions that would prevent it from replacing
 * the old one; or, if that is a mount point of its own and may be written in place, open it.
 * Requires the lock. Returns 0, or a negative errno with `why` set.
 */
int keystore_stage(struct keystore *store, struct reason *why) must_check;

/* Is what keystore_stage() has prepared to be written in place, without atomicity? */
bool keystore_is_in_place(const struct keystore *store) must_check;

/*
 * Store the key durably. With `suffix` (null: none), the old file is kept as client.keys.SUFFIX.
 * Returns 0; 1 with `why` set when the key is stored but a later step failed; a negative errno with
 * `why` set when it is not stored (then the old file is unchanged).
 */
int keystore_commit(struct keystore *store, const struct agent_key *key, const char *suffix,
		    struct reason *why) must_check;

/*
 * Can the key file be removed? A symbolic link is not removed, because the key would remain where
 * it leads; a mount point of its own cannot be, and is emptied if it may be written in place.
 * Returns 0, or a negative errno with `why` set.
 */
int keystore_check_removable(const struct keystore *store, struct reason *why) must_check;

/*
 * Remove the key, then all that was kept of earlier ones and what an interrupted run has left.
 * Requires the lock. Returns 0, or a negative errno with `why` set.
 */
int keystore_remove(const struct keystore *store, struct reason *why) must_check;

/* Discard the staged file and unlock, so that other processes can proceed while this one waits. */
void keystore_unlock(struct keystore *store);

/* Discard the staged file, unlock and free. Suitable for cleanup(). */
void keystore_close(struct keystore *store);
