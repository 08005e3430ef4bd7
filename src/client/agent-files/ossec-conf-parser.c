/* SPDX-License-Identifier: ISC */
#include "client/agent-files/ossec-conf-parser.h"

#include "common/escape.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Names are shown in messages. */
#define SHOWN_SIZE 64

/* ------------------------------------------------------------------ small things */

int parser_no_memory(const struct parser *parser)
{
	reason_set(parser->why, "Out of memory");
	return -ENOMEM;
}

int parser_fault(const struct parser *parser, size_t line, const char *what)
{
	reason_set(parser->why, "line %zu: %s", line, what);
	return -EINVAL;
}

int parser_fault_about(const struct parser *parser, size_t line, const char *what, const char *name)
{
	char shown[SHOWN_SIZE];

	reason_set(parser->why, "line %zu: %s: %s", line, what,
		   escape_string(shown, sizeof shown, name));
	return -EINVAL;
}

bool parser_is_blank(int byte)
{
	return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

int parser_text_add(struct parser_text *text, char byte)
{
	if (text->length + 1 >= text->allocated) {
		size_t allocated = text->allocated ? 2 * text->allocated : 64;
		char *bytes = realloc(text->bytes, allocated);

		if (!bytes)
			return -ENOMEM;
		text->bytes = bytes;
		text->allocated = allocated;
	}
	text->bytes[text->length++] = byte;
	text->bytes[text->length] = '\0';
	return 0;
}

const char *parser_text_of(const struct parser_text *text)
{
	return text->length ? text->bytes : "";
}

void parser_text_empty(struct parser_text *text)
{
	text->length = 0;
}

int parser_next_byte(struct parser *parser)
{
	int byte;

	if (parser->at >= parser->length)
		return -1;
	byte = (unsigned char)parser->text[parser->at++];
	parser->line += byte == '\n';
	return byte;
}

bool parser_sees(const struct parser *parser, size_t at, const char *word)
{
	size_t length = strlen(word);

	return length <= parser->length - at && memcmp(parser->text + at, word, length) == 0;
}

/* ------------------------------------------------------------------ the list of items */

static int add_item(struct parser *parser, const struct ossec_conf_item *item)
{
	struct ossec_conf *conf = parser->conf;

	if (conf->count >= OSSEC_CONF_ITEMS_MAX) {
		reason_set(parser->why, "line %zu: more than %zu elements", item->line,
			   OSSEC_CONF_ITEMS_MAX);
		return -EFBIG;
	}
	if (conf->count == conf->allocated) {
		size_t allocated = conf->allocated ? 2 * conf->allocated : 64;
		struct ossec_conf_item *items = reallocarray(conf->items, allocated, sizeof *items);

		if (!items)
			return parser_no_memory(parser);
		conf->items = items;
		conf->allocated = allocated;
	}
	conf->items[conf->count++] = *item;
	return 0;
}

int parser_add(struct parser *parser, struct ossec_conf_item *item, const char *name)
{
	int r;

	item->name = strdup(name);
	if (!item->name)
		return parser_no_memory(parser);
	if (strcasecmp(name, "var") == 0)
		item->kind = OSSEC_CONF_VARIABLE;
	r = add_item(parser, item);
	if (r < 0)
		free(item->name);
	return r;
}

/* ------------------------------------------------------------------ comments */

/*
 * Wazuh's parser looks at the byte behind a "<", and behind "-" and "!" in a comment, and puts it
 * back as a signed character: 0xff comes out again as the end of the file.
 */
static bool is_taken_for_end(const struct parser *parser, size_t at)
{
	return !parser->is_ossec && at < parser->length && (unsigned char)parser->text[at] == 0xff;
}

int parser_pass_comment(struct parser *parser)
{
	size_t line = parser->line;

	if (is_taken_for_end(parser, parser->at))
		parser->length = parser->at;
	if (parser->at >= parser->length || parser->text[parser->at] != '!')
		return 0;
	for (size_t at = parser->at + 1; at < parser->length; at++) {
		size_t end = parser_sees(parser, at, "-->")  ? 3
			     : parser_sees(parser, at, "!>") ? 2
							     : 0;

		if ((parser->text[at] == '-' || parser->text[at] == '!') &&
		    is_taken_for_end(parser, at + 1))
			break;
		if (end == 0)
			continue;
		while (parser->at < at + end)
			(void)parser_next_byte(parser);
		return 1;
	}
	return parser_fault(parser, line, "a comment begins here that does not end");
}
