/* SPDX-License-Identifier: ISC */
/*
 * The bearer of an enrollment with Wazuh 5 (enroll-jwt.h): a token that the client makes itself,
 * and that proves that it knows the registration password. Pure.
 */
#pragma once

#include "common/must-check.h"

#include <stdint.h>

/* Why a bearer is refused: the classes of failure of Wazuh 5. */
enum bearer_fault {
	BEARER_OK,
	BEARER_INVALID_REQUEST,   /* it is no bearer */
	BEARER_KEY_UNAVAILABLE,   /* libcrypto failed */
	BEARER_UNKNOWN_AGENT,     /* signed with the secret of an agent, which is unknown here */
	BEARER_UNKNOWN_TOKEN,     /* signed with an enrollment token */
	BEARER_INVALID_SIGNATURE, /* signed with another password */
	BEARER_STALE,             /* too old, or from the future */
};

/* Check a bearer against the password; `now` in seconds since the epoch. */
enum bearer_fault bearer_check(const char *bearer, const char *password, uint64_t now) must_check;

/* The name that Wazuh has for the fault: "stale_token". Empty for BEARER_OK. */
const char *bearer_fault_text(enum bearer_fault fault);
