/* SPDX-License-Identifier: ISC */
/*
 * How much one address may ask of the API: so many requests a minute, so many failed logins with a
 * user name before it is locked out with that name. The limits are those of Wazuh's API, which
 * counts requests for all addresses together, and failed logins for all names; here one client that
 * runs wild does not keep out the others, not even those behind the same address. Calls of the
 * enrollment have a limit of their own: a fleet that boots at once may be behind one address.
 *
 * What counts as one address is in net/client-network.h. The table has a fixed size
 * (net/source-table.h): when it is full, the addresses that did the least are forgotten first.
 *
 * Pure but for its memory: time is what the caller says (monotonic_usec()).
 */
#pragma once

#include "common/must-check.h"
#include "registrar/net/network-list.h"

#include <stdbool.h>
#include <stdint.h>

#define API_ADDRESSES_MAX 4096 /* for requests, and as many for failed logins */

struct api_limits_settings {
	unsigned int requests; /* a minute; 0: any number */
	/* failed logins, within block_time after the first, that lock an address out */
	unsigned int failures;
	unsigned int block_time; /* seconds that it is locked out */
	/* a second, of one kind of the enrollment's calls; 0: any number */
	unsigned int enrollments;
};

/* The kinds of the enrollment's calls. */
enum api_bucket { API_BUCKET_ENROLL, API_BUCKET_CACERTS, API_BUCKET_COUNT };

/* So many seconds may pass in silence: what was not used in them may be used at once. */
#define API_BUCKET_SECONDS 10

struct api_limits;

/*
 * `exempt` (which outlives it): addresses without limits. Returns null when out of memory or
 * without random numbers.
 */
struct api_limits *api_limits_new(const struct api_limits_settings *settings,
				  const struct network_list *exempt) must_check;

/* Null is allowed. */
void api_limits_free(struct api_limits *limits);

/*
 * Count a request. False: it is one too many, say so and do nothing. `address` is a numeric
 * address.
 */
bool api_limits_request(struct api_limits *limits, const char *address, uint64_t now) must_check;

/*
 * Count a call of the enrollment. Returns 0; or it is one too many, and after how many seconds it
 * is to be made again, 1 to 60: those who are turned away are told different times, so that they
 * do not come together.
 */
unsigned int api_limits_enroll(struct api_limits *limits, const char *address,
			       enum api_bucket bucket, uint64_t now) must_check;

/* May this address log in now with this name, which need not be a user's? */
bool api_limits_may_log_in(struct api_limits *limits, const char *address, const char *name,
			   uint64_t now) must_check;

/* Count a failed login. True: this one has locked the address out with this name. */
bool api_limits_failure(struct api_limits *limits, const char *address, const char *name,
			uint64_t now) must_check;

/* How many logins of this address failed lately, with any name. */
unsigned int api_limits_failures(struct api_limits *limits, const char *address,
				 uint64_t now) must_check;
