/* SPDX-License-Identifier: ISC */
#include "client/agent-files/ossec-conf.h"

#include "common/cleanup.h"
#include "common/escape.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* XML_MAXSIZE of the agents' parser: the first length that is too long */
#define TEXT_MAX_OSSEC 8192
#define TEXT_MAX_WAZUH 20480

#define NESTING_MAX 1024

/*
 * XML_MAX_ATTR_DEPTH of Wazuh. OSSEC's parser has no limit, but needs 16 KiB of its stack for each.
 */
#define ATTRIBUTES_MAX_OSSEC 480
#define ATTRIBUTES_MAX_WAZUH 49

/* Names are shown in messages. */
#define SHOWN_SIZE 64

/* Text that grows; as the agents see it, it ends at a null byte. */
struct text {
	char *bytes;
	size_t length, allocated;
};

/* In which part of an element the parser is. */
enum place { BEFORE, IN_NAME, IN_VALUE, IN_CLOSING_NAME };

/* An element whose end has not been seen. */
struct frame {
	enum place place;
	bool is_escaped; /* a "<" that follows is a character */
	size_t item;
	struct text name, value, closing;
	size_t begin, line, value_begin, value_end;
	bool has_comment;
};

struct parser {
	const char *text;
	size_t length, at;
	size_t line;
	bool is_ossec;
	size_t text_max, attributes_max;
	struct frame *frames;
	size_t depth; /* of the frame in use; the first one is for the roots */
	size_t frames_allocated;
	struct ossec_conf *conf;
	struct reason *why;
};

/* ------------------------------------------------------------------ small things */

static int no_memory(const struct parser *parser)
{
	reason_set(parser->why, "Out of memory");
	return -ENOMEM;
}

static int fault_at(const struct parser *parser, size_t line, const char *what)
{
	reason_set(parser->why, "line %zu: %s", line, what);
	return -EINVAL;
}

static int fault_named(const struct parser *parser, size_t line, const char *what, const char *name)
{
	char shown[SHOWN_SIZE];

	reason_set(parser->why, "line %zu: %s: %s", line, what,
		   escape_string(shown, sizeof shown, name));
	return -EINVAL;
}

/* As isspace() in the C locale, which the agents use. */
static bool is_blank(int byte)
{
	return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

static int text_add(struct text *text, char byte)
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

static const char *text_of(const struct text *text)
{
	return text->length ? text->bytes : "";
}

static void text_empty(struct text *text)
{
	text->length = 0;
}

/* The next byte, or -1 at the end. */
static int next_byte(struct parser *parser)
{
	int byte;

	if (parser->at >= parser->length)
		return -1;
	byte = (unsigned char)parser->text[parser->at++];
	parser->line += byte == '\n';
	return byte;
}

static bool follows(const struct parser *parser, size_t at, const char *word)
{
	size_t length = strlen(word);

	return length <= parser->length - at && memcmp(parser->text + at, word, length) == 0;
}

static struct frame *frame_of(const struct parser *parser)
{
	return &parser->frames[parser->depth];
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
			return no_memory(parser);
		conf->items = items;
		conf->allocated = allocated;
	}
	conf->items[conf->count++] = *item;
	return 0;
}

