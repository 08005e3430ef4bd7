/* SPDX-License-Identifier: ISC */
#include "registrar/api/limits.h"

#include "common/deadline.h"
#include "registrar/net/source-table.h"

#include <stddef.h>
#include <stdlib.h>

#define MINUTE (60 * USEC_PER_SEC)

/* What an address asked for; time 0: nothing yet. */
struct requests {
	unsigned int count; /* since then */
	uint64_t since;
};

/* Logins that failed, of an address with a name, or of the address with all names. */
struct failures {
	unsigned int count;
	uint64_t since, blocked_until;
};

/* Calls of one kind of an address. Zero: none lately. */
struct bucket {
	uint64_t used_until;   /* when as many may have been made as were */
	uint64_t turned_until; /* when the last one that was turned away is to come again */
};

struct api_limits {
	struct api_limits_settings settings;
	const struct network_list *exempt;
	struct source_table *requests, *failures, *buckets;
};

static void age_requests(void *argument, uint64_t now, const void *owner)
{
	struct requests *record = argument;

	(void)owner;
	if (now >= record->since + MINUTE)
		record->count = 0;
}

static bool requests_matter_less(const void *a, const void *b)
{
	const struct requests *one = a, *other = b;

	return one->count < other->count;
}

static void age_failures(void *argument, uint64_t now, const void *owner)
{
	const struct api_limits *limits = owner;
	struct failures *record = argument;

	if (record->blocked_until != 0 && now >= record->blocked_until) {
		record->blocked_until = 0;
		record->count = 0;
	}
	if (now >= record->since + limits->settings.block_time * USEC_PER_SEC)
		record->count = 0;
}

static bool failures_matter_less(const void *a, const void *b)
{
	const struct failures *one = a, *other = b;

	if ((one->blocked_until != 0) != (other->blocked_until != 0))
		return one->blocked_until == 0;
	return one->count < other->count;
}

static void age_bucket(void *argument, uint64_t now, const void *owner)
{
	struct bucket *bucket = argument;

	(void)owner;
	if (bucket->used_until <= now)
		bucket->used_until = 0;
	if (bucket->turned_until <= now)
		bucket->turned_until = 0;
}

static bool bucket_matters_less(const void *a, const void *b)
{
	const struct bucket *one = a, *other = b;

	return one->used_until < other->used_until;
}

struct api_limits *api_limits_new(const struct api_limits_settings *settings,
				  const struct network_list *exempt)
{
	struct api_limits *limits = calloc(1, sizeof *limits);
	struct source_table_settings requests = {
		.record_count = API_ADDRESSES_MAX,
		.record_size = sizeof(struct requests),
		.age = age_requests,
		.matters_less = requests_matter_less,
	};
	struct source_table_settings failures = {
		.record_count = API_ADDRESSES_MAX,
		.record_size = sizeof(struct failures),
		.age = age_failures,
		.matters_less = failures_matter_less,
		.owner = limits,
	};
	struct source_table_settings buckets = {
		.record_count = API_ADDRESSES_MAX,
		.record_size = sizeof(struct bucket),
		.age = age_bucket,
		.matters_less = bucket_matters_less,
	};

	if (!limits)
		return NULL;
	limits->settings = *settings;
	limits->exempt = exempt;
	limits->requests = source_table_new(&requests);
	limits->failures = source_table_new(&failures);
	limits->buckets = source_table_new(&buckets);
	if (limits->requests && limits->failures && limits->buckets)
		return limits;
	api_limits_free(limits);
	return NULL;
}

void api_limits_free(struct api_limits *limits)
{
	if (!limits)
		return;
	source_table_free(limits->requests);
	source_table_free(limits->failures);
	source_table_free(limits->buckets);
	free(limits);
}

bool api_limits_request(struct api_limits *limits, const char *address, uint64_t now)
{
	struct client_network network = client_network_of(address);
	struct requests *record;

	if (limits->settings.requests == 0 || network_list_has(limits->exempt, address))
		return true;
	record = source_table_find(limits->requests, &network, NULL, now);
	if (record->count == 0)
		record->since = now;
	if (record->count >= limits->settings.requests)
		return false;
	record->count++;
	return true;
}

/* As many at once as come within API_BUCKET_SECONDS, and then one every `interval`. */
static bool take_from(struct bucket *bucket, uint64_t interval, uint64_t now)
{
	if (bucket->used_until < now)
		bucket->used_until = now;
	if (bucket->used_until - now > API_BUCKET_SECONDS * USEC_PER_SEC - interval)
		return false;
	bucket->used_until += interval;
	return true;
}

/* One after the other. Those who would have to wait too long come among the others. */
static unsigned int turn_away(struct bucket *bucket, uint64_t interval, uint64_t now)
{
	bucket->turned_until = (bucket->turned_until < now ? now : bucket->turned_until) + interval;
	if (bucket->turned_until > now + MINUTE)
		bucket->turned_until = now + interval;
	return (unsigned int)((bucket->turned_until - now + USEC_PER_SEC - 1) / USEC_PER_SEC);
}

unsigned int api_limits_enroll(struct api_limits *limits, const char *address, enum api_bucket kind,
			       uint64_t now)
{
	static const char *const names[API_BUCKET_COUNT] = {
		[API_BUCKET_ENROLL] = "enroll",
		[API_BUCKET_CACERTS] = "cacerts",
	};
	struct client_network network = client_network_of(address);
	struct bucket *bucket;
	uint64_t interval;

	if (limits->settings.enrollments == 0 || network_list_has(limits->exempt, address))
		return 0;
	interval = USEC_PER_SEC / limits->settings.enrollments;
	bucket = source_table_find(limits->buckets, &network, names[kind], now);
	return take_from(bucket, interval, now) ? 0 : turn_away(bucket, interval, now);
}

static struct failures *find_failures(struct api_limits *limits, const char *address,
				      const char *name, uint64_t now)
{
	struct client_network network = client_network_of(address);

	return source_table_find(limits->failures, &network, name, now);
}

bool api_limits_may_log_in(struct api_limits *limits, const char *address, const char *name,
			   uint64_t now)
{
	return find_failures(limits, address, name, now)->blocked_until == 0;
}

static void count_failure(struct failures *record, uint64_t now)
{
	if (record->count == 0)
		record->since = now;
	record->count++;
}

bool api_limits_failure(struct api_limits *limits, const char *address, const char *name,
			uint64_t now)
{
	struct failures *record;

	if (network_list_has(limits->exempt, address))
		return false;
	count_failure(find_failures(limits, address, NULL, now), now);
	record = find_failures(limits, address, name, now);
	if (record->blocked_until != 0)
		return false;
	count_failure(record, now);
	if (record->count < limits->settings.failures)
		return false;
	record->blocked_until = now + limits->settings.block_time * USEC_PER_SEC;
	return true;
}

unsigned int api_limits_failures(struct api_limits *limits, const char *address, uint64_t now)
{
	return find_failures(limits, address, NULL, now)->count;
}
