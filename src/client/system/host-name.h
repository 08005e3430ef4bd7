/* SPDX-License-Identifier: ISC */
/* The host name of this machine, if it distinguishes it from other machines. */
#pragma once

#include "common/must-check.h"
#include "common/reason.h"
#include "common/string-list.h"

#include <limits.h>
#include <stdbool.h>

#define HOST_NAME_SIZE (HOST_NAME_MAX + 1)

/* Which host names are no names. */
struct host_name_rules {
	/*
	 * more of them, as patterns (fnmatch(3)) for the name or its first label; not owned;
	 * null: none
	 */
	const struct string_list *placeholders;
	bool take_any; /* only "localhost" and its like are none */
};

struct host_name {
	char text[HOST_NAME_SIZE];
	/*
	 * With OUTCOME_NOT_READY, what is wrong with it as a clause ("a name that ..."); empty if
	 * it could not be a name for other machines to use, whoever has set it. Static.
	 */
	const char *problem;
};

/*
 * Read the host name. It is no name if it is empty or "localhost", what systemd falls back to, what
 * distributions and images bring unless somebody gave it to this machine (given-name.h), or one of
 * the placeholders of the rules. Returns OUTCOME_OK; OUTCOME_NOT_READY if it is no name; or a
 * negative errno with `why` set.
 */
int host_name_read(struct host_name *ret, const struct host_name_rules *rules,
		   struct reason *why) must_check;
