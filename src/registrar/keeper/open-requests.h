/* SPDX-License-Identifier: ISC */
/*
 * The requests of a front that the registry has: in the order in which they came, and how much
 * they count against what a front may ask for at a time.
 */
#pragma once

#include "common/must-check.h"
#include "registrar/registry/registry.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct front;

struct open_request {
	struct registry_request asked; /* what it has is owned */
	struct front *front;
	uint64_t number; /* that the front gave it */
	size_t bytes;    /* of its packet */
	struct open_requests *all;
	struct open_request *next, **previous;
};

struct open_requests {
	struct open_request *first, **end;
	size_t count, of_type[REGISTRY_TYPES];
	size_t bytes; /* of the packets of those that are not limited by their type */
};

/* There are none, at first. The list stays where it is. */
void open_requests_init(struct open_requests *all);

/* Add a request, which is on the heap and has what was asked, its number and its bytes. */
void open_requests_add(struct open_requests *all, struct open_request *request);

/* The one with this number; null: there is none. */
struct open_request *open_requests_find(const struct open_requests *all, uint64_t number);

/* Are there more of a type than fronts of ours ask for? They keep the rest to themselves. */
bool open_requests_are_too_many(const struct open_requests *all) must_check;

/*
 * Free a request that is in a list, whatever has become of it: it is withdrawn if it is still with
 * the registry.
 */
void open_request_free(struct open_request *request);

/* The same with all there are. */
void open_requests_clear(struct open_requests *all);
