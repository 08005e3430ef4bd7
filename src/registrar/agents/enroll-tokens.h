/* SPDX-License-Identifier: ISC */
/*
 * The enrollment tokens that this manager has handed out: the file enrollment.tokens beside
 * client.keys. Its first line is "agent-registrar enrollment tokens 1"; each other one is a token:
 *
 *	ID SECRET CREATED EXPIRES USES MOST STATE ADDRESS[ DESCRIPTION]
 *
 * id and secret in base64url, times in seconds since 1970, how often it was used and may be (0:
 * without a limit), "valid" or "revoked", and the address as it is in the token. There is one way
 * to write a line. What is anything else is refused, and never written over: another program's
 * file, or a line that was damaged, may hold what this one does not know.
 *
 * Whoever changes the file holds the lock on its directory, as for client.keys, from reading to
 * writing. It is read again when it has changed.
 */
#pragma once

#include "common/enrollment-token.h"
#include "common/must-check.h"
#include "common/reason.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#define ENROLL_TOKENS_FILE "enrollment.tokens"
#define ENROLL_TOKENS_MAX 5000 /* as many as Wazuh has */
#define ENROLL_TOKEN_DESCRIPTION_MAX 128
#define ENROLL_TOKEN_DAYS_MAX 3650u

struct enroll_token {
	char id[ENROLLMENT_ID_LENGTH + 1];
	unsigned char secret[ENROLLMENT_SECRET_SIZE];
	uint64_t created, expires; /* seconds since 1970 */
	uint32_t uses, most;       /* how often it was used, and may be; 0: without a limit */
	bool is_revoked;
	char address[ENROLLMENT_ADDRESS_SIZE]; /* HOST[:PORT][/PREFIX] */
	char description[ENROLL_TOKEN_DESCRIPTION_MAX + 1];
};

/* Of those that hold, the first counts. */
enum enroll_token_state {
	ENROLL_TOKEN_ACTIVE,
	ENROLL_TOKEN_REVOKED,
	ENROLL_TOKEN_EXPIRED,
	ENROLL_TOKEN_USED_UP,
};

enum enroll_token_state enroll_token_state(const struct enroll_token *token, uint64_t now);

/* "active", "revoked", "expired", "used-up". */
const char *enroll_token_state_text(enum enroll_token_state state);

/* Printable ASCII, and not too long: what a line of the file, of a log and a list can have. */
bool enroll_token_description_is_valid(const char *text) must_check;

struct enroll_tokens {
	const char *path; /* not owned */
	struct enroll_token *tokens;
	size_t count, room;
	struct stat known; /* the file as it was read; st_ino 0: never, or there is none */
	bool is_changed;   /* they are not what the file has: enroll_tokens_store() */
};

/*
 * Read the file, if it is another than the one last read. A missing file holds no tokens. Does
 * nothing while there are changes that were not stored. Returns 0, or a negative errno with `why`
 * set: then there are no tokens.
 */
int enroll_tokens_refresh(struct enroll_tokens *tokens, struct reason *why) must_check;

/* The token of this id, until the next change or refresh; null: there is none. */
struct enroll_token *enroll_tokens_find(const struct enroll_tokens *tokens,
					const char *id) must_check;

/*
 * Make room for one more: if there are as many as there may be, remove those that cannot be used
 * any more, as Wazuh does. Returns how many were removed.
 */
size_t enroll_tokens_make_room(struct enroll_tokens *tokens, uint64_t now) must_check;

/* Add one. Returns 0; -E2BIG: there are too many; or -ENOMEM; with `why` set. */
int enroll_tokens_add(struct enroll_tokens *tokens, const struct enroll_token *token,
		      struct reason *why) must_check;

void enroll_tokens_revoke(struct enroll_tokens *tokens, struct enroll_token *token);

/* Remove those that cannot be used any more, or `all`. Returns how many. */
size_t enroll_tokens_purge(struct enroll_tokens *tokens, bool all, uint64_t now);

/* One use more of an active token. */
void enroll_tokens_count_use(struct enroll_tokens *tokens, struct enroll_token *token);

/*
 * Hold the lock on the directory of the file. Returns its descriptor, whose closing releases it, or
 * a negative errno with `why` set (-EAGAIN: another process has it).
 */
int enroll_tokens_lock(const char *path, struct reason *why) must_check;

/*
 * Store what has changed, durably, in a file of mode 0600, or with mode and group of the one that
 * is there; `group` as in atomic_file_stage(). The caller holds the lock. Returns 0, or a negative
 * errno with `why` set: then the tokens are read again the next time.
 */
int enroll_tokens_store(struct enroll_tokens *tokens, gid_t group, struct reason *why) must_check;

/* Could others than owner and group read the file when it was last read? */
bool enroll_tokens_are_exposed(const struct enroll_tokens *tokens) must_check;

/* Wipe and forget all, but for the path. Fit for cleanup(). */
void enroll_tokens_clear(struct enroll_tokens *tokens);

/* ------------------------------------------------------------------ the text of the file */

/* `*why` is set to what is wrong. The tokens are those of the text then, or as they were. */
int enroll_tokens_parse(struct enroll_tokens *tokens, const char *text, size_t length,
			struct reason *why) must_check;

/* The caller wipes and frees `ret`. 0 or -ENOMEM. */
int enroll_tokens_format(char **ret, size_t *ret_length,
			 const struct enroll_tokens *tokens) must_check;
