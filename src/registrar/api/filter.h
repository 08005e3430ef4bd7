/* SPDX-License-Identifier: ISC */
/*
 * The filters of GET and DELETE /agents. All of them have to hold, q as a whole too; fields.h says
 * what is known of an agent.
 */
#pragma once

#include "common/must-check.h"
#include "registrar/api/fields.h"
#include "registrar/api/problem.h"
#include "registrar/api/request.h"

#include <stdbool.h>
#include <stddef.h>

/* The parameters that are the name of a field, which has to have their value. */
#define API_FILTERED_FIELDS_MAX 11

/* Null: not asked for. Texts point into the query. */
struct api_filter {
	struct api_condition equal[API_FILTERED_FIELDS_MAX];
	size_t count;
	const char *statuses; /* "active,pending"; "all" among them counts for nothing */
	const char *q;
	const char *search;
	bool search_is_negative;
	/* seconds since it was last seen, or registered if it never was; negative: any age */
	long long older_than;
	time_t now;
	unsigned int wanted; /* of agents, to be filtered: of enum agents_wanted */
};

/*
 * Read the filters out of a query whose parameters were checked. `default_age` (a timeframe) stands
 * for a missing older_than. False: `problem`.
 */
bool api_filter_read(struct api_filter *ret, const struct api_query *query, const char *default_age,
		     struct api_problem *problem) must_check;

/* Does the agent pass all of them? */
bool api_filter_matches(const struct api_filter *filter, const struct api_agent *agent) must_check;
