/* SPDX-License-Identifier: ISC */
/*
 * The parameters that may follow the "?" of a call, with the refusals of Wazuh 4.14.5 for all
 * others. Pure.
 */
#pragma once

#include "registrar/api/problem.h"
#include "registrar/api/request.h"

/* What the value of a parameter has to look like. */
enum api_parameter_kind {
	API_PARAMETER_BOOLEAN,
	API_PARAMETER_NUMBER,
	API_PARAMETER_TIMEFRAME,
	API_PARAMETER_IDS,     /* "001,002" */
	API_PARAMETER_ALL_IDS, /* the same, or "all" */
	API_PARAMETER_TEXT,    /* checked by the call itself */
	API_PARAMETER_UNKNOWN, /* Wazuh's managers could tell, a registrar cannot */
};

struct api_parameter_rule {
	const char *name; /* null ends a list */
	enum api_parameter_kind kind;
	bool required;
};

/* Of calls that have none of their own. */
extern const struct api_parameter_rule api_no_parameters[];

/*
 * Do the parameters keep to the rules? Besides those, every call takes "pretty" and
 * "wait_for_complete". Parameters that would be ignored are refused: a filter that does nothing is
 * worse than an error. False: `problem` is set.
 */
bool api_parameters_are_good(const struct api_query *query, const struct api_parameter_rule *rules,
			     struct api_problem *problem);
