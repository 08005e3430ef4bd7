/* SPDX-License-Identifier: ISC */
#include "registrar/net/source-table.h"

#include "common/random-bytes.h"

#include <stdlib.h>
#include <string.h>

#define WAYS 8 /* places that a source can be in */

struct key {
	struct client_network source; /* family 0: the place is free */
	uint64_t name;                /* its hash; 0: none */
};

struct source_table {
	struct source_table_settings settings;
	uint64_t seed; /* secret, so that nobody can aim at one set of places */
	struct key *keys;
	unsigned char *records;
};

struct source_table *source_table_new(const struct source_table_settings *settings)
{
	struct source_table *table = calloc(1, sizeof *table);

	if (!table)
		return NULL;
	table->settings = *settings;
	table->keys = calloc(settings->record_count, sizeof *table->keys);
	table->records = calloc(settings->record_count, settings->record_size);
	if (table->keys && table->records && random_bytes(&table->seed, sizeof table->seed) == 0)
		return table;
	source_table_free(table);
	return NULL;
}

void source_table_free(struct source_table *table)
{
	if (!table)
		return;
	free(table->keys);
	free(table->records);
	free(table);
}

static uint64_t hash_name(const struct source_table *table, const char *name)
{
	uint64_t value = table->seed;

	if (!name)
		return 0;
	for (; *name; name++) {
		value = (value ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
		value ^= value >> 29;
	}
	return value | 1;
}

static void *record_at(const struct source_table *table, size_t place)
{
	return table->records + place * table->settings.record_size;
}

void *source_table_find(struct source_table *table, const struct client_network *source,
			const char *name, uint64_t now)
{
	const struct source_table_settings *settings = &table->settings;
	const struct key key = { .source = *source, .name = hash_name(table, name) };
	size_t sets = settings->record_count / WAYS;
	size_t first = client_network_hash(source, table->seed ^ key.name) % sets * WAYS;
	size_t least = first;

	for (size_t place = first; place < first + WAYS; place++) {
		if (table->keys[place].source.family != 0)
			settings->age(record_at(table, place), now, settings->owner);
		if (table->keys[place].name == key.name &&
		    client_network_is_same(&table->keys[place].source, source))
			return record_at(table, place);
		if (settings->matters_less(record_at(table, place), record_at(table, least)))
			least = place;
	}
	table->keys[least] = key;
	return memset(record_at(table, least), 0, settings->record_size);
}
