/* SPDX-License-Identifier: ISC */
#include "client/registration/retry.h"

/* Mix 64 bits well (the finalizer of splitmix64, Steele et al. 2014). */
static uint64_t mix(uint64_t x)
{
	x += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

uint64_t retry_draw(uint64_t most, uint64_t seed, uint64_t attempt)
{
	uint64_t drawn = mix(mix(seed) ^ attempt);

	return most == UINT64_MAX ? drawn : drawn % (most + 1);
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/*
 * The shortest and the longest wait of a class. Bounds are at most ten years, so nothing overflows.
 */
static struct retry_bounds bounds_of(enum retry_class class, const struct retry_bounds *bounds)
{
	switch (class) {
	case RETRY_SHORTLY:
		return (struct retry_bounds){ least(5 * bounds->initial, bounds->max),
					      bounds->max };
	case RETRY_LATER:
		return (struct retry_bounds){ least(30 * bounds->initial, bounds->max),
					      bounds->max };
	case RETRY_SLOWLY:
		return (struct retry_bounds){ bounds->max, 4 * bounds->max };
	case RETRY_RARELY:
		return (struct retry_bounds){ 3 * bounds->max, 12 * bounds->max };
	default:
		return *bounds;
	}
}

uint64_t retry_wait(enum retry_class class, const struct retry_bounds *bounds, uint64_t previous,
		    uint64_t seed, uint64_t attempt)
{
	const struct retry_bounds own = bounds_of(class, bounds);
	uint64_t reach = 3 * (previous < own.initial ? own.initial : least(previous, own.max));

	return least(own.initial + retry_draw(reach - own.initial, seed, attempt), own.max);
}
