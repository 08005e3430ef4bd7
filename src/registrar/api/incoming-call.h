/* SPDX-License-Identifier: ISC */
/* One call of the API on its way through: what api.c prepares and a route carries out. */
#pragma once

#include "registrar/api/api.h"
#include "registrar/api/body.h"
#include "registrar/api/http.h"
#include "registrar/api/parameters.h"
#include "registrar/api/password-worker.h"
#include "registrar/api/request.h"
#include "registrar/api/response.h"
#include "registrar/api/token.h"
#include "registrar/api/users.h"

#include <jansson.h>
#include <limits.h>
#include <stdint.h>

#define API_JSON_TYPE "application/json"

struct api {
	struct api_settings settings;
	struct api_http *http;
	struct password_worker *worker;
	struct api_limits *limits;
	struct api_token_key key;
	struct api_users users;
	bool users_are_bad; /* and the log has been told */
	struct event *commit;
	struct incoming_call *ready, **ready_end; /* waiting for a transaction */
	struct incoming_call *trying;             /* waiting for the worker */
	char node[HOST_NAME_MAX + 1];
};

/* An agent that a call has removed. */
struct api_removed {
	char id[AGENT_ID_MAX + 1];
	char name[AGENT_NAME_MAX + 1];
};

struct incoming_call {
	struct api *api;
	const struct api_settings *settings;
	struct api_exchange *exchange;
	const struct api_route *route;
	struct api_path path;
	struct api_query query;
	bool pretty;
	char user[API_USER_NAME_MAX + 1]; /* who asks; empty: nobody who is known */
	struct api_body body;
	struct api_password tried; /* logging in: the hash that the password was to fit */

	/* What comes out: a text, or a problem. */
	char *answer;
	const char *content_type; /* of the answer; null: JSON */
	struct api_problem problem;

	/* For calls that change something: */
	/* what to say when it cannot be stored; API_CODE_NONE: nothing was staged */
	enum api_code on_failure;
	struct enrollment *enrollment; /* to be logged when it is stored; owned, wiped */
	struct api_removed *removed;   /* the same; owned */
	size_t removed_count;

	/* Enrolling with Wazuh 5: */
	json_t *members;          /* of the body; owned */
	const char *enroll_class; /* why the bearer was refused; null: something else is wrong */
	int enroll_code;          /* authd's, for the problem; 0: it has none */

	struct incoming_call *next; /* of those that wait for the same transaction */
	uint64_t give_up_at;        /* monotonic_usec() */
};

/*
 * A kind of call. `run` is called within a transaction of the roster, stages what is to be changed,
 * and leaves an answer or a problem in the call. Calls that do not look at the roster have
 * `run_at_once` instead, and need not wait.
 */
struct api_route {
	enum api_method method;
	const char *pattern; /* api_path_matches() */
	bool is_login;       /* then none of the two: api_log_in() */
	void (*run)(struct incoming_call *call);
	void (*run_at_once)(struct incoming_call *call);
	const struct api_parameter_rule *parameters;
	bool has_body;
	enum api_body_kind body;
	/*
	 * For calls of the enrollment, which have a credential, a body and problems of their own:
	 * check all that is to be checked before `run`. False: there is a problem. Null: a call of
	 * the API.
	 */
	bool (*admit)(struct incoming_call *call);
	/* answer with `problem`, without freeing the call; null: as the API does */
	void (*answer_problem)(struct incoming_call *call);
};

/* Logging in and out (login.c); ends with a null pattern, like all of these. */
extern const struct api_route api_login_routes[];

/* What kind of API this is (about.c). */
extern const struct api_route api_about_routes[];

/* The calls about agents (agents.c). */
extern const struct api_route api_agent_routes[];

/* The calls of the enrollment with Wazuh 5 (enroll.c). */
extern const struct api_route api_enroll_routes[];

/* Answer with 200 and this text (from malloc; null: out of memory), and free the call. */
void incoming_call_answer_text(struct incoming_call *call, char *text, const char *content_type);

/* Answer with what has come out, and free the call. */
void incoming_call_answer(struct incoming_call *call);

/* Wipe and free a call, without an answer. */
void incoming_call_free(struct incoming_call *call);

/* ------------------------------------------------------------------ login.c */

/*
 * Try the name and password of the request; the worker takes its time, and then the call is
 * answered. False: there is a problem already.
 */
bool api_log_in(struct incoming_call *call);

/* Learn from the token who asks. False: there is a problem. */
bool api_take_token(struct incoming_call *call);

/* ------------------------------------------------------------------ list.c */

#define API_REMOVE_AGE "7d" /* younger agents are removed only when older_than says so */

extern const struct api_parameter_rule api_list_parameters[], api_remove_parameters[];

void api_list_agents(struct incoming_call *call);
void api_remove_agents(struct incoming_call *call);
