/* SPDX-License-Identifier: ISC */
/*
 * What a request has to be by itself, whoever is registered already: the checks that Wazuh 4.14.7
 * makes while it reads the fields (src/os_auth/auth.c), in its order and with its texts. Pure.
 */
#pragma once

#include "common/must-check.h"
#include "registrar/enrollment/enrollment.h"

#include <stddef.h>

/*
 * Check name, version, groups and address, in this order; fields that were not given are fine, but
 * for the name. Returns REGISTRATION_OK; or the fault, with the refusal for the client in
 * `refusal`. Whether the groups exist is asked later: group-rules.h.
 */
enum registration_fault request_rules_check(const struct enrollment_policy *policy,
					    const struct enrollment_request *request, char *refusal,
					    size_t size) must_check;

/*
 * What is to be the agent's address: the client's own words, where it comes from, or "any". Points
 * into the request.
 */
struct authd_field request_rules_address(const struct enrollment_policy *policy,
					 const struct enrollment_request *request);
