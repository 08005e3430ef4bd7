/* SPDX-License-Identifier: ISC */
/*
 * The API's users: a file of lines NAME:HASH (password.h), blank lines and lines that begin
 * with # besides.
 *
 * It is read again when it has changed, at the next login or request. A file that has become
 * unreadable or wrong refuses every login: yesterday's content could hold a user who was removed
 * today. A user that comes back begins a new epoch.
 */
#pragma once

#include "common/must-check.h"
#include "common/reason.h"
#include "registrar/keeper/password.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#define API_USER_NAME_MIN 4 /* Wazuh's limits */
#define API_USER_NAME_MAX 64

struct api_user {
	char name[API_USER_NAME_MAX + 1];
	struct api_password password;
	uint64_t epoch; /* tokens that were made in another one are void */
};

struct api_users {
	const char *path; /* not owned */
	struct api_user *users;
	size_t count;
	struct stat known; /* the file as it was read; st_ino 0: never */
	uint64_t epochs;   /* that there have been so far, of all users */
};

/*
 * 4 to 64 of A-Z a-z 0-9 . _ - : what a name in a log, a file and a Basic header can be without
 * doubt.
 */
bool api_user_name_is_valid(const char *name, size_t length) must_check;

/*
 * Read the file, if it is another than the one last read. A missing file holds no users. Returns 1
 * when it was read, 0 when there was nothing new, or a negative errno with `why` set: then there
 * are no users.
 */
int api_users_refresh(struct api_users *users, struct reason *why) must_check;

/* The user of this name, until the next refresh; null: there is none. */
const struct api_user *api_users_find(const struct api_users *users, const char *name);

/* End all tokens that this user has. */
void api_users_end_tokens(struct api_users *users, const char *name);

/* Could others than owner and group read the file when it was last read? */
bool api_users_are_exposed(const struct api_users *users) must_check;

/* Forget all. Fit for cleanup(). */
void api_users_clear(struct api_users *users);

/*
 * Can the users file be used? Returns how many users it holds, or a negative errno with `why` set.
 */
int api_users_check(const char *path, struct reason *why) must_check;

/*
 * Write a user into the file, in place of one of the same name (1) or as a new one (0); make the
 * file, mode 0640, when it is missing (`group` as in atomic_file_stage(); an existing file keeps
 * mode and group). Other lines stay as they are. A null `password` removes the user: 1, or 0 when
 * there was none. A negative errno with `why` set: the file is as it was.
 */
int api_users_store(const char *path, gid_t group, const char *name,
		    const struct api_password *password, struct reason *why) must_check;
