/* SPDX-License-Identifier: ISC */
/*
 * The identity of this machine: the agent's name, and the marks by which a copy of its disk is
 * detected.
 */
#pragma once

#include "common/agent-key.h"
#include "common/outcome.h"
#include "common/reason.h"

#include <stdint.h>

#define IDENTITY_MACHINE_SIZE 33 /* 32 hexadecimal digits and the terminator */
#define IDENTITY_INSTANCE_SIZE 256

/* What tells this machine from others; each is empty when it is not known. */
struct identity_marks {
	char machine[IDENTITY_MACHINE_SIZE];   /* identity_machine() */
	char instance[IDENTITY_INSTANCE_SIZE]; /* identity_instance() */
};

/*
 * Expand the specifiers in `template`: %H host name, %l host name up to its first dot, %m machine
 * id, %b boot id, %i cloud instance id (/var/lib/cloud/data/instance-id), %%. Returns OUTCOME_OK;
 * OUTCOME_NOT_READY when the machine has no host name yet (none, "localhost", "(none)") or a source
 * is missing; OUTCOME_MISCONFIGURED when the result is not a name that every manager accepts (2 to
 * 127 of A-Z a-z 0-9 . _ -); in both cases `why` is set.
 */
int identity_name(char ret[static AGENT_NAME_MAX + 1], const char *template, struct reason *why);

/*
 * The mark of this machine: a hash of its machine ID that is specific to this program, so that the
 * ID is not disclosed (see machine-id(5)). Empty when the machine has no ID yet.
 */
void identity_machine(char ret[static IDENTITY_MACHINE_SIZE]);

/* The cloud instance ID recorded by cloud-init; empty when there is none. */
void identity_instance(char ret[static IDENTITY_INSTANCE_SIZE]);

/* The marks of this machine, now. */
void identity_read_marks(struct identity_marks *ret);

/* The ID of this boot; empty when it cannot be read. */
void identity_boot(char ret[static IDENTITY_MACHINE_SIZE]);

/* A number that differs between machines and is always the same on one. */
uint64_t identity_seed(void);

/*
 * The name to use instead of one that is already in use: NAME-XXXXXXXX with 8 hexadecimal digits of
 * the machine's mark, and NAME truncated to fit. Returns 0, or -ENODATA when the machine has no ID.
 */
int identity_suffixed_name(char ret[static AGENT_NAME_MAX + 1], const char *name);
