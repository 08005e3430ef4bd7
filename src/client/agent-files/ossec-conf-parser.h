/* SPDX-License-Identifier: ISC */
/*
 * What the parser of etc/ossec.conf consists of (ossec-conf.h has its rules). For ossec-conf.c and
 * ossec-conf-attributes.c only.
 */
#pragma once

#include "client/agent-files/ossec-conf.h"
#include "common/must-check.h"
#include "common/reason.h"

#include <stdbool.h>
#include <stddef.h>

/* Text that grows; as the agents see it, it ends at a null byte. Zero: empty. */
struct parser_text {
	char *bytes; /* owned */
	size_t length, allocated;
};

/* In which part of an element the parser is. */
enum parser_place { BEFORE, IN_NAME, IN_VALUE, IN_CLOSING_NAME };

/* An element whose end has not been seen. */
struct parser_frame {
	enum parser_place place;
	bool is_escaped; /* a "<" that follows is a character */
	size_t item;
	struct parser_text name, value, closing;
	size_t begin, line, value_begin, value_end;
	bool has_comment;
};

struct parser {
	const char *text;
	size_t length, at;
	size_t line;
	bool is_ossec;
	size_t text_max, attributes_max;
	struct parser_frame *frames;
	size_t depth; /* of the frame in use; the first one is for the roots */
	size_t frames_allocated;
	struct ossec_conf *conf;
	struct reason *why;
};

/* How a tag ends behind its attributes. */
enum attributes_end { TAG_OPEN, TAG_EMPTY };

/* Say what is wrong in that line: -EINVAL. `name` is escaped. */
int parser_fault(const struct parser *parser, size_t line, const char *what) must_check;
int parser_fault_about(const struct parser *parser, size_t line, const char *what,
		       const char *name) must_check;

/* Say that memory is short: -ENOMEM. */
int parser_no_memory(const struct parser *parser) must_check;

/* As isspace() in the C locale, which the agents use. */
bool parser_is_blank(int byte) must_check;

/* Add a byte. Returns 0 or -ENOMEM. */
int parser_text_add(struct parser_text *text, char byte) must_check;

/* The text up to a null byte in it; valid until it is changed. */
const char *parser_text_of(const struct parser_text *text) must_check;

/* Make it empty; its memory is kept. */
void parser_text_empty(struct parser_text *text);

/* The next byte, or -1 at the end. */
int parser_next_byte(struct parser *parser);

/* Is that word in the text at this place? */
bool parser_sees(const struct parser *parser, size_t at, const char *word) must_check;

/*
 * Add the item with a copy of the name, which says whether it is a variable. Returns 0, or, with
 * the reason set, -EFBIG or -ENOMEM.
 */
int parser_add(struct parser *parser, struct ossec_conf_item *item, const char *name) must_check;

/*
 * Behind a "<": pass over a comment. Returns 1, 0 when there is none, or a negative errno when it
 * does not end.
 */
int parser_pass_comment(struct parser *parser) must_check;

/*
 * Behind the blank that ends the name of an element: add its attributes, up to the end of the tag,
 * or to the "/" that makes it empty. Returns 0 with `ret_end` set, or a negative errno.
 */
int parser_read_attributes(struct parser *parser, enum attributes_end *ret_end) must_check;
