/* SPDX-License-Identifier: ISC */
/*
 * The parameter q: conditions with ";" for and, which binds stronger, "," for or, and parentheses.
 * "(status=active;name~web),id<5". Pure.
 */
#pragma once

#include "common/must-check.h"
#include "registrar/api/condition.h"

/* What conditions can be about. */
struct api_field_set {
	const char *names; /* of all fields, for a refusal */
	/* Set field and comparison of the condition. False: no field has this name. */
	bool (*find)(struct api_condition *condition, const char *name, size_t length);
	/* The value that `owner` has in the field. */
	struct api_value (*value)(void *owner, int field);
};

/* Is it an expression that can be decided? Empty is one, and true. False: `problem` is set. */
bool api_expression_check(const char *q, const struct api_field_set *fields,
			  struct api_problem *problem) must_check;

/* Is the expression, which passed the check, true of `owner` at this time? */
bool api_expression_holds(const char *q, const struct api_field_set *fields, void *owner,
			  time_t now) must_check;

/* The fields that the expression is about, as bits: 1 << field. */
unsigned int api_expression_fields(const char *q, const struct api_field_set *fields);
