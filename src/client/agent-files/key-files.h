/* SPDX-License-Identifier: ISC */
/* The key file and the re-enrollment files beside it, which are locked and staged together. */
#pragma once

#include "client/agent-files/keystore.h"
#include "client/agent-files/reenroll-files.h"
#include "common/must-check.h"

#include <stdbool.h>

struct key_files {
	struct keystore store;
	struct reenroll_files reenroll;
};

#define KEY_FILES_NULL ((struct key_files){ KEYSTORE_NULL, REENROLL_FILES_NULL })

/*
 * The arguments are those of keystore_open(); `group` must outlive the files. Returns 0, or -ENOMEM
 * with `why` set. Release with key_files_close().
 */
int key_files_open(struct key_files *files, const char *directory, const char *keys_file,
		   const char *group, struct reason *why) must_check;

/*
 * Make sure that a key can be stored and, with `reenroll`, the secret and the CA as well;
 * otherwise, what a killed run has staged of these goes. Needs the lock (keystore_lock()). Returns
 * 0, or a negative errno with `why` set.
 */
int key_files_stage(struct key_files *files, bool reenroll, struct reason *why) must_check;

/* Discard what is staged, and unlock. */
void key_files_unlock(struct key_files *files);

/* Discard what is staged, unlock, free. Fit for cleanup(). */
void key_files_close(struct key_files *files);
