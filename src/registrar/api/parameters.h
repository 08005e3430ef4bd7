/* SPDX-License-Identifier: ISC */
/*
 * The parameters of a call, in its query and in its path: what each may be, in which order they are
 * looked at, and the refusals, all as in Wazuh 4.14.7 (api/api/spec/spec.yaml and
 * api/api/validator.py, which connexion carries out). Pure.
 */
#pragma once

#include "common/must-check.h"
#include "registrar/api/problem.h"
#include "registrar/api/request.h"

#include <limits.h>

/* What the value of a parameter has to look like. */
enum api_parameter_kind {
	API_PARAMETER_TEXT, /* anything; checked by the call itself */
	API_PARAMETER_BOOLEAN,
	API_PARAMETER_NUMBER, /* between `least` and `most` */
	API_PARAMETER_WORD,   /* one of `words` */
	API_PARAMETER_NAMES,  /* letters, digits, and _-.% */
	API_PARAMETER_ALPHANUMERIC,
	API_PARAMETER_NUMBERS,        /* digits */
	API_PARAMETER_NUMBERS_OR_ALL, /* or "all" */
	API_PARAMETER_GROUP,
	API_PARAMETER_TIMEFRAME,
	API_PARAMETER_SEARCH,
	API_PARAMETER_SORT,
};

struct api_parameter_rule {
	const char *name; /* null ends a list */
	enum api_parameter_kind kind;
	/* several values with commas between them, each of which has to keep the rule */
	bool is_list;
	bool required;
	size_t shortest, longest; /* bytes of a value; 0: any */
	long least, most;
	const char *const *words; /* ends with null */
	const char *schema;       /* the rule, as Wazuh shows it in a refusal */
};

/* The rules for "pretty" and "wait_for_complete", which nearly every call has before its own. */
#define API_COMMON_PARAMETERS                                                                \
	{ .name = "pretty", .kind = API_PARAMETER_BOOLEAN, .schema = API_FALSE_BY_DEFAULT }, \
	{                                                                                    \
		.name = "wait_for_complete", .kind = API_PARAMETER_BOOLEAN,                  \
		.schema = API_FALSE_BY_DEFAULT                                               \
	}
#define API_FALSE_BY_DEFAULT "{'default': False, 'type': 'boolean'}"

#define API_SCHEMA_AGENT \
	"{'description': 'Agent ID', 'format': 'numbers', 'minLength': 3, 'type': 'string'}"
#define API_SCHEMA_GROUP "{'description': 'Group name', 'format': 'group_names', 'type': 'string'}"
#define API_SCHEMA_ALPHANUMERIC "{'format': 'alphanumeric', 'type': 'string'}"

/* The part of a list that is asked for. */
#define API_PAGE_PARAMETERS                                                                       \
	{ .name = "offset",                                                                       \
	  .kind = API_PARAMETER_NUMBER,                                                           \
	  .most = INT_MAX,                                                                        \
	  .schema = "{'default': 0, 'format': 'int32', 'minimum': 0, 'type': 'integer'}" },       \
	{                                                                                         \
		.name = "limit", .kind = API_PARAMETER_NUMBER, .least = 1, .most = 100000,        \
		.schema = "{'default': 500, 'format': 'int32', 'maximum': 100000, 'minimum': 1, " \
			  "'type': 'integer'}"                                                    \
	}

/* The order of a list, and what is searched in it. */
#define API_ORDER_PARAMETERS                                       \
	{ .name = "sort",                                          \
	  .kind = API_PARAMETER_SORT,                              \
	  .schema = "{'format': 'sort', 'type': 'string'}" },      \
	{                                                          \
		.name = "search", .kind = API_PARAMETER_SEARCH,    \
		.schema = "{'format': 'search', 'type': 'string'}" \
	}

/* The filters for agents that are the names of fields. */
#define API_FILTER_PARAMETERS                                                                 \
	API_ALPHANUMERIC("os.platform"), API_ALPHANUMERIC("os.version"),                      \
		API_ALPHANUMERIC("os.name"), API_ALPHANUMERIC("manager"),                     \
		API_ALPHANUMERIC("version"),                                                  \
		{ .name = "group", .kind = API_PARAMETER_GROUP, .schema = API_SCHEMA_GROUP }, \
		{ .name = "node_name",                                                        \
		  .kind = API_PARAMETER_NAMES,                                                \
		  .schema = "{'format': 'names', 'type': 'string'}" },                        \
		API_ALPHANUMERIC("name"), API_ALPHANUMERIC("ip"), API_ALPHANUMERIC("registerIP")
#define API_ALPHANUMERIC(parameter)                                      \
	{                                                                \
		.name = (parameter), .kind = API_PARAMETER_ALPHANUMERIC, \
		.schema = API_SCHEMA_ALPHANUMERIC                        \
	}

/* Of calls that have no parameters but the common ones. */
extern const struct api_parameter_rule api_common_parameters[];

/*
 * Do the parameters of the query keep the rules? Values of a list that is given several times are
 * joined, and those of "status" and "hash" become lower case. A parameter without a rule is
 * refused. False: `problem` is set.
 */
bool api_parameters_check(struct api_query *query, const struct api_parameter_rule *rules,
			  struct api_problem *problem) must_check;

/*
 * The same for the segments of a path that its pattern has "{}" for, in their order. `rules` null:
 * there are none.
 */
bool api_path_check(const struct api_path *path, const char *pattern,
		    const struct api_parameter_rule *rules, struct api_problem *problem) must_check;

/* Is it `[\w\-.%]+`, in ASCII? Whatever a name of an agent may be in the API. */
bool api_is_names(const char *text) must_check;
