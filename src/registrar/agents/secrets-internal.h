/* SPDX-License-Identifier: ISC */
/*
 * What the parts of the secrets share: secrets-index.c has what is known, secrets-file.c reads and
 * writes it, secrets.c stages changes. Only these include it.
 */
#pragma once

#include "common/must-check.h"
#include "common/text-index.h"
#include "registrar/agents/secrets.h"

#include <sys/stat.h>

/* Whoever has secrets. */
struct secret_holder {
	struct secret_holder *next;
	struct agent_secret *newest; /* null: it has none any more */
	char id[AGENT_ID_MAX + 1];
};

/* An agent for which something is staged: the newest of its secrets. */
struct staged_secret {
	struct staged_secret *next;
	struct secret_holder *holder;
};

struct agent_secrets {
	char *path;
	const struct roster *roster;
	struct secret_holder *holders;
	struct text_index by_id;
	size_t lines;      /* of the file */
	struct stat known; /* as the file was when it was last read or written; st_ino 0: never */
	bool is_read;
	bool is_unterminated; /* its last byte is no newline */
	bool is_unflushed;    /* it is there, and may not be after a crash */
	int fd;               /* of the file, open for additions; -1: not */
	struct staged_secret *staged;
	char *text; /* the lines to append; wiped after use */
	size_t text_length, text_room;
};

/* The holder with this id, made if need be. Null: out of memory. */
struct secret_holder *secrets_make_holder(struct agent_secrets *secrets, const char *id) must_check;

/* Discard a secret, of which this is the link, and all behind it. */
void secrets_discard_from(struct agent_secret **link);

/* Forget everything that is known. */
void secrets_forget(struct agent_secrets *secrets);

/*
 * Take over what a line says, in the order of the file. Returns 0 or -ENOMEM.
 */
int secrets_take_line(struct agent_secrets *secrets, const struct secret_line *line) must_check;

/*
 * Open the file for additions, and make it if it is missing. Returns 0, or a negative errno with
 * `why` set.
 */
int secrets_file_open(struct agent_secrets *secrets, struct reason *why) must_check;

/* Is so little of the file still true that it is to be replaced? */
bool secrets_file_is_long(const struct agent_secrets *secrets) must_check;

/* Replace the file by what is known of agents that there are. As secrets_file_open(). */
int secrets_file_compact(struct agent_secrets *secrets, struct reason *why) must_check;
