/* SPDX-License-Identifier: ISC */
/*
 * The bodies that the API reads: JSON objects with the members that Wazuh 4.14.7 knows, and no
 * others (api/api/spec/spec.yaml, api/api/models/agent_added_model.py and agent_inserted_model.py),
 * with its refusals; for enrollment tokens, those of 5.0.0. Pure.
 */
#pragma once

#include "common/agent-key.h"
#include "common/must-check.h"
#include "registrar/api/problem.h"
#include "registrar/registry/token-requests.h"

#include <stdbool.h>
#include <stddef.h>

enum api_body_kind {
	API_BODY_ADD,    /* POST /agents: name, ip, force */
	API_BODY_INSERT, /* POST /agents/insert: also id, key */
	API_BODY_TOKEN,  /* POST /agents/enrollment-tokens */
};

/*
 * When an old agent may be replaced. Seconds. Without a member `force`, POST /agents replaces none,
 * and POST /agents/insert one that is older than an hour and was not seen for an hour.
 */
struct api_force {
	bool enabled;
	bool check_disconnected;
	long long disconnected_time;
	long long after_registration_time;
};

/* Texts that were not given are empty. Wipe with explicit_bzero(): holds a key. */
struct api_body {
	char name[AGENT_NAME_MAX + 1];
	char ip[AGENT_IP_MAX + 1];
	char id[AGENT_ID_MAX + 1];
	char key[AGENT_KEY_MAX + 1];
	struct api_force force;
	struct token_make_request token; /* without the user */
};

/*
 * Read a body of `length` bytes. What is checked here is what Wazuh's specification says of each
 * member by itself; whether the name is free or the address is one, say others. `is_typed`: the
 * client said that it is JSON; otherwise a body that is right up to here is refused for that.
 * False: `problem` is set, `ret` is not written.
 */
bool api_body_parse(struct api_body *ret, enum api_body_kind kind, bool is_typed, const char *text,
		    size_t length, struct api_problem *problem) must_check;

/* Has the name at most 128 characters? False: `problem` is set. */
bool api_name_is_short_enough(const char *name, struct api_problem *problem) must_check;
