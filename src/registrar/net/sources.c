/* SPDX-License-Identifier: ISC */
#include "registrar/net/sources.h"

#include "common/random-bytes.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#define SLOTS 4096 /* of the hash table; a power of two */
#define FIRST_RANKS 64
#define CHOICES 64 /* so many of a list are looked at */

/* Idle connections, the longest idle first. */
struct idle_list {
	struct source_member *first, *last;
};

struct source {
	struct client_network network; /* none: it is not in the hash table */
	struct source *next_in_slot;
	size_t count;      /* open connections */
	size_t idle_count; /* those of them that are idle */
	struct idle_list idle;
	struct source *next, *previous; /* its neighbours in its rank */
};

/* The sources with the same number of idle connections, in the order in which they got there. */
struct rank {
	struct source *first, *last;
};

struct sources {
	uint64_t seed; /* secret, so that nobody can aim at one slot */
	struct source *slots[SLOTS];
	struct idle_list idle;
	struct rank *ranks; /* by the number of idle connections, from 1 */
	size_t rank_count;
	size_t greediest; /* the highest rank with a source; 0: none is idle */
};

struct sources *sources_new(void)
{
	struct sources *sources = calloc(1, sizeof *sources);

	if (!sources)
		return NULL;
	sources->ranks = calloc(FIRST_RANKS, sizeof *sources->ranks);
	sources->rank_count = FIRST_RANKS;
	if (sources->ranks && random_bytes(&sources->seed, sizeof sources->seed) == 0)
		return sources;
	sources_free(sources);
	return NULL;
}

void sources_free(struct sources *sources)
{
	if (sources)
		free(sources->ranks);
	free(sources);
}

/* ------------------------------------------------------------------ ranks */

static bool make_ranks(struct sources *sources, size_t rank)
{
	size_t count = sources->rank_count;
	struct rank *grown;

	if (rank < count)
		return true;
	while (count <= rank)
		count *= 2;
	grown = reallocarray(sources->ranks, count, sizeof *grown);
	if (!grown)
		return false;
	for (size_t i = sources->rank_count; i < count; i++)
		grown[i] = (struct rank){ NULL, NULL };
	sources->ranks = grown;
	sources->rank_count = count;
	return true;
}

static void leave_rank(struct sources *sources, struct source *source)
{
	struct rank *rank = &sources->ranks[source->idle_count];

	if (source->idle_count == 0)
		return;
	*(source->previous ? &source->previous->next : &rank->first) = source->next;
	*(source->next ? &source->next->previous : &rank->last) = source->previous;
}

static void enter_rank(struct sources *sources, struct source *source, size_t idle)
{
	struct rank *rank = &sources->ranks[idle];

	source->idle_count = idle;
	source->next = source->previous = NULL;
	if (idle > 0) {
		source->previous = rank->last;
		*(rank->last ? &rank->last->next : &rank->first) = source;
		rank->last = source;
	}
	if (idle > sources->greediest)
		sources->greediest = idle;
	while (sources->greediest > 0 && !sources->ranks[sources->greediest].first)
		sources->greediest--;
}

/* ------------------------------------------------------------------ idle members */

#define LINKS(member, which) ((struct source_links *)((char *)(member) + (which)))
#define OF_SOURCE offsetof(struct source_member, of_source)
#define OF_ALL offsetof(struct source_member, of_all)

static void append(struct idle_list *list, struct source_member *member, size_t which)
{
	struct source_links *links = LINKS(member, which);

	*links = (struct source_links){ .previous = list->last };
	*(list->last ? &LINKS(list->last, which)->next : &list->first) = member;
	list->last = member;
}

static void take_out(struct idle_list *list, struct source_member *member, size_t which)
{
	struct source_links *links = LINKS(member, which);

	*(links->previous ? &LINKS(links->previous, which)->next : &list->first) = links->next;
	*(links->next ? &LINKS(links->next, which)->previous : &list->last) = links->previous;
	*links = (struct source_links){ NULL, NULL };
}

/* There is a rank for it. */
static void add_idle(struct sources *sources, struct source_member *member, uint64_t now)
{
	struct source *source = member->source;

	member->idle_since = now;
	append(&source->idle, member, OF_SOURCE);
	append(&sources->idle, member, OF_ALL);
	leave_rank(sources, source);
	enter_rank(sources, source, source->idle_count + 1);
}

