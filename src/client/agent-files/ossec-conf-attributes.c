/* SPDX-License-Identifier: ISC */
#include "client/agent-files/ossec-conf-parser.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The name of an attribute, up to its "="; 1: the tag ended instead, with `ret_end` set. */
static int read_attribute_name(struct parser *parser, struct parser_text *name, size_t *ret_begin,
			       size_t *ret_line, enum attributes_end *ret_end)
{
	int byte;

	parser_text_empty(name);
	while ((byte = parser_next_byte(parser)) >= 0) {
		if (name->length >= parser->text_max)
			return parser_fault(parser, parser->line,
					    "the name of an attribute is too long");
		if (byte == '>' || byte == '/') {
			if (name->length > 0)
				return parser_fault_about(parser, parser->line,
							  "an attribute has no value",
							  parser_text_of(name));
			*ret_end = byte == '/' ? TAG_EMPTY : TAG_OPEN;
			return 1;
		}
		if (byte == '=') {
			if (name->length == 0) {
				*ret_begin = parser->at - 1;
				*ret_line = parser->line;
			}
			return 0;
		}
		if (parser_is_blank(byte)) {
			if (name->length > 0)
				return parser_fault_about(parser, parser->line,
							  "an attribute has no value",
							  parser_text_of(name));
			continue;
		}
		if (name->length == 0) {
			*ret_begin = parser->at - 1;
			*ret_line = parser->line;
		}
		if (parser_text_add(name, (char)byte) < 0)
			return parser_no_memory(parser);
	}
	return parser_fault(parser, parser->line, "the file ends within a tag");
}

/* The agents look back as far as the attributes of this element go. */
static bool has_attribute(const struct parser *parser, const char *name)
{
	const struct ossec_conf *conf = parser->conf;

	for (size_t i = conf->count; i-- > 0 && conf->items[i].kind == OSSEC_CONF_ATTRIBUTE;)
		if (strcmp(conf->items[i].name, name) == 0)
			return true;
	return false;
}

/* From behind the "=" to behind the closing quote. A ">" ends the tag, quoted or not. */
static int read_attribute_value(struct parser *parser, const char *name, struct parser_text *value,
				size_t *ret_begin)
{
	int quote = parser_next_byte(parser), byte;

	while (parser_is_blank(quote))
		quote = parser_next_byte(parser);
	if (quote != '"' && quote != '\'')
		return parser_fault_about(parser, parser->line, "no quote follows the attribute",
					  name);
	*ret_begin = parser->at;
	parser_text_empty(value);
	while ((byte = parser_next_byte(parser)) >= 0) {
		if (value->length >= parser->text_max)
			return parser_fault_about(parser, parser->line, "the attribute is too long",
						  name);
		if (byte == '>')
			return parser_fault_about(parser, parser->line,
						  "the attribute is not closed", name);
		if (byte == quote)
			return 0;
		if (parser_text_add(value, (char)byte) < 0)
			return parser_no_memory(parser);
	}
	return parser_fault(parser, parser->line, "the file ends within a tag");
}

static int add_attribute(struct parser *parser, const char *name, const char *value,
			 struct ossec_conf_item *item)
{
	int r;

	item->kind = OSSEC_CONF_ATTRIBUTE;
	item->depth = parser->depth;
	item->end = parser->at;
	item->value_end = parser->at - 1;
	item->is_plain = strlen(value) == item->value_end - item->value_begin;
	item->value = strdup(value);
	if (!item->value)
		return parser_no_memory(parser);
	r = parser_add(parser, item, name);
	if (r < 0)
		free(item->value);
	return r;
}

/* One attribute. Returns 0; 1 when the tag ends, with `ret_end` set; or a negative errno. */
static int read_attribute(struct parser *parser, struct parser_text *name,
			  struct parser_text *value, enum attributes_end *ret_end)
{
	struct ossec_conf_item item = { 0 };
	int r = read_attribute_name(parser, name, &item.begin, &item.line, ret_end), byte;

	if (r != 0)
		return r;
	if (has_attribute(parser, parser_text_of(name)))
		return parser_fault_about(parser, item.line, "an attribute is there twice",
					  parser_text_of(name));
	r = read_attribute_value(parser, parser_text_of(name), value, &item.value_begin);
	if (r == 0)
		r = add_attribute(parser, parser_text_of(name), parser_text_of(value), &item);
	if (r < 0)
		return r;
	byte = parser_next_byte(parser);
	*ret_end = byte == '/' ? TAG_EMPTY : TAG_OPEN;
	if (byte == '/' || byte == '>')
		return 1;
	return parser_is_blank(byte)
		       ? 0
		       : parser_fault_about(parser, parser->line,
					    "neither a blank nor the end of the tag follows the "
					    "attribute",
					    parser_text_of(name));
}

int parser_read_attributes(struct parser *parser, enum attributes_end *ret_end)
{
	struct parser_text name = { 0 }, value = { 0 };
	int r = 0;

	for (size_t count = 0; r == 0; count++)
		r = count < parser->attributes_max
			    ? read_attribute(parser, &name, &value, ret_end)
			    : parser_fault(parser, parser->line,
					   "an element has too many attributes");
	free(name.bytes);
	free(value.bytes);
	return r < 0 ? r : 0;
}
