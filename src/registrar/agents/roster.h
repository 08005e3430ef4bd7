/* SPDX-License-Identifier: ISC */
/*
 * Who is registered: an index over client.keys by id, name and address, and the only writer of it.
 *
 * Changes come in transactions: roster_begin(), any number of lookups, additions and removals,
 * which later lookups of the same transaction see, then roster_commit(). After roster_commit()
 * returned 0 they are on the disk. Additions alone cost one append and one flush however many there
 * are; with a removal the file is replaced as a whole.
 *
 * Lines that are no agents (keys-line.h) are kept byte for byte; damaged ones are reported.
 * A last line without newline gets one before the next record, so that nothing is ever glued
 * together.
 */
#pragma once

#include "common/agent-key.h"
#include "common/lock-holder.h"
#include "common/must-check.h"
#include "common/reason.h"
#include "registrar/agents/keys-file.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define ROSTER_ID_MAX 99999999u /* eight digits */

struct roster;

/* A line of the file with an id. The key is not kept in memory. */
struct roster_entry {
	unsigned int id;
	char id_text[AGENT_ID_MAX + 1]; /* as written: "001" */
	const char *name;               /* null: removed or unreadable */
	const char *ip;                 /* with its mask; null: removed or unreadable */
	off_t offset;                   /* of its line in the file */
	size_t length;                  /* of its line, with the newline if there is one */
};

/* Receives one sentence, without secrets, about what is wrong with the file. */
typedef void roster_damage_callback(const char *sentence);

/*
 * Open DIRECTORY/client.keys, making it if it is missing (`group` as in keys_file_open()), and read
 * it. Returns 0, or a negative errno with `why` set.
 */
int roster_open(struct roster **ret, const char *directory, gid_t group,
		roster_damage_callback *report_damage, struct reason *why) must_check;

/* The same, which tells `progress` (null: nobody) while it reads the file. */
int roster_open_telling(struct roster **ret, const char *directory, gid_t group,
			roster_damage_callback *report_damage, const struct keys_progress *progress,
			struct reason *why) must_check;

/*
 * The same to look only: nothing is made, and nothing may be staged. A missing file is an error
 * (-ENOENT).
 */
int roster_open_reading(struct roster **ret, const char *directory,
			roster_damage_callback *report_damage, struct reason *why) must_check;

/* Free everything; a transaction that is open is cancelled. Null is allowed. */
void roster_close(struct roster *roster);

/* Agents that are neither removed nor damaged. */
size_t roster_count(const struct roster *roster);

/* Bytes of the file, when it was read or written the last time. */
off_t roster_size(const struct roster *roster);

/*
 * Begin a transaction: lock, and read the file again if it was changed. Returns 0; -EAGAIN
 * when another program holds the lock (try again soon); or another negative errno with `why` set.
 */
int roster_begin(struct roster *roster, struct reason *why) must_check;

/* Who holds the lock, after -EAGAIN (lock_holder_describe()). */
const char *roster_lock_holder(const struct roster *roster, char ret[static LOCK_HOLDER_SIZE]);

/*
 * The same, but wait up to `patience` (microseconds) for the lock. -EAGAIN comes with `why` set,
 * too.
 */
int roster_begin_within(struct roster *roster, uint64_t patience, struct reason *why) must_check;

/*
 * Entries are valid until the next transaction begins; after the commit, what they say is still
 * about the file before it. Null: none.
 */
const struct roster_entry *roster_find_name(const struct roster *roster, const char *name);

/*
 * The entry whose address, with its mask cut off, is this one, however it is written. A network and
 * "any" are never found.
 */
const struct roster_entry *roster_find_ip(const struct roster *roster, const char *ip);

/* The entry whose address, mask included, is this one, however written. "any" is never found. */
const struct roster_entry *roster_find_ip_and_mask(const struct roster *roster, const char *ip);

/*
 * An entry with this number as its id: "7" and "007" are the same. Prefers an agent to a removed or
 * damaged line, which have no address.
 */
