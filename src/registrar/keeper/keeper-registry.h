/* SPDX-License-Identifier: ISC */
/*
 * The registry as the keeper gives it to those who speak with clients. It answers what is about
 * users and their sessions, about the bearers of enrollments, and about what speaking with clients
 * takes, itself; what is about agents it passes on to the registry of agents, but only what whoever
 * asks may ask for: what belongs to users of the API needs the session of one.
 */
#pragma once

#include "common/must-check.h"
#include "registrar/agents/secrets.h"
#include "registrar/keeper/sessions.h"
#include "registrar/net/peer-log.h"
#include "registrar/registry/registry.h"

#include <event2/event.h>

/* What is pointed to outlives the registry. */
struct keeper_registry_settings {
	struct event_base *base;
	struct registry *agents;       /* who decides about agents, and stores them */
	struct agent_secrets *secrets; /* of agents that enroll again; null: there are none */
	struct enroll_tokens *tokens;  /* null: there are none */
	struct sessions *sessions;     /* null: there is no API, and nobody can log in */
	const char *password;          /* for registrations, copied; null: none is demanded */
	struct peer_log *log;          /* refused bearers are logged as it allows */
	/*
	 * Read the material, and see whether it can be used. Returns 0, or a negative errno with
	 * `why` set.
	 */
	int (*read_material)(void *owner, struct material *ret, struct reason *why);
	void *owner;
};

/*
 * What a request takes is done in turns of a millisecond; material is read eight times at once, and
 * then once a second, and whoever asks for it more often waits.
 *
 * The password is that of `settings` until material has been handed out, and then what is in that.
 * Null: out of memory. Free it with registry_free().
 */
struct registry *keeper_registry_new(const struct keeper_registry_settings *settings) must_check;
