/* SPDX-License-Identifier: ISC */
#include "registrar/net/loop-memory.h"

#include "common/library-memory.h"
#include "common/log.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>

/* What the connections of one turn of the loop take. */
#define RESERVE_SIZE ((size_t)1024 * 1024)

static void *reserve;

static bool make_reserve(void)
{
	if (!reserve)
		reserve = malloc(RESERVE_SIZE);
	return reserve;
}

/* False: there is none. */
static bool give_up_reserve(void)
{
	if (!reserve)
		return false;
	free(reserve);
	reserve = NULL;
	log_error("Out of memory: going on with the last %zu KiB", RESERVE_SIZE / 1024);
	return true;
}

/* What libevent makes of it, an answer to a head of which a part is missing, is no client's. */
static void *resize(void *memory, size_t size)
{
	void *resized = realloc(memory, size);

	if (size == 0)
		return resized;
	if (!resized && give_up_reserve())
		resized = realloc(memory, size);
	else if (resized)
		(void)make_reserve();
	return library_memory_note(resized);
}

static void *take(size_t size)
{
	return resize(NULL, size);
}

int loop_memory_set_up(void)
{
	event_set_mem_functions(take, resize, free);
	return make_reserve() ? 0 : -ENOMEM;
}

void loop_memory_lend(bool is_lent)
{
	library_memory_make_room_by(is_lent ? give_up_reserve : NULL);
}
