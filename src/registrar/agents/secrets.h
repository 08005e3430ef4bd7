/* SPDX-License-Identifier: ISC */
/*
 * The secrets with which agents of Wazuh 5 enroll again, in DIRECTORY/reenroll_secrets beside
 * client.keys: who has one, and what a bearer that is signed with it is checked with. The secrets
 * themselves are not kept.
 *
 * A secret belongs to an agent's key, and counts while client.keys has that key under that id. So
 * whoever removes or replaces the agent, by whatever program, ends its secret, and an addition can
 * be on the disk before what it belongs to: it counts from the moment at which client.keys has the
 * key.
 *
 * Additions are part of a transaction of the roster: agent_secrets_begin(), any number of
 * agent_secrets_stage(), agent_secrets_write() before the roster is committed, and
 * agent_secrets_end(). They cost one append and one flush however many there are. Now and then,
 * before anything is staged, the file is replaced by one without what does not count any more.
 *
 * A missing file is an empty one. Lines that are none are passed over.
 */
#pragma once

#include "common/must-check.h"
#include "common/reason.h"
#include "registrar/agents/roster.h"
#include "registrar/agents/secret-line.h"

#include <stdbool.h>

#define AGENT_SECRETS_FILE "reenroll_secrets"

struct agent_secrets;

/* What is known of an agent, for one of its keys. Texts and keys are not to be changed. */
struct agent_secret {
	struct secret_line line;   /* without its base */
	struct agent_secret *next; /* an older one, for another key of the agent; null: none */
};

/*
 * `directory` and the roster, which is that of client.keys in it, outlive the secrets. Nothing is
 * read yet. Null: out of memory.
 */
struct agent_secrets *agent_secrets_new(const char *directory,
					const struct roster *roster) must_check;

/* Wipe and free; null is allowed. */
void agent_secrets_free(struct agent_secrets *secrets);

/*
 * Read the file if it is another one than before, unless something is staged or about to be.
 * Returns 0, or a negative errno with `why` set: then nobody has a secret that is known.
 */
int agent_secrets_refresh(struct agent_secrets *secrets, struct reason *why) must_check;

/*
 * What is known of the agent with the id as it is written in client.keys, the newest first; null:
 * nothing. Whether there is such an agent still, the roster says, within a transaction: outside of
 * one, it may hold what could not be stored. Valid until the secrets change.
 */
const struct agent_secret *agent_secrets_find(const struct agent_secrets *secrets, const char *id);

/* The one of those for this key of the agent; null: none. */
const struct agent_secret *agent_secret_for_key(const struct agent_secret *secret, const char *key);

/* ------------------------------------------------------------------ within a transaction */

/*
 * The roster's transaction has begun, and nothing is staged: refresh, and replace the file if too
 * little of it counts. Returns 0, or a negative errno with `why` set; the transaction can go on.
 */
int agent_secrets_begin(struct agent_secrets *secrets, struct reason *why) must_check;

/*
 * Make a secret that can be staged: what may fail, fails here. Writes its text, to be wiped.
 * Returns 0, or a negative errno with `why` set.
 */
int agent_secrets_make(struct agent_secrets *secrets, struct agent_secret **ret,
		       char ret_text[static ENROLL_AGENT_SECRET_LENGTH + 1],
		       struct reason *why) must_check;

/* Wipe and free one that was made and not staged. Null is allowed. */
void agent_secret_discard(struct agent_secret *secret);

/*
 * Give the secret to the agent with this id, and this key from the end of the transaction on. With
 * `used`, which is known for the agent's present key, the agent has shown `used_key` of it, which
 * counts as well until the new one is used. The secret is taken over.
 */
void agent_secrets_stage(struct agent_secrets *secrets, struct agent_secret *secret,
			 const struct agent_key *agent, const struct agent_secret *used,
			 const struct signing_key *used_key);

/* Was something staged for the agent in this transaction? */
bool agent_secrets_is_staged(const struct agent_secrets *secrets, const char *id) must_check;

/*
 * Append what is staged, and flush it to the disk. Returns 0, or a negative errno with `why` set:
 * then the file is as it was before.
 */
int agent_secrets_write(struct agent_secrets *secrets, struct reason *why) must_check;

/* The transaction has ended: what was staged counts alone for its agents, or not at all. */
void agent_secrets_end(struct agent_secrets *secrets, bool is_stored);
