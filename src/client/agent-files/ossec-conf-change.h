/* SPDX-License-Identifier: ISC */
/*
 * Changes of elements in the text of an ossec.conf, which keep how it is laid out. Pure.
 *
 * Markup that is added is given as lines: "\n" begins a line, "\t" is one level of indentation. It
 * comes out with the indentation, the width of a level and the line ends of the elements around it,
 * or all in one line where these are.
 */
#pragma once

#include "client/agent-files/ossec-conf.h"
#include "client/agent-files/text-patches.h"
#include "common/must-check.h"
#include "common/reason.h"

#include <stddef.h>

struct ossec_conf_change {
	const char *text;
	size_t length;
	const struct ossec_conf *conf; /* of `text` */
	struct text_patches patches;
	struct reason *why;
};

/*
 * All of these return 0, -EINVAL with `why` set when the text cannot be changed so, or -ENOMEM with
 * `why` set.
 */

/* Give an element another value. */
int ossec_conf_change_value(struct ossec_conf_change *change, size_t item,
			    const char *value) must_check;

/* Give an element another name and value. */
int ossec_conf_change_element(struct ossec_conf_change *change, size_t item, const char *name,
			      const char *value) must_check;

/* Remove an element that holds nothing but a value, and its line if nothing else is there. */
int ossec_conf_change_remove(struct ossec_conf_change *change, size_t item) must_check;

/* Add markup behind an element, as its next sibling. */
int ossec_conf_change_add_behind(struct ossec_conf_change *change, size_t item,
				 const char *markup) must_check;

/* Add markup at the end of an element. */
int ossec_conf_change_add_into(struct ossec_conf_change *change, size_t item,
			       const char *markup) must_check;

/*
 * Make the new text, and see that as an agent of that generation reads it, it differs from the old
 * one in what was changed, and in nothing else. `ret` is to be freed.
 */
int ossec_conf_change_apply(struct ossec_conf_change *change, enum agent_generation generation,
			    char **ret, size_t *ret_length) must_check;

/* Set the reason to "line N: WHAT". Returns -EINVAL. */
int ossec_conf_change_refuse(const struct ossec_conf_change *change, size_t line,
			     const char *what) must_check;
