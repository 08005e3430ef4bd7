/* SPDX-License-Identifier: ISC */
#include "common/text-index.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define SIZE_MIN 64

/*
 * Names come from the network: a secret seed keeps chosen names from piling up
 * in one place.
 */
static uint64_t hash_seed(void)
{
	static uint64_t seed;

	if (seed == 0 && getrandom(&seed, sizeof seed, GRND_NONBLOCK) != (ssize_t)sizeof seed)
		seed = (uint64_t)(uintptr_t)&seed;
	seed |= 1;
	return seed;
}

static size_t hash(const char *text, size_t length)
{
	uint64_t value = UINT64_C(0xcbf29ce484222325) ^ hash_seed();

	for (size_t i = 0; i < length; i++) {
		value = (value ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
		value ^= value >> 29;
	}
	value *= hash_seed();
	return (size_t)(value ^ (value >> 32));
}

static bool slot_has(const struct text_index_slot *slot, const char *text, size_t length)
{
	return slot->record && slot->length == length && memcmp(slot->text, text, length) == 0;
}

static void put(struct text_index *index, struct text_index_slot slot)
{
	size_t i = hash(slot.text, slot.length) & (index->size - 1);

	while (index->slots[i].text)
		i = (i + 1) & (index->size - 1);
	index->slots[i] = slot;
	index->used++;
}

/* Make room for one more, at most half full; removed slots are dropped on the way. */
static int grow(struct text_index *index)
{
	struct text_index old = *index;
	size_t live = 0, size = SIZE_MIN;

	for (size_t i = 0; i < old.size; i++)
		live += old.slots[i].record != NULL;
	while (size < 4 * (live + 1))
		size *= 2;
	index->slots = calloc(size, sizeof *index->slots);
	if (!index->slots) {
		*index = old;
		return -ENOMEM;
	}
	index->size = size;
	index->used = 0;
	for (size_t i = 0; i < old.size; i++)
		if (old.slots[i].record)
			put(index, old.slots[i]);
	free(old.slots);
	return 0;
}

int text_index_add(struct text_index *index, const char *text, size_t length, void *record)
{
	if (2 * (index->used + 1) > index->size) {
		int r = grow(index);

		if (r < 0)
			return r;
	}
	put(index, (struct text_index_slot){ text, length, record });
	return 0;
}

void *text_index_find(const struct text_index *index, const char *text, size_t length)
{
	if (index->size == 0)
		return NULL;
	for (size_t i = hash(text, length) & (index->size - 1); index->slots[i].text;
	     i = (i + 1) & (index->size - 1))
		if (slot_has(&index->slots[i], text, length))
			return index->slots[i].record;
	return NULL;
}

void text_index_remove(struct text_index *index, const char *text, size_t length,
		       const void *record)
{
	if (index->size == 0)
		return;
	for (size_t i = hash(text, length) & (index->size - 1); index->slots[i].text;
	     i = (i + 1) & (index->size - 1))
		if (index->slots[i].record == record && slot_has(&index->slots[i], text, length)) {
			index->slots[i] = (struct text_index_slot){ .text = "" };
			return;
		}
}

void text_index_clear(struct text_index *index)
{
	free(index->slots);
	*index = (struct text_index){ 0 };
}
