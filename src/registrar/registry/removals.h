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

/* Made with removal_new(), freed with free(). */
struct removal_request {
	struct registry_user user;
	bool purge; /* nothing is left of them, whatever the manager's family keeps */
	size_t count;
	size_t length, room; /* of their texts: of each its id and its name, terminated */
	char texts[];
};

/* How much room the texts of an agent take, at most. */
#define REMOVAL_AGENT_MOST ((size_t)(AGENT_ID_MAX + 1 + AGENT_NAME_MAX + 1))

/* How much room these take. */
size_t removal_size(const char *id, const char *name);

/* With room for so many bytes of texts, and no agent in it. Null: out of memory. */
struct removal_request *removal_new(size_t room) must_check;

/* Add an agent, for whose texts there has to be room. */
void removal_add(struct removal_request *request, const char *id, const char *name);

/* An agent that is to be removed. */
struct removal_agent {
	const char *id, *name;
};

/*
 * The next agent of the request. `at` is null before the first one, and belongs to the function
 * from then on. False: there are no more.
 */
bool removal_next(const struct removal_request *request, const char **at,
		  struct removal_agent *ret) must_check;

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
