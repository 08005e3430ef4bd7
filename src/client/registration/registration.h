/* SPDX-License-Identifier: ISC */
/* One run of the program, as its steps see it; split by what it is about. */
#pragma once

#include "client/agent-files/key-files.h"
#include "client/agent-files/ossec-conf-file.h"
#include "client/config/config.h"
#include "client/registration/access.h"
#include "client/registration/observer.h"
#include "client/registration/own-secret.h"
#include "client/registration/probe.h"
#include "client/registration/retry.h"
#include "client/registration/state.h"
#include "client/system/file-watch.h"
#include "common/agent-key.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

/* What a step returns besides an exit status (>= 0) and -ECANCELED: the next step follows. */
#define CONTINUE (-EAGAIN)

/* How the run was started. Nothing is owned. */
struct run_mode {
	const char *state_directory;
	bool force;      /* register even if there is a key */
	bool is_service; /* started by systemd, which will start us again after a failure */
	bool is_restart; /* ... and this is such a start */
	/*
	 * ... after one in this boot that used up its budget: READY=1 has been sent, no unit waits
	 */
	bool is_background;
	int stop_fd; /* readable: stop now */
	/* ends a wait when what the run depends on is changed; null: nothing does */
	struct file_watch *watch;
	uint64_t started_at; /* CLOCK_MONOTONIC, microseconds; see register_how */
	bool is_again;       /* after a change of the configuration */
	const struct register_observer *observer; /* null: only the log */
};

/* The key that there was, and the one that takes its place. Wipe with key_change_wipe(). */
struct key_change {
	enum keystore_state found; /* what the key file held */
	bool is_clone;             /* it held the key of another machine */
	struct agent_key old;      /* with KEYSTORE_KEY */
	char old_hash[AGENT_KEY_HASH_SIZE];
	struct agent_key new;
	struct reenroll_secret old_secret; /* this agent's own; without text: none */
	struct reenroll_secret new_secret; /* that came with the new key; without text: none */
	char *new_anchor;                  /* PEM of the CA that came with it; owned; null: none */
	/* the file it was imported from; not owned; null: it is requested from a manager */
	const char *imported_from;
	/* CLOCK_MONOTONIC, microseconds; who was started before that has not seen the new key */
	uint64_t stored_at;
};

/* What is asked for, and the manager that is or was asked last. */
struct request {
	char name[AGENT_NAME_MAX + 1]; /* empty: not known yet */
	bool is_suffixed;              /* the name has got its suffix already */
	/* the name that the configuration says, of which `name` is what a manager made of it */
	char configured_name[AGENT_NAME_MAX + 1];
	char *groups; /* owned; separated by commas; null: none */
	/* those that the manager does not have, so that `groups` has another one */
	char missing_groups[MISSING_GROUPS_SIZE];
	struct endpoint manager;
	char manager_text[ENDPOINT_TEXT_SIZE]; /* of `manager`; empty: none yet */
	/* its message in the current attempt, escaped; empty: none */
	char manager_message[REASON_MESSAGE_SIZE];
	struct retry_advice advice; /* of its answer */
	bool secret_was_refused;    /* this agent's own; it is not tried again in this round */
	bool answer_was_lost;       /* an earlier request of this name to it had no answer */
	bool failure_was_logged;    /* one of this manager, in this run */
};

struct registration {
	const struct config *config;
	struct run_mode mode;
	struct key_files files;
	struct ossec_conf_file agent_conf;
	/* CLOCK_MONOTONIC, microseconds; with a key that was there already; 0: not changed */
	uint64_t agent_conf_changed_at;
	bool agent_conf_failed; /* it could not be stored before the new key */
	struct key_change key;
	struct access access;
	struct own_secret
		own; /* of the method enroll; behind prepare_registration() without text */
	struct probe probe;
	struct request request;
	struct state state;
	bool state_is_lost; /* it cannot be saved; the log has said so */
	time_t changed_at;  /* when the configuration or a file it names was last written */
};

/* Wipe the keys and secrets, free the rest. */
static inline void key_change_wipe(struct key_change *key)
{
	free(key->new_anchor);
	explicit_bzero(key, sizeof *key);
}
