/* SPDX-License-Identifier: ISC */
/* One call of the API on its way through: what api.c prepares and a route carries out. */
#pragma once

#include "common/deadline.h"
#include "common/must-check.h"
#include "registrar/api/api.h"
#include "registrar/api/bearer.h"
#include "registrar/api/body.h"
#include "registrar/api/http.h"
#include "registrar/api/long-answers.h"
#include "registrar/api/parameters.h"
#include "registrar/api/request.h"
#include "registrar/api/response.h"
#include "registrar/net/turns.h"

#include <jansson.h>
#include <limits.h>
#include <stdint.h>

#define API_JSON_TYPE "application/json"

/* Is a content type, whatever its parameters, that of JSON? */
bool api_type_is_json(const char *type) must_check;

struct api {
	struct api_settings settings;
	struct event_base *base;
	struct api_http *http;
	struct api_limits *limits;
	struct registry *registry;
	struct turns *turns; /* of calls that work for long */
	struct long_answers long_answers;
	struct incoming_call *calls; /* without an answer yet */
	char node[HOST_NAME_MAX + 1];
};

/* What was asked, and by whom. */
struct call_input {
	struct api_path path;
	struct api_query query;
	bool pretty;                      /* whether the answer is to be indented */
	char token[REGISTRY_TOKEN_SIZE];  /* of a session; wiped */
	char user[REGISTRY_USER_MAX + 1]; /* whose session it is; empty: not logged in */
	struct api_body body;
};

/* What comes out: a text, or a problem. */
struct call_result {
	char *answer;
	struct evbuffer *body;    /* instead, if it may be long; owned */
	const char *content_type; /* of the answer; null: JSON */
	struct api_problem problem;
};

/* An enrollment with Wazuh 5. */
struct call_enroll {
	struct enroll_bearer bearer;
	json_t *members;         /* of the body; owned */
	unsigned int wait;       /* seconds, with 429: when to call again; 0: not known */
	enum bearer_fault fault; /* why the bearer was refused; BEARER_OK: another reason */
	int code;                /* authd's, for the problem; 0: it has none */
};

struct incoming_call;

/* What the registry has decided for a call: go on with it, or have it answered. */
typedef void api_decided_callback(struct incoming_call *call, struct registry_answer *answer);

/* What the registry is asked for. */
struct call_asking {
	struct registry_request request; /* what it has is owned */
	api_decided_callback *decided;
};

/* What a call works at in several steps. */
struct call_work {
	void *state; /* owned; null: nothing */
	void (*free)(void *state);
};

struct api_collection;

struct incoming_call {
	struct api *api;
	const struct api_settings *settings;
	struct api_exchange *exchange;
	const struct api_route *route;
	struct call_input input;
	struct call_result result;
	struct call_enroll enroll;
	struct call_asking asking;
	struct call_work work;
	struct long_answer long_answer;
	struct api_collection *collection; /* within that: the agents it is about */
	/* logging in: what was given as a name; wiped, because it can be a password */
	char tried_name[REGISTRY_USER_MAX + 1];
	struct incoming_call *next, **previous; /* among all calls of the API */
};

/* How a call registers an agent. */
struct api_registering {
	/*
	 * Describe what is wanted: `ret` is zero but for the client and the user, and its fields
	 * may point into the call. False: there is a problem.
	 */
	bool (*describe)(struct incoming_call *call, struct agent_registration *ret);
	/* Leave an answer or a problem in the call. */
	void (*decided)(struct incoming_call *call, const struct registration_decision *decision);
};

/*
 * A kind of call: one that asks the registry has `ask`, which has the call answered in the end, or,
 * to register an agent, `registering`; another one has `run_at_once`, which leaves an answer or a
 * problem in the call.
 */
struct api_route {
	enum api_method method;
	const char *pattern; /* api_path_matches() */
	bool is_login;       /* then none of the three: api_log_in() */
	void (*run_at_once)(struct incoming_call *call);
	void (*ask)(struct incoming_call *call);
	const struct api_registering *registering;
	const struct api_parameter_rule *parameters;
	/* for the "{}" of the pattern, in their order; null: there are none */
	const struct api_parameter_rule *path_parameters;
	bool has_body;
	enum api_body_kind body;
	/*
	 * For calls of the enrollment, which have a credential, a body and problems of their own:
	 * check all that is to be checked before the call is carried out, and then have that done
	 * (api_carry_out()), or answer. Null: a call of the API.
	 */
	void (*admit)(struct incoming_call *call);
	enum api_bucket bucket; /* that such a call counts in */
	/* the registry finds that the credential is not right; null: as the API does */
	void (*deny)(struct incoming_call *call);
	/* answer with `problem`, without freeing the call; null: as the API does */
	void (*answer_problem)(struct incoming_call *call);
};

