/* SPDX-License-Identifier: ISC */
#include "registrar/api/limits.h"

#include "common/deadline.h"
#include "registrar/net/client-network.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define WAYS 8 /* places that an address can be in */
#define SETS (API_ADDRESSES_MAX / WAYS)
#define MINUTE (60 * USEC_PER_SEC)

struct place {
	struct client_network network;
	unsigned int requests; /* since minute_at */
	unsigned int failures; /* since failure_at */
	uint64_t minute_at, failure_at, blocked_until;
};

struct api_limits {
	struct api_limits_settings settings;
	uint64_t seed; /* secret, so that no client can aim at one set */
	struct place places[SETS][WAYS];
};

struct api_limits *api_limits_new(const struct api_limits_settings *settings)
{
	struct api_limits *limits = calloc(1, sizeof *limits);

	if (!limits)
		return NULL;
	limits->settings = *settings;
	if (getrandom(&limits->seed, sizeof limits->seed, 0) != (ssize_t)sizeof limits->seed) {
		free(limits);
		return NULL;
	}
	return limits;
}

void api_limits_free(struct api_limits *limits)
{
	free(limits);
}

static struct place *set_of(struct api_limits *limits, const struct client_network *network)
{
	uint64_t value = limits->seed ^ network->family;

	for (size_t i = 0; i < sizeof network->bytes; i++) {
		value = (value ^ network->bytes[i]) * UINT64_C(0x100000001b3);
		value ^= value >> 29;
	}
	value *= limits->seed | 1;
	return limits->places[(value >> 32) % SETS];
}

/* What time has settled. */
static void age(struct place *place, const struct api_limits_settings *settings, uint64_t now)
{
	if (now >= place->minute_at + MINUTE)
		place->requests = 0;
	if (place->blocked_until != 0 && now >= place->blocked_until) {
		place->blocked_until = 0;
		place->failures = 0;
	}
	if (now >= place->failure_at + settings->block_time * USEC_PER_SEC)
		place->failures = 0;
}

/* Which of two places is the one to forget? */
static bool matters_less(const struct place *a, const struct place *b)
{
	if ((a->blocked_until != 0) != (b->blocked_until != 0))
		return a->blocked_until == 0;
	if (a->failures != b->failures)
		return a->failures < b->failures;
	return a->requests < b->requests;
}

/* The place of this address, made if need be. */
static struct place *find(struct api_limits *limits, const char *address, uint64_t now)
{
	struct client_network network = client_network_of(address);
	struct place *set = set_of(limits, &network), *least = set;

	for (size_t i = 0; i < WAYS; i++) {
		if (set[i].network.family != 0)
			age(&set[i], &limits->settings, now);
		if (client_network_is_same(&set[i].network, &network))
			return &set[i];
		if (matters_less(&set[i], least))
			least = &set[i];
	}
	*least = (struct place){ .network = network, .minute_at = now, .failure_at = now };
	return least;
}

bool api_limits_request(struct api_limits *limits, const char *address, uint64_t now)
{
	struct place *place;

	if (limits->settings.requests == 0)
		return true;
	place = find(limits, address, now);
	if (place->requests == 0)
		place->minute_at = now;
	if (place->requests >= limits->settings.requests)
		return false;
	place->requests++;
	return true;
}

bool api_limits_may_log_in(struct api_limits *limits, const char *address, uint64_t now)
{
	return find(limits, address, now)->blocked_until == 0;
}

bool api_limits_failure(struct api_limits *limits, const char *address, uint64_t now)
{
	struct place *place = find(limits, address, now);

	if (place->blocked_until != 0)
		return false;
	if (place->failures == 0)
		place->failure_at = now;
	place->failures++;
	if (place->failures < limits->settings.failures)
		return false;
	place->blocked_until = now + limits->settings.block_time * USEC_PER_SEC;
	return true;
}
