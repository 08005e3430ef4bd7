/* SPDX-License-Identifier: ISC */
#include "client/agent-files/ossec-conf.h"

#include "client/agent-files/ossec-conf-parser.h"
#include "common/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* XML_MAXSIZE of the agents' parser: the first length that is too long */
#define TEXT_MAX_OSSEC 8192
#define TEXT_MAX_WAZUH 20480

#define NESTING_MAX 1024

/*
 * XML_MAX_ATTR_DEPTH of Wazuh. OSSEC's parser has no limit, but needs 16 KiB of its stack for each.
 */
#define ATTRIBUTES_MAX_OSSEC 480
#define ATTRIBUTES_MAX_WAZUH 49

static struct parser_frame *frame_of(const struct parser *parser)
{
	return &parser->frames[parser->depth];
}

/* ------------------------------------------------------------------ elements */

static int push_frame(struct parser *parser)
{
	if (parser->depth + 1 >= NESTING_MAX)
		return parser_fault(parser, parser->line, "elements are nested too deeply");
	if (parser->depth + 1 >= parser->frames_allocated) {
		size_t allocated = 2 * parser->frames_allocated;
		struct parser_frame *frames = reallocarray(parser->frames, allocated,
							   sizeof *frames);

		if (!frames)
			return parser_no_memory(parser);
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
	parser_text_empty(&frame_of(parser)->value);
	frame_of(parser)->value_begin = parser->at;
	frame_of(parser)->has_comment = false;
}

/* With the value as it was collected. */
static int close_element(struct parser *parser)
{
	struct parser_frame *frame = frame_of(parser);
	struct ossec_conf_item *item = &parser->conf->items[frame->item];

	item->value = strdup(parser_text_of(&frame->value));
	if (!item->value)
		return parser_no_memory(parser);
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
		return parser_no_memory(parser);
	item->end = item->value_begin = item->value_end = end;
	leave_element(parser);
	return 0;
}

/* The name is complete: `byte` has ended it. */
static int open_element(struct parser *parser, int byte)
{
	struct parser_frame *frame = frame_of(parser);
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
	r = parser_add(parser, &item, parser_text_of(&frame->name));
	if (r == 0 && parser_is_blank(byte))
		r = parser_read_attributes(parser, &end);
	if (r < 0)
		return r;
	if (has_slash || end == TAG_EMPTY)
		return end_empty_element(parser, end == TAG_EMPTY);
	frame = frame_of(parser);
	parser_text_empty(&frame->value);
	frame->value_begin = parser->at;
	frame->has_comment = false;
	frame->place = IN_VALUE;
	return 0;
}

/* ------------------------------------------------------------------ byte by byte */

static struct parser_text *text_in_place(struct parser_frame *frame)
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
	struct parser_frame *frame = frame_of(parser);

	if (parser->at < parser->length && parser->text[parser->at] == '/')
		return parser_fault(parser, parser->line,
				    "an element is closed that was not opened");
	frame->begin = parser->at - 1;
	frame->line = parser->line;
	parser_text_empty(&frame->name);
	frame->place = IN_NAME;
	return 0;
}

/* A "<" in a value: its end, or a child. */
static int end_value(struct parser *parser)
{
	struct parser_frame *frame = frame_of(parser);
	int r;

	if (parser->at < parser->length && parser->text[parser->at] == '/') {
		frame->value_end = parser->at - 1;
		parser->at++;
		parser_text_empty(&frame->closing);
		frame->place = IN_CLOSING_NAME;
		return 0;
	}
	r = push_frame(parser);
	return r == 0 ? begin_name(parser) : r;
}

static int end_closing_name(struct parser *parser)
{
	struct parser_frame *frame = frame_of(parser);

	if (strcmp(parser_text_of(&frame->closing), parser_text_of(&frame->name)) != 0)
		return parser_fault_about(parser, parser->conf->items[frame->item].line,
					  "an element is not closed by the same name",
					  parser_text_of(&frame->name));
	return close_element(parser);
}

/* A backslash escapes a "<" behind it; OSSEC's parser does not see that it is escaped itself. */
static void note_escape(const struct parser *parser, struct parser_frame *frame, int byte)
{
	if (byte == '\\')
		frame->is_escaped = parser->is_ossec || !frame->is_escaped;
	else if (byte != '<')
		frame->is_escaped = false;
}

static int add_byte(struct parser *parser, struct parser_frame *frame, int byte)
{
	struct parser_text *text = text_in_place(frame);

	if (text && parser_text_add(text, (char)byte) < 0)
		return parser_no_memory(parser);
	if (byte == '<')
		frame->is_escaped = false;
	return 0;
}

static int take_byte(struct parser *parser, int byte)
{
	struct parser_frame *frame = frame_of(parser);
	const struct parser_text *text = text_in_place(frame);
	int r;

	note_escape(parser, frame, byte);
	if (text && text->length >= parser->text_max)
		return parser_fault(parser, frame->line, "a name or a value is too long");
	r = byte == '<' ? parser_pass_comment(parser) : 0;
	if (r > 0)
		frame->has_comment = true;
	if (r != 0)
		return r < 0 ? r : 0;
	if (frame->place == BEFORE && !frame->is_escaped)
		return byte == '<' ? begin_name(parser) : 0;
	if (frame->place == IN_NAME && (byte == '>' || parser_is_blank(byte)))
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
	size_t begin = parser_sees(parser, 0, "\xef\xbb\xbf") ? 3 : 0;

	if (!parser_sees(parser, begin, "<?xml"))
		return 0;
	while (parser_next_byte(parser) >= 0)
		if (parser->at >= begin + strlen("<?xml?>") &&
		    memcmp(parser->text + parser->at - 2, "?>", 2) == 0)
			return 0;
	return parser_fault(parser, 1, "the XML declaration does not end");
}

static int parse_all(struct parser *parser)
{
	int r = parser->is_ossec ? pass_declaration(parser) : 0, byte;

	while (r == 0 && (byte = parser_next_byte(parser)) >= 0)
		r = take_byte(parser, byte);
	if (r == 0 && frame_of(parser)->place != BEFORE)
		return parser_fault_about(parser, frame_of(parser)->line,
					  "an element is not closed",
					  parser_text_of(&frame_of(parser)->name));
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
		return parser_no_memory(&parser);
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
	while (parser_is_blank((unsigned char)*value))
		value++;
	return *value == '\0';
}