const struct roster_entry *roster_find_id(const struct roster *roster, unsigned int id);

/*
 * All lines with this number as their id, removed and damaged ones included: a file that others
 * wrote may have several. The order is not specified. Null: no more.
 */
const struct roster_entry *roster_first_with_id(const struct roster *roster, unsigned int id);
const struct roster_entry *roster_next_with_id(const struct roster_entry *entry);

/*
 * The agent whose id is written like this ("007"), and that has this name (null: any). Null: there
 * is none.
 */
const struct roster_entry *roster_find_agent(const struct roster *roster, const char *id,
					     const char *name);

/* Has an agent this id, however it is written? */
bool roster_has_agent(const struct roster *roster, const char *id) must_check;

/* Is it an agent, neither removed (in this transaction or before) nor damaged? */
bool roster_entry_is_agent(const struct roster_entry *entry) must_check;

/* Is it what is left of an agent that was removed before? */
bool roster_entry_is_tombstone(const struct roster_entry *entry) must_check;

/*
 * All agents (neither removed nor damaged) in the order of the file, what was staged included. The
 * caller frees the array. Returns 0 or -ENOMEM.
 */
int roster_list(const struct roster *roster, const struct roster_entry ***ret,
		size_t *ret_count) must_check;

/*
 * Lines in the order of their ids, and of their place in the file where several have one id: the
 * position of the first line at or behind this id and offset, for roster_at(). Positions are valid
 * as long as nothing is staged, until the next transaction begins. Looking at all agents in parts
 * goes on with the id of the last one, and its offset plus one.
 */
size_t roster_seek(struct roster *roster, unsigned int id, off_t offset);

/* The line at the position, be it an agent or not; null: the position is behind the last one. */
const struct roster_entry *roster_at(const struct roster *roster, size_t position);

/*
 * Read an agent's whole record, with its key: wipe it. Returns 0; -EINVAL when the line is no
 * record; or another negative errno.
 */
int roster_read(const struct roster *roster, const struct roster_entry *entry,
		struct agent_key *ret) must_check;

/*
 * The id for the next agent: one more than the highest that a line has, and at least `first`. Ids
 * that are used without a gap up to ROSTER_ID_MAX do not count as the highest, so that an agent
 * there does not end registration. When there is no such id, the lowest that no line has; 0: none
 * is left.
 */
unsigned int roster_next_id(const struct roster *roster, unsigned int first);

/*
 * The hash that an agent with this entry's key sends as K (agent_key_hash()). Returns 0 or a
 * negative errno.
 */
int roster_key_hash(const struct roster *roster, const struct roster_entry *entry,
		    char ret[static AGENT_KEY_HASH_SIZE]) must_check;

/* Stage an addition. Returns 0 or -ENOMEM. */
int roster_add(struct roster *roster, const struct agent_key *agent) must_check;

/*
 * What is left of a removed agent's line. What is left keeps the id taken; the name and the address
 * are free.
 */
enum roster_tombstone {
	ROSTER_TOMBSTONE_NOTHING, /* the id is free after the transaction, not before */
	/* "ID #*#*#*#*#*#*#*#*#*#*#" over the beginning of the line (manage_agents, OSSEC 4.3) */
	ROSTER_TOMBSTONE_OSSEC,
	ROSTER_TOMBSTONE_WAZUH, /* "ID !NAME IP KEY" (wazuh-authd 4.14 with <purge>no) */
};

/*
 * Stage the removal of an agent, be it staged itself, or, with ROSTER_TOMBSTONE_NOTHING, of what is
 * left of one.
 */
void roster_remove(struct roster *roster, const struct roster_entry *entry,
		   enum roster_tombstone tombstone);

/*
 * Make the staged changes durable and end the transaction. Returns 0, or a negative errno with
 * `why` set: then the file is as it was before and nothing staged counts.
 */
int roster_commit(struct roster *roster, struct reason *why) must_check;

/* End the transaction; nothing staged counts. */
void roster_cancel(struct roster *roster);
