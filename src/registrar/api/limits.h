/* SPDX-License-Identifier: ISC */
/*
 * How much one address may ask of the API: so many requests a minute, so many failed logins before
 * it is locked out. The limits are those of Wazuh's API, which counts requests for all addresses
 * together; here one client that runs wild does not keep out the others.
 *
 * What counts as one address is in net/client-network.h. The table has a fixed size: when it is
 * full, the addresses that did the least are forgotten first.
 *
 * Pure but for its memory: time is what the caller says (monotonic_usec()).
 */
#pragma once

#include "common/must-check.h"

#include <stdbool.h>
#include <stdint.h>

#define API_ADDRESSES_MAX 4096

struct api_limits_settings {
	unsigned int requests; /* a minute; 0: any number */
	/* failed logins, within block_time after the first, that lock an address out */
	unsigned int failures;
	unsigned int block_time; /* seconds that it is locked out */
};

struct api_limits;

/* Returns null when out of memory or without random numbers. */
struct api_limits *api_limits_new(const struct api_limits_settings *settings) must_check;

/* Null is allowed. */
void api_limits_free(struct api_limits *limits);

/*
 * Count a request. False: it is one too many, say so and do nothing. `address` is a numeric
 * address.
 */
bool api_limits_request(struct api_limits *limits, const char *address, uint64_t now) must_check;

/* May this address log in now? */
bool api_limits_may_log_in(struct api_limits *limits, const char *address, uint64_t now) must_check;

/* Count a failed login. True: this one has locked the address out. */
bool api_limits_failure(struct api_limits *limits, const char *address, uint64_t now) must_check;
