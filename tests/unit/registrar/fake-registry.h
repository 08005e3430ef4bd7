/* SPDX-License-Identifier: ISC */
/* A registry that keeps what it is asked, for a test to look at and to answer. */
#pragma once

#include "registrar/registry/registry.h"

#define FAKE_REQUESTS_MAX 16384

struct fake_registry {
	struct registry registry;                             /* first */
	struct registry_request *requests[FAKE_REQUESTS_MAX]; /* null: answered or withdrawn */
	size_t asked, withdrawn;
	bool refuses; /* out of memory */
};

/* An empty one; ends with its test. */
void fake_registry_init(struct fake_registry *fake);

/* Answer what was asked as the nth (from 0). */
void fake_registry_answer(struct fake_registry *fake, size_t n,
			  const struct registry_answer *answer);

/* Grant what was asked as the nth, a registration, as the agent 001. */
void fake_registry_grant(struct fake_registry *fake, size_t n);

/* Refuse all registrations that are open, with a refusal as long as there can be. */
void fake_registry_refuse_all(struct fake_registry *fake);
