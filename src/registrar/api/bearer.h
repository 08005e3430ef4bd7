/* SPDX-License-Identifier: ISC */
/*
 * Reading the bearer of an enrollment with Wazuh 5, which the client makes itself (enroll-jwt.h).
 * Whether its signature is right is for the registry to say. Pure.
 */
#pragma once

#include "common/must-check.h"
#include "registrar/registry/enroll-bearer.h"

/*
 * Take a bearer apart. Returns BEARER_OK: it has the form of one; or what is wrong with it whatever
 * the secret is, without writing `ret`.
 */
enum bearer_fault bearer_parse(struct enroll_bearer *ret, const char *bearer) must_check;

/* The same for that of an agent's own request: anything else is none. */
enum bearer_fault bearer_parse_request(struct enroll_bearer *ret, const char *bearer) must_check;
