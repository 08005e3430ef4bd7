/* SPDX-License-Identifier: ISC */
/*
 * The registry: whoever decides who gets a key, and stores that. Those who speak with clients ask
 * it, and know nothing of what is behind it: the file client.keys (keeper/file-registry.h), or
 * another process.
 *
 * A request is plain data and is answered once, later, from the event loop; an answer that grants
 * something is given when that is on the disk. A request can be withdrawn until then. It may still
 * be carried out, if the registry hears too late that nobody waits any more: that is an answer that
 * was lost on its way to the client.
 */
#pragma once

#include "common/must-check.h"
#include "registrar/registry/agent-registration.h"
#include "registrar/registry/enroll-bearer.h"
#include "registrar/registry/listings.h"
#include "registrar/registry/material.h"
#include "registrar/registry/removals.h"
#include "registrar/registry/token-requests.h"
#include "registrar/registry/user-requests.h"
#include "registrar/registry/user-session.h"

#include <stdint.h>

/* What is asked for. */
enum registry_type {
	REGISTRY_REGISTER, /* an agent is to be registered */
	REGISTRY_KEY,      /* a user of the API wants the key of an agent */
	REGISTRY_JOIN,     /* ... or an agent to be in a group */
	REGISTRY_LOGIN,    /* somebody wants to be a user of the API */
	REGISTRY_SESSION,  /* whose session is it? */
	REGISTRY_LOGOUT,   /* a user of the API wants all its sessions to end */
	REGISTRY_BEARER,   /* may an agent of Wazuh 5 enroll? */
	/* Whoever speaks with clients wants what that takes, as the files have it now. */
	REGISTRY_MATERIAL,
	REGISTRY_REMOVE, /* ... or agents to be removed */
	REGISTRY_AGENTS, /* ... or a page of the list of agents */
	REGISTRY_GROUPS, /* ... or of the list of groups */
	REGISTRY_SECRET, /* an agent wants a secret for enrolling again */
	/* A user of the API wants: */
	REGISTRY_TOKEN_MAKE, /* an enrollment token */
	REGISTRY_TOKENS,     /* a page of the list of them */
	REGISTRY_TOKEN_END,  /* some to be revoked or removed */
	REGISTRY_TYPES,
};

enum registry_outcome {
	REGISTRY_DECIDED, /* look at what was decided */
	/* It stayed locked by another program until the request's time was up. */
	REGISTRY_BUSY,
	/* Nothing was decided, because of the manager's machine; the registry has logged why. */
	REGISTRY_FAILED,
	/* Whoever asks may not: it is nobody's session, or the bearer is not right. */
	REGISTRY_DENIED,
	/*
	 * Nothing was decided, for want of memory, or because what a client proves could not be
	 * checked, which has been logged: asking again may help.
	 */
	REGISTRY_NO_MEMORY,
};

/*
 * What the registry says. Where nothing was decided, the fault in it is the INTERNAL one of its
 * type. Release it with registry_answer_clear().
 */
struct registry_answer {
	enum registry_outcome outcome;
	enum registry_type type; /* of the request: says which of the following counts */
	union {
		struct registration_decision decision;
		struct key_answer key;
		struct join_answer join;
		struct login_answer login;
		struct session_answer session; /* and logging out */
		struct bearer_answer bearer;
		struct material_answer material;
		struct removal_answer removal;
		struct agents_page agents;
		struct groups_page groups;
		struct secret_answer secret;
		struct token_make_answer token_make;
		struct tokens_page tokens;
		struct token_end_answer token_end;
	};
};

/* What a registry in another process, the keeper, says without being asked. */
enum registry_news {
	REGISTRY_NEWS_RELOAD,  /* there is other material: ask for it again */
	REGISTRY_NEWS_CLOSING, /* it answers what it has been asked, and ends */
	REGISTRY_NEWS_PING,    /* it wants a report at once */
};

struct registry;

/*
 * A request on its way: part of the memory of who asks, who sets everything up to `owner` and keeps
 * what it points to until it is answered or withdrawn. The rest is the registry's.
 */
struct registry_request {
	enum registry_type type; /* says which of the following it has */
	union {
		const struct agent_registration *registration;
		const struct key_request *key;
		const struct join_request *join;
		const struct login_request *login;
		const struct registry_user *session; /* and logging out */
		const struct bearer_request *bearer; /* and for a secret */
		const struct removal_request *removal;
		const struct agents_request *agents;
		const struct groups_request *groups;
		const struct token_make_request *token_make;
		const struct tokens_request *tokens;
		const struct token_end_request *token_end;
		const void *content; /* whichever it is; null: there is none, as for material */
	};
	uint64_t give_up_at; /* monotonic_usec(); 0: not before it is withdrawn */
	/* The answer is valid during the call, and cleared then, but for what was taken out. */
	void (*answered)(void *owner, struct registry_answer *answer);
	void *owner;
	struct registry *registry;        /* null: it is nowhere */
	void *pending;                    /* what the registry keeps of it */
	char user[REGISTRY_USER_MAX + 1]; /* whose session it is, when that is known */
};

/*
 * How many requests of a type another process should be asked at a time by those who share a
 * connection to it, because their answers are long, or they are. SIZE_MAX: as many as one likes.
 */
size_t registry_type_limit(enum registry_type type) must_check;

/* The token of the user of the API who asks. Null: it is not for users. */
const char *registry_request_token(const struct registry_request *request);

/* Wipe and free what the request has, which came from malloc(); it has nothing then. */
void registry_request_clear(struct registry_request *request);

/* Wipe the answer, and free what it has. Fit for cleanup(). */
void registry_answer_clear(struct registry_answer *answer);

/*
 * The answer to a request about which nothing was decided. Its content may be null: then the answer
 * does not say which agent it is about.
 */
void registry_answer_fail(struct registry_answer *ret, const struct registry_request *request,
			  enum registry_outcome outcome);

/*
 * What an implementation does; see the functions below. `submit` may pass a request on to another
 * registry, with registry_submit().
 */
struct registry_operations {
	int (*submit)(struct registry *registry, struct registry_request *request);
	void (*withdraw)(struct registry *registry, struct registry_request *request);
	void (*free)(struct registry *registry);
};

/* The beginning of an implementation's own struct. */
struct registry {
	const struct registry_operations *operations;
};

/* For implementations: the request is its owner's again, and is answered. */
void registry_answer(struct registry_request *request, struct registry_answer *answer);

/*
 * Ask. `answered` is called once, never from within this function; the request is the owner's again
 * then, and may be freed there. Returns 0, or a negative errno: it was not asked.
 */
int registry_submit(struct registry *registry, struct registry_request *request) must_check;

/* Withdraw a request, if it is somewhere: nothing more is heard of it. */
void registry_withdraw(struct registry_request *request);

/* Free a registry in which no request is left. Null is allowed. */
void registry_free(struct registry *registry);
