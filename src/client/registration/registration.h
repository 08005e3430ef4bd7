/* SPDX-License-Identifier: ISC */
/*
 * One run of the program, seen by the chapters of its story: verdict (is there anything to do?),
 * prepare, asking (the managers, again and again), and register, which owns their order.
 */
#pragma once

#include "client/agent-files/keystore.h"
#include "client/agent-files/reenroll-files.h"
#include "client/config/config.h"
#include "client/methods/method.h"
#include "client/registration/access.h"
#include "client/registration/register.h"
#include "client/registration/state.h"
#include "common/agent-key.h"
#include "common/log.h"
#include "common/secret.h"

#include <stdbool.h>

/* What a chapter returns besides an exit status (>= 0) and -ECANCELED: the story goes on. */
#define CONTINUE (-EAGAIN)

struct registration {
	const struct config *config;
	const char *state_directory;
	bool force;
	bool is_service; /* started by systemd, which will start us again after a failure */
	bool is_restart; /* ... and this is such a start */
	/*
	 * ... after one in this boot that used up its budget: READY=1 has been said, nobody waits
	 */
	bool is_background;
	int stop_fd;
	register_listener *listener; /* null: nobody but the log */

	struct keystore store;
	struct reenroll_files reenroll_files; /* what lies beside it */
	enum keystore_state found;            /* what the key file held */
	bool is_clone;                        /* it held the key of another machine */
	struct agent_key old_key;             /* with KEYSTORE_KEY */
	struct agent_key new_key;
	/* CLOCK_MONOTONIC, microseconds; who was started before that has not seen the new key */
	uint64_t stored_at;
	/* where it was brought from by hand; null: a manager is asked for it */
	const char *imported_from;
	bool is_forced_import;             /* ... over whatever speaks against it */
	struct reenroll_secret old_secret; /* this agent's own; without text: none */
	struct reenroll_secret new_secret; /* that came with the new key; without text: none */
	char *new_anchor;                  /* the CA that came with it; null: none */
	struct state state;
	bool state_is_lost; /* it cannot be saved; the log has said so */

	char name[AGENT_NAME_MAX + 1]; /* empty: not known yet */
	bool is_suffixed;              /* the name has got its suffix already */
	char old_key_hash[AGENT_KEY_HASH_SIZE];
	char *groups;
	struct access access;

	/* how long the manager asked last wants to be left alone, in microseconds */
	uint64_t retry_after;
	bool answer_was_lost; /* an earlier request of this name to this manager had no answer */
	bool is_repetition;   /* the log has told of this manager's failure already */
	time_t changed_at;    /* when the configuration or a file it names was last written */

	struct endpoint manager;               /* of the current attempt */
	char manager_text[ENDPOINT_TEXT_SIZE]; /* empty: none yet */
	char said[sizeof((struct attempt_report *)NULL)
			  ->manager_message]; /* by it, in the current attempt */
};

/* ------------------------------------------------------------------ telling (register.c) */

/* The fields that every entry about this run carries; valid until the next call. */
const struct log_field *registration_fields(const struct registration *run,
					    const struct agent_key *key, enum outcome outcome);

/*
 * The one log line of a failure; also remembered, and shown as STATUS=. `outcome` may be a negative
 * errno. Returns the exit status it means as the last word of a run.
 */
int registration_fail(struct registration *run, int outcome, const struct reason *why);

/* The same; the log line is only for the curious (debug) unless `should_log`. */
int registration_note_failure(struct registration *run, int outcome, const struct reason *why,
			      bool should_log);

/* A state that cannot be saved costs one warning a run, and nothing else. */
void registration_save_state(struct registration *run);

/*
 * Delete the file of the password or of the imported key, if the configuration says so. For when
 * `key` is on the disk.
 */
void registration_forget_secret(const struct registration *run, const struct agent_key *key);

/*
 * What a run that ends with a key does last: as a service, say READY=1 and have the agents started.
 */
void registration_start_agents(const struct registration *run, const struct agent_key *key);

/* ------------------------------------------------------------------ the chapters */

/*
 * Look at the key file, and whether its key is this machine's. Returns CONTINUE when a key is to be
 * asked for, or the exit status.
 */
int registration_check_key(struct registration *run);

/*
 * Everything that must be right before a manager is troubled. Returns CONTINUE or the exit status.
 */
int registration_prepare(struct registration *run);

/*
 * Lock the key file, look again (somebody else may have registered us), and make sure that a key
 * can be stored. Returns CONTINUE, the exit status, or -ECANCELED.
 */
int registration_stage(struct registration *run, const struct deadline *deadline);

/* Give up the lock, and what was staged. */
void registration_release(struct registration *run);

/*
 * The agent's name, once this machine knows its own. Returns OUTCOME_OK, or another outcome with
 * `why` set.
 */
int registration_take_name(struct registration *run, struct reason *why);

/*
 * Ask the managers until one gives a key, within the budget. Returns CONTINUE with a key, or the
 * exit status.
 */
int registration_ask(struct registration *run);

/*
 * In place of preparing and asking: take the key that was brought, in the configured file or as it
 * is given, and stage. Returns CONTINUE with a key, the exit status (0: it is there already), or
 * -ECANCELED.
 */
int registration_import(struct registration *run);
int registration_import_given(struct registration *run, const struct import *import);

/* Is what key_file holds the key on the disk? If it is another one, the log says so. */
bool registration_key_file_is_used(const struct registration *run, const struct agent_key *key);
