/* SPDX-License-Identifier: ISC */
/*
 * Agents that are to be removed, all of them in one transaction, and which of them were. Each is
 * named by its id and its name: it is removed only if both are still those of an agent.
 */
#pragma once

#include "common/agent-key.h"
#include "common/must-check.h"
#include "registrar/registry/user-requests.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REMOVAL_MAX ((size_t)1 << 19) /* agents: a bit of the answer for each is half a packet */

struct removal_agent {
	char id[AGENT_ID_MAX + 1];
	char name[AGENT_NAME_MAX + 1];
};

/* Made with removal_new(), freed with free(). */
struct removal_request {
	struct registry_user user;
	bool purge; /* nothing is left of them, whatever the manager's family keeps */
	size_t count;
	struct removal_agent agents[];
};

/* With room for so many agents, and none in it. Null: out of memory, or they are too many. */
struct removal_request *removal_new(size_t count) must_check;

enum removal_fault {
	REMOVAL_OK,
	REMOVAL_INTERNAL, /* none was removed, because of the manager's machine */
};

struct removal_answer {
	enum removal_fault fault;
	/* The agents of the request in its order, eight a byte, the lowest bit first. Owned. */
	unsigned char *removed;
	size_t count; /* of agents */
};

/* Was the nth agent (from 0) removed? */
bool removal_has(const struct removal_answer *answer, size_t n);
