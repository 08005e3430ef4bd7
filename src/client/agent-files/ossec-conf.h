/* SPDX-License-Identifier: ISC */
/*
 * The syntax of the agents' etc/ossec.conf, which is not XML. Pure: text in, a list of elements
 * out; what the elements mean is in agent-settings.h.
 *
 * The rules are those of the agents' own parser, src/os_xml of OSSEC HIDS (August 2026) and of
 * Wazuh 4.14.7 and 5:
 * - Any number of root elements. Text between elements is passed over. No entities.
 * - A comment begins with "<!", wherever it stands, and ends with "-->" or "!>".
 * - A name ends at a blank or ">". The closing name must be the same text, blanks included.
 * - A value ends at "</"; another "<" in it begins a child, unless a backslash stands before it.
 *   That stays in the value. Of two backslashes, the second one does not count with Wazuh, but does
 *   with OSSEC.
 * - The value of an element with children is what stands behind the last of them.
 * - An empty element is <name/>, or has a "/" among its attributes, which ends the tag at once.
 * - OSSEC passes over an XML declaration in the first place. For Wazuh that is an error.
 * - Names and values are strings of C: what stands behind a null byte is not seen.
 */
#pragma once

#include "client/agent-files/agent-generation.h"
#include "common/must-check.h"
#include "common/reason.h"

#include <stdbool.h>
#include <stddef.h>

/* The agents have no such limit; a file that has more would only use up memory. */
#define OSSEC_CONF_ITEMS_MAX ((size_t)65536)

/* No item: the parent of the roots, and what is behind the last one. */
#define OSSEC_CONF_NONE ((size_t)-1)

enum ossec_conf_kind {
	OSSEC_CONF_ELEMENT,
	OSSEC_CONF_ATTRIBUTE, /* behind the element that it belongs to */
	/*
	 * What is named "var", in whatever case, wherever it stands. The readers of ossec.conf pass
	 * over it, and replace nothing by it (agent-settings.h).
	 */
	OSSEC_CONF_VARIABLE,
};

/* All offsets are those of bytes in the text. */
struct ossec_conf_item {
	enum ossec_conf_kind kind;
	char *name;
	char *value;
	size_t depth; /* of a root: 0; of an attribute: that of its element */
	size_t line;  /* of its beginning; the first one is 1 */
	/* from "<" to behind the last ">"; of an attribute: its name, "=" and the quoted value */
	size_t begin, end;
	/* what stands between the tags, or the quotes; of an element <name/>: equal to `end` */
	size_t value_begin, value_end;
	/* begins with "<name/" or ends with "/>" */
	bool is_empty_tag;
	/* has child elements, of any kind */
	bool has_children;
	/*
	 * The bytes of the value in the text are `value`: there are no comments, children or null
	 * bytes between the tags.
	 */
	bool is_plain;
};

/* In the order in which they begin. */
struct ossec_conf {
	struct ossec_conf_item *items;
	size_t count, allocated;
};

/*
 * Parse `text` as an agent of that generation does (AGENT_UNKNOWN: as Wazuh's do). Returns 0 with
 * `ret` set, to be released with ossec_conf_clear(); or, with `why` set, -EINVAL for what the
 * agents do not understand ("line 12: ..."), -EFBIG for too many elements, or -ENOMEM.
 */
int ossec_conf_parse(struct ossec_conf *ret, const char *text, size_t length,
		     enum agent_generation generation, struct reason *why) must_check;

/* Free what ossec_conf_parse() has returned. Suitable for cleanup(). */
void ossec_conf_clear(struct ossec_conf *conf);

/*
 * The next element below `parent` (OSSEC_CONF_NONE: of the roots) behind the child `previous`
 * (OSSEC_CONF_NONE: the first one), as the agents find them: elements named "var" are left out.
 * Returns its index, or OSSEC_CONF_NONE.
 */
size_t ossec_conf_child(const struct ossec_conf *conf, size_t parent, size_t previous) must_check;

/* Is that item an element of this name? */
bool ossec_conf_is(const struct ossec_conf *conf, size_t item, const char *name) must_check;

/* The index of the attribute of an element; OSSEC_CONF_NONE: it has none of that name. */
size_t ossec_conf_attribute(const struct ossec_conf *conf, size_t item,
			    const char *name) must_check;

/* Is there nothing but blanks in a value? */
bool ossec_conf_is_blank(const char *value) must_check;