/* Logging in and out (login.c); ends with a null pattern, like all of these. */
extern const struct api_route api_login_routes[];

/* What kind of API this is (about.c). */
extern const struct api_route api_about_routes[];

/* The calls about agents (agents.c). */
extern const struct api_route api_agent_routes[];

/* The calls about enrollment tokens (tokens.c). */
extern const struct api_route api_token_routes[];

/* The calls about groups (groups.c). */
extern const struct api_route api_group_routes[];

/* The calls of the enrollment with Wazuh 5 (enroll.c). */
extern const struct api_route api_enroll_routes[];

/* The call for a secret of an agent that is enrolled (enroll-secret.c). */
extern const struct api_route api_enroll_secret_routes[];

/* What every call at the enrollment's own port is until one of these is found: none of them. */
extern const struct api_route api_enroll_nothing;

/* Answer with 200 and this text (from malloc; null: out of memory), and free the call. */
void incoming_call_answer_text(struct incoming_call *call, char *text, const char *content_type);

/*
 * Answer that memory is short, and free the call. Something may be missing in the request as it was
 * understood, or in the answer; what was carried out stays so.
 */
void incoming_call_answer_later(struct incoming_call *call);

/* Answer with what has come out, and free the call. */
void incoming_call_answer(struct incoming_call *call);

/* Wipe and free a call, without an answer, wherever it waits. */
void incoming_call_free(struct incoming_call *call);

/* ------------------------------------------------------------------ login.c */

/* Have the name and password of the request tried; the call is answered then, or now. */
void api_log_in(struct incoming_call *call);

/* Find the user of the token, and then go on (api_go_on()), or answer. */
void api_take_token(struct incoming_call *call);

/* ------------------------------------------------------------------ carry-out.c */

/* The client may make the call: if it is complete, carry it out; otherwise answer. */
void api_go_on(struct incoming_call *call);

/* Do what is called for, and answer, now or later. */
void api_carry_out(struct incoming_call *call);

/* ------------------------------------------------------------------ ask.c, register.c */

/* How long a call may wait for client.keys, in microseconds; Wazuh's, for a request as a whole. */
#define API_LOCK_PATIENCE (10 * USEC_PER_SEC)

/*
 * Ask the registry. `content`, from malloc(), is taken over; null: out of memory. If it decides,
 * `decided` is called later. Otherwise the call is answered with the problem, perhaps before this
 * returns: do not use it any more.
 */
void api_ask(struct incoming_call *call, enum registry_type type, void *content,
	     api_decided_callback *decided);

/* Who makes the call. */
void api_name_user(const struct incoming_call *call, struct registry_user *ret);

/* Ask the registry for what the call wants; the call is answered then, or now if it is wrong. */
void api_register(struct incoming_call *call);

/* ------------------------------------------------------------------ enroll.c */

typedef enum bearer_fault api_bearer_parser(struct enroll_bearer *ret, const char *bearer);

/* What the bearer of the request is, if it has the form of one. */
enum bearer_fault api_enroll_read_bearer(struct incoming_call *call,
					 api_bearer_parser *parse) must_check;

/* What was found at once is wrong; what the registry finds is logged there. */
void api_enroll_log_bearer(struct incoming_call *call, enum bearer_fault fault);

/*
 * Count a wrong password or secret. False: there were too many; but whoever has the right one is
 * never refused, because many machines can be behind one address.
 */
bool api_enroll_count_wrong(struct incoming_call *call) must_check;

/* What is wrong with the version that the client speaks; null: nothing. */
const char *api_enroll_version_fault(struct incoming_call *call);

/* The header fields that belong to a refusal. */
void api_enroll_add_headers(struct incoming_call *call);

/* ------------------------------------------------------------------ list.c and others */

extern const struct api_parameter_rule api_list_parameters[], api_remove_parameters[];

extern const struct api_parameter_rule api_list_groups_parameters[];

/* GET /groups: list those that match (list-groups.c). */
void api_list_groups(struct incoming_call *call);
/* GET /agents: list the agents that match. */
void api_list_agents(struct incoming_call *call);
/* DELETE /agents: remove the agents that match. */
void api_remove_agents(struct incoming_call *call);
