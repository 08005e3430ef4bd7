/* SPDX-License-Identifier: ISC */
#include "registrar/net/offences.h"

#include "common/deadline.h"
#include "registrar/net/source-table.h"

#include <stdlib.h>

#define RECORDS 8192
#define PENALTY_LEAST (15 * USEC_PER_SEC) /* less than this is forgiven */
#define PENALTY_MOST (600 * USEC_PER_SEC)
#define IDLE_INTERVAL (1 * USEC_PER_SEC)
#define REFUSAL_INTERVAL (2 * USEC_PER_SEC)
#define REFUSALS_AT_ONCE 5
#define REFUSAL_DELAY_MOST (8 * USEC_PER_SEC)

static const uint64_t costs[] = {
	[OFFENCE_NO_TLS] = 1 * USEC_PER_SEC,         [OFFENCE_NOTHING] = 1 * USEC_PER_SEC,
	[OFFENCE_TIMEOUT] = 3 * USEC_PER_SEC,        [OFFENCE_IDLE] = 10 * USEC_PER_SEC,
	[OFFENCE_WRONG_PASSWORD] = 5 * USEC_PER_SEC, [OFFENCE_FLOOD] = 30 * USEC_PER_SEC,
};

struct record {
	uint64_t penalty_until;
	uint64_t idle_at; /* when OFFENCE_IDLE was counted */
	/* when the wrong passwords would all have been refused, at one in each interval */
	uint64_t refused_until;
};

struct offences {
	struct source_table *table;
};

static void age(void *argument, uint64_t now, const void *owner)
{
	struct record *record = argument;

	(void)owner;
	if (record->penalty_until <= now)
		record->penalty_until = 0;
	if (record->refused_until <= now)
		record->refused_until = 0;
}

static bool matters_less(const void *a, const void *b)
{
	const struct record *one = a, *other = b;

	if (one->refused_until != other->refused_until)
		return one->refused_until < other->refused_until;
	return one->penalty_until < other->penalty_until;
}

struct offences *offences_new(void)
{
	const struct source_table_settings settings = {
		.record_count = RECORDS,
		.record_size = sizeof(struct record),
		.age = age,
		.matters_less = matters_less,
	};
	struct offences *offences = calloc(1, sizeof *offences);

	if (offences && (offences->table = source_table_new(&settings)))
		return offences;
	free(offences);
	return NULL;
}

void offences_free(struct offences *offences)
{
	if (offences)
		source_table_free(offences->table);
	free(offences);
}

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

void offences_add(struct offences *offences, const struct client_network *source,
		  enum offence offence, uint64_t now)
{
	struct record *record = source_table_find(offences->table, source, NULL, now);

	if (offence == OFFENCE_IDLE) {
		if (record->idle_at != 0 && now < record->idle_at + IDLE_INTERVAL)
			return;
		record->idle_at = now;
	}
	record->penalty_until = earlier(later(record->penalty_until, now) + costs[offence],
					now + PENALTY_MOST);
}

void offences_forgive(struct offences *offences, const struct client_network *source, uint64_t now)
{
	struct record *record = source_table_find(offences->table, source, NULL, now);

	record->penalty_until = 0;
}

bool offences_is_penalised(struct offences *offences, const struct client_network *source,
			   uint64_t now)
{
	const struct record *record = source_table_find(offences->table, source, NULL, now);

	return record->penalty_until > now + PENALTY_LEAST;
}

uint64_t offences_delay_refusal(struct offences *offences, const struct client_network *source,
				uint64_t now)
{
	static const uint64_t free_time = REFUSALS_AT_ONCE * REFUSAL_INTERVAL;
	struct record *record = source_table_find(offences->table, source, NULL, now);
	uint64_t until = earlier(later(record->refused_until, now) + REFUSAL_INTERVAL,
				 now + free_time + REFUSAL_DELAY_MOST);

	record->refused_until = until;
	return until > now + free_time ? until - now - free_time : 0;
}