static void remove_idle(struct sources *sources, struct source_member *member)
{
	struct source *source = member->source;

	member->idle_since = 0;
	take_out(&source->idle, member, OF_SOURCE);
	take_out(&sources->idle, member, OF_ALL);
	leave_rank(sources, source);
	enter_rank(sources, source, source->idle_count - 1);
}

void sources_set_idle(struct sources *sources, struct source_member *member, uint64_t now)
{
	if (!member->source)
		return;
	member->is_at_rest = false;
	if (member->idle_since != 0)
		remove_idle(sources, member);
	if (now != 0)
		add_idle(sources, member, now);
}

/* ------------------------------------------------------------------ coming and going */

static struct source **slot_of(const struct sources *sources, const struct client_network *network)
{
	uint64_t hash = client_network_hash(network, sources->seed);

	return (struct source **)&sources->slots[hash % SLOTS];
}

static struct source *find(const struct sources *sources, const struct client_network *network)
{
	struct source *source = *slot_of(sources, network);

	while (source && !client_network_is_same(&source->network, network))
		source = source->next_in_slot;
	return source;
}

/* The source of a network, made if need be; null: out of memory. */
static struct source *find_or_make(struct sources *sources, const struct client_network *network)
{
	struct source *source = network ? find(sources, network) : NULL;

	if (source)
		return source;
	source = calloc(1, sizeof *source);
	if (source && network) {
		struct source **slot = slot_of(sources, network);

		source->network = *network;
		source->next_in_slot = *slot;
		*slot = source;
	}
	return source;
}

static void forget(struct sources *sources, struct source *source)
{
	struct source **at = slot_of(sources, &source->network);

	if (source->network.family != 0) {
		while (*at != source)
			at = &(*at)->next_in_slot;
		*at = source->next_in_slot;
	}
	free(source);
}

int sources_add(struct sources *sources, struct source_member *member,
		const struct client_network *network, uint64_t now)
{
	struct source *source = find_or_make(sources, network);

	if (!source)
		return -ENOMEM;
	/* Each of them may be idle at a time: what is counted can be ranked later, too. */
	if (!make_ranks(sources, source->count + 1)) {
		if (source->count == 0)
			forget(sources, source);
		return -ENOMEM;
	}
	source->count++;
	member->source = source;
	add_idle(sources, member, now);
	return 0;
}

void sources_remove(struct sources *sources, struct source_member *member)
{
	struct source *source = member->source;

	if (!source)
		return;
	sources_set_idle(sources, member, 0);
	member->source = NULL;
	if (--source->count == 0)
		forget(sources, source);
}

/* ------------------------------------------------------------------ who gives way */

bool sources_network_of(const struct source_member *member, struct client_network *ret)
{
	*ret = member->source->network;
	return ret->family != 0;
}

size_t sources_count(const struct sources *sources, const struct client_network *network)
{
	const struct source *source = find(sources, network);

	return source ? source->count : 0;
}

/* Of sources with at least so many idle connections. */
static struct source_member *choose(const struct idle_list *list, size_t which, size_t least,
				    source_chooser *may_close, void *owner)
{
	struct source_member *member = list->first;

	for (int i = 0; member && i < CHOICES; i++, member = LINKS(member, which)->next)
		if (member->source->idle_count >= least && may_close(owner, member))
			return member;
	return NULL;
}

struct source_member *sources_choose_of(const struct sources *sources,
					const struct client_network *network,
					source_chooser *may_close, void *owner)
{
	const struct source *source = find(sources, network);

	return source ? choose(&source->idle, OF_SOURCE, 1, may_close, owner) : NULL;
}

struct source_member *sources_choose(const struct sources *sources, source_chooser *may_close,
				     void *owner)
{
	const struct source *greediest = sources->ranks[sources->greediest].first;
	struct source_member *member =
		greediest ? choose(&greediest->idle, OF_SOURCE, 1, may_close, owner) : NULL;

	/* Who has few does not pay for who has many. */
	return member
		       ?: choose(&sources->idle, OF_ALL, (sources->greediest + 1) / 2, may_close,
				 owner);
}