/* The name of the item that is added, and what it makes of it. */
static int add_named(struct parser *parser, struct ossec_conf_item *item, const char *name)
{
	int r;

	item->name = strdup(name);
	if (!item->name)
		return no_memory(parser);
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

/*
 * Behind a "<": pass over a comment. Returns 1, 0 when there is none, or a negative errno when it
 * does not end.
 */
static int pass_comment(struct parser *parser)
{
	size_t line = parser->line;

	if (is_taken_for_end(parser, parser->at))
		parser->length = parser->at;
	if (parser->at >= parser->length || parser->text[parser->at] != '!')
		return 0;
	for (size_t at = parser->at + 1; at < parser->length; at++) {
		size_t end = follows(parser, at, "-->") ? 3 : follows(parser, at, "!>") ? 2 : 0;

		if ((parser->text[at] == '-' || parser->text[at] == '!') &&
		    is_taken_for_end(parser, at + 1))
			break;
		if (end == 0)
			continue;
		while (parser->at < at + end)
			(void)next_byte(parser);
		return 1;
	}
	return fault_at(parser, line, "a comment begins here that does not end");
}

/* ------------------------------------------------------------------ attributes */

/* What a list of attributes has come to. */
enum attributes_end { TAG_OPEN, TAG_EMPTY };

/* The name of an attribute, up to its "="; 1: the tag ended instead, with `ret_end` set. */
static int read_attribute_name(struct parser *parser, struct text *name, size_t *ret_begin,
			       size_t *ret_line, enum attributes_end *ret_end)
{
	int byte;

	text_empty(name);
	while ((byte = next_byte(parser)) >= 0) {
		if (name->length >= parser->text_max)
			return fault_at(parser, parser->line,
					"the name of an attribute is too long");
		if (byte == '>' || byte == '/') {
			if (name->length > 0)
				return fault_named(parser, parser->line,
						   "an attribute has no value", text_of(name));
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
		if (is_blank(byte)) {
			if (name->length > 0)
				return fault_named(parser, parser->line,
						   "an attribute has no value", text_of(name));
			continue;
		}
		if (name->length == 0) {
			*ret_begin = parser->at - 1;
			*ret_line = parser->line;
		}
		if (text_add(name, (char)byte) < 0)
			return no_memory(parser);
	}
	return fault_at(parser, parser->line, "the file ends within a tag");
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
static int read_attribute_value(struct parser *parser, const char *name, struct text *value,
				size_t *ret_begin)
{
	int quote = next_byte(parser), byte;

	while (is_blank(quote))
		quote = next_byte(parser);
	if (quote != '"' && quote != '\'')
		return fault_named(parser, parser->line, "no quote follows the attribute", name);
	*ret_begin = parser->at;
	text_empty(value);
	while ((byte = next_byte(parser)) >= 0) {
		if (value->length >= parser->text_max)
			return fault_named(parser, parser->line, "the attribute is too long", name);
		if (byte == '>')
			return fault_named(parser, parser->line, "the attribute is not closed",
					   name);
		if (byte == quote)
			return 0;
		if (text_add(value, (char)byte) < 0)
			return no_memory(parser);
	}
	return fault_at(parser, parser->line, "the file ends within a tag");
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
		return no_memory(parser);
	r = add_named(parser, item, name);
	if (r < 0)
		free(item->value);
	return r;
}

/* One attribute. Returns 0; 1 when the tag ends, with `ret_end` set; or a negative errno. */
static int read_attribute(struct parser *parser, struct text *name, struct text *value,
			  enum attributes_end *ret_end)
{
	struct ossec_conf_item item = { 0 };
	int r = read_attribute_name(parser, name, &item.begin, &item.line, ret_end), byte;

	if (r != 0)
		return r;
	if (has_attribute(parser, text_of(name)))
		return fault_named(parser, item.line, "an attribute is there twice", text_of(name));
	r = read_attribute_value(parser, text_of(name), value, &item.value_begin);
	if (r == 0)
		r = add_attribute(parser, text_of(name), text_of(value), &item);
	if (r < 0)
		return r;
	byte = next_byte(parser);
	*ret_end = byte == '/' ? TAG_EMPTY : TAG_OPEN;
	if (byte == '/' || byte == '>')
		return 1;
	return is_blank(byte) ? 0
			      : fault_named(parser, parser->line,
					    "neither a blank nor the end of the tag follows the "
					    "attribute",
					    text_of(name));
}

static int read_attributes(struct parser *parser, enum attributes_end *ret_end)
{
	struct text name = { 0 }, value = { 0 };
	int r = 0;

	for (size_t count = 0; r == 0; count++)
		r = count < parser->attributes_max
			    ? read_attribute(parser, &name, &value, ret_end)
			    : fault_at(parser, parser->line, "an element has too many attributes");
	free(name.bytes);
	free(value.bytes);
	return r < 0 ? r : 0;
}

/* ------------------------------------------------------------------ elements */

static int push_frame(struct parser *parser)
{
	if (parser->depth + 1 >= NESTING_MAX)
		return fault_at(parser, parser->line, "elements are nested too deeply");
	if (parser->depth + 1 >= parser->frames_allocated) {
		size_t allocated = 2 * parser->frames_allocated;
		struct frame *frames = reallocarray(parser->frames, allocated, sizeof *frames);

		if (!frames)
			return no_memory(parser);
		memset(frames + parser->frames_allocated, 0,
		       (allocated - parser->frames_allocated) * sizeof *frames);
		parser->frames = frames;
		parser->frames_allocated = allocated;
	}
	parser->depth++;
	frame_of(parser)->place = BEFORE;
	frame_of(parser)->is_escaped = false;
	return 0;
}

/* The element is complete. Below a root, whoever it stands in goes on with an empty value. */
static void leave_element(struct parser *parser)
{
	frame_of(parser)->place = BEFORE;
	if (parser->depth == 0)
		return;
	parser->depth--;
	parser->conf->items[frame_of(parser)->item].has_children = true;
	text_empty(&frame_of(parser)->value);
	frame_of(parser)->value_begin = parser->at;
	frame_of(parser)->has_comment = false;
}

/* With the value as it was collected. */
static int close_element(struct parser *parser)
{
	struct frame *frame = frame_of(parser);
	struct ossec_conf_item *item = &parser->conf->items[frame->item];

	item->value = strdup(text_of(&frame->value));
	if (!item->value)
		return no_memory(parser);
	item->end = parser->at;
	item->value_begin = frame->value_begin;
	item->value_end = frame->value_end;
	item->is_plain = !frame->has_comment && !item->has_children && !item->is_empty_tag &&
			 strlen(item->value) == item->value_end - item->value_begin;
	leave_element(parser);
	return 0;
}

/* The slash of an empty tag with attributes ends it; its ">" is text of the element around it. */
static void pass_end_of_tag(struct parser *parser, size_t *ret_end)
{
	*ret_end = parser->at;
	if (parser->at < parser->length && parser->text[parser->at] == '>')
		*ret_end = parser->at + 1;
}

static int end_empty_element(struct parser *parser, bool by_attributes)
{
	struct ossec_conf_item *item = &parser->conf->items[frame_of(parser)->item];
	size_t end = parser->at;

	item->is_empty_tag = true;
	if (by_attributes)
		pass_end_of_tag(parser, &end);
	item->value = strdup("");
	if (!item->value)
		return no_memory(parser);
	item->end = item->value_begin = item->value_end = end;
	leave_element(parser);
	return 0;
}

/* The name is complete: `byte` has ended it. */
static int open_element(struct parser *parser, int byte)
{
	struct frame *frame = frame_of(parser);
	struct ossec_conf_item item = {
		.kind = OSSEC_CONF_ELEMENT,
		.depth = parser->depth,
		.begin = frame->begin,
		.line = frame->line,
	};
	size_t length = frame->name.length;
	bool has_slash = length > 0 && frame->name.bytes[length - 1] == '/';
	enum attributes_end end = TAG_OPEN;
	int r;

	if (has_slash)
		frame->name.bytes[length - 1] = '\0';
	frame->item = parser->conf->count;
	r = add_named(parser, &item, text_of(&frame->name));
	if (r == 0 && is_blank(byte))
		r = read_attributes(parser, &end);
	if (r < 0)
		return r;
	if (has_slash || end == TAG_EMPTY)
		return end_empty_element(parser, end == TAG_EMPTY);
	frame = frame_of(parser);
	text_empty(&frame->value);
	frame->value_begin = parser->at;
	frame->has_comment = false;
	frame->place = IN_VALUE;
	return 0;
}

/* ------------------------------------------------------------------ byte by byte */

static struct text *text_in_place(struct frame *frame)
{
	switch (frame->place) {
	case IN_NAME:
		return &frame->name;
	case IN_VALUE:
		return &frame->value;
	case IN_CLOSING_NAME:
		return &frame->closing;
	default:
		return NULL;
	}
}

/* A "<" before an element: its name begins. */
static int begin_name(struct parser *parser)
{
	struct frame *frame = frame_of(parser);

	if (parser->at < parser->length && parser->text[parser->at] == '/')
		return fault_at(parser, parser->line, "an element is closed that was not opened");
	frame->begin = parser->at - 1;
	frame->line = parser->line;
	text_empty(&frame->name);
	frame->place = IN_NAME;
	return 0;
}

/* A "<" in a value: its end, or a child. */
static int end_value(struct parser *parser)
{
	struct frame *frame = frame_of(parser);
	int r;

	if (parser->at < parser->length && parser->text[parser->at] == '/') {
		frame->value_end = parser->at - 1;
		parser->at++;
		text_empty(&frame->closing);
		frame->place = IN_CLOSING_NAME;
		return 0;
	}
	r = push_frame(parser);
	return r == 0 ? begin_name(parser) : r;
}

static int end_closing_name(struct parser *parser)
{
	struct frame *frame = frame_of(parser);

	if (strcmp(text_of(&frame->closing), text_of(&frame->name)) != 0)
		return fault_named(parser, parser->conf->items[frame->item].line,
				   "an element is not closed by the same name",
				   text_of(&frame->name));
	return close_element(parser);
}

/* A backslash escapes a "<" behind it; OSSEC's parser does not see that it is escaped itself. */
static void note_escape(const struct parser *parser, struct frame *frame, int byte)
{
	if (byte == '\\')
		frame->is_escaped = parser->is_ossec || !frame->is_escaped;
	else if (byte != '<')
		frame->is_escaped = false;
}

static int add_byte(struct parser *parser, struct frame *frame, int byte)
{
	struct text *text = text_in_place(frame);

	if (text && text_add(text, (char)byte) < 0)
		return no_memory(parser);
	if (byte == '<')
		frame->is_escaped = false;
	return 0;
}

static int take_byte(struct parser *parser, int byte)
{
	struct frame *frame = frame_of(parser);
	const struct text *text = text_in_place(frame);
	int r;

	note_escape(parser, frame, byte);
	if (text && text->length >= parser->text_max)
		return fault_at(parser, frame->line, "a name or a value is too long");
	r = byte == '<' ? pass_comment(parser) : 0;
	if (r > 0)
		frame->has_comment = true;
	if (r != 0)
		return r < 0 ? r : 0;
	if (frame->place == BEFORE && !frame->is_escaped)
		return byte == '<' ? begin_name(parser) : 0;
	if (frame->place == IN_NAME && (byte == '>' || is_blank(byte)))
		return open_element(parser, byte);
	if (frame->place == IN_CLOSING_NAME && byte == '>')
		return end_closing_name(parser);
	if (frame->place == IN_VALUE && byte == '<' && !frame->is_escaped)
		return end_value(parser);
	return add_byte(parser, frame, byte);
}

/* OSSEC's: "<?xml", perhaps behind a byte order mark, to "?>". */
static int pass_declaration(struct parser *parser)
{
	size_t begin = follows(parser, 0, "\xef\xbb\xbf") ? 3 : 0;

	if (!follows(parser, begin, "<?xml"))
		return 0;
	while (next_byte(parser) >= 0)
		if (parser->at >= begin + strlen("<?xml?>") &&
		    memcmp(parser->text + parser->at - 2, "?>", 2) == 0)
			return 0;
	return fault_at(parser, 1, "the XML declaration does not end");
}

static int parse_all(struct parser *parser)
{
	int r = parser->is_ossec ? pass_declaration(parser) : 0, byte;

	while (r == 0 && (byte = next_byte(parser)) >= 0)
		r = take_byte(parser, byte);
	if (r == 0 && frame_of(parser)->place != BEFORE)
		return fault_named(parser, frame_of(parser)->line, "an element is not closed",
				   text_of(&frame_of(parser)->name));
	return r;
}

static void release_frames(struct parser *parser)
{
	for (size_t i = 0; i < parser->frames_allocated; i++) {
		free(parser->frames[i].name.bytes);
		free(parser->frames[i].value.bytes);
		free(parser->frames[i].closing.bytes);
	}
	free(parser->frames);
}

int ossec_conf_parse(struct ossec_conf *ret, const char *text, size_t length,
		     enum agent_generation generation, struct reason *why)
{
	bool is_ossec = generation == AGENT_OSSEC;
	cleanup(ossec_conf_clear) struct ossec_conf conf = { 0 };
	cleanup(release_frames) struct parser parser = {
		.text = text,
		.length = length,
		.line = 1,
		.is_ossec = is_ossec,
		.text_max = is_ossec ? TEXT_MAX_OSSEC : TEXT_MAX_WAZUH,
		.attributes_max = is_ossec ? ATTRIBUTES_MAX_OSSEC : ATTRIBUTES_MAX_WAZUH,
		.frames = calloc(8, sizeof *parser.frames),
		.conf = &conf,
		.why = why,
	};
	int r;

	if (!parser.frames)
		return no_memory(&parser);
	parser.frames_allocated = 8;
	r = parse_all(&parser);
	if (r < 0)
		return r;
	*ret = conf;
	conf = (struct ossec_conf){ 0 };
	return 0;
}

/* ------------------------------------------------------------------ finding items */

void ossec_conf_clear(struct ossec_conf *conf)
{
	for (size_t i = 0; i < conf->count; i++) {
		free(conf->items[i].name);
		free(conf->items[i].value);
	}
	free(conf->items);
	*conf = (struct ossec_conf){ 0 };
}

size_t ossec_conf_child(const struct ossec_conf *conf, size_t parent, size_t previous)
{
	size_t depth = parent == OSSEC_CONF_NONE ? 0 : conf->items[parent].depth + 1;
	size_t first = parent == OSSEC_CONF_NONE ? 0 : parent + 1;

	for (size_t i = previous == OSSEC_CONF_NONE ? first : previous + 1; i < conf->count; i++) {
		const struct ossec_conf_item *item = &conf->items[i];

		if (item->kind != OSSEC_CONF_ELEMENT)
			continue;
		if (item->depth == depth)
			return i;
		if (item->depth < depth)
			break;
	}
	return OSSEC_CONF_NONE;
}

bool ossec_conf_is(const struct ossec_conf *conf, size_t item, const char *name)
{
	return conf->items[item].kind == OSSEC_CONF_ELEMENT &&
	       strcmp(conf->items[item].name, name) == 0;
}

size_t ossec_conf_attribute(const struct ossec_conf *conf, size_t item, const char *name)
{
	for (size_t i = item + 1; i < conf->count && conf->items[i].kind == OSSEC_CONF_ATTRIBUTE;
	     i++)
		if (strcmp(conf->items[i].name, name) == 0)
			return i;
	return OSSEC_CONF_NONE;
}

bool ossec_conf_is_blank(const char *value)
{
	while (is_blank((unsigned char)*value))
		value++;
	return *value == '\0';
}
