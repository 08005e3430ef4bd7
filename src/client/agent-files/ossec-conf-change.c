/* SPDX-License-Identifier: ISC */
#include "client/agent-files/ossec-conf-change.h"

#include "common/cleanup.h"
#include "common/memory-stream.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A level of indentation where none can be seen. */
#define USUAL_LEVEL "  "

/* ------------------------------------------------------------------ small things */

int ossec_conf_change_refuse(const struct ossec_conf_change *change, size_t line, const char *what)
{
	reason_set(change->why, "line %zu: %s", line, what);
	return -EINVAL;
}

static int no_memory(const struct ossec_conf_change *change)
{
	reason_set(change->why, "Out of memory");
	return -ENOMEM;
}

static int patch(struct ossec_conf_change *change, size_t begin, size_t end, char *text)
{
	return text_patches_add(&change->patches, begin, end, text) < 0 ? no_memory(change) : 0;
}

/* A value that stands for itself wherever it stands in an element. */
static bool is_simple(const char *value)
{
	for (; *value; value++)
		if ((unsigned char)*value < ' ' || *value == 0x7f || strchr("<>\\$", *value))
			return false;
	return true;
}

static int check_value(const struct ossec_conf_change *change, size_t item, const char *value)
{
	return is_simple(value)
		       ? 0
		       : ossec_conf_change_refuse(change, change->conf->items[item].line,
						  "the new value cannot stand in this file");
}

/* ------------------------------------------------------------------ layout */

static size_t line_begin(const struct ossec_conf_change *change, size_t at)
{
	while (at > 0 && change->text[at - 1] != '\n')
		at--;
	return at;
}

static bool is_blank_between(const struct ossec_conf_change *change, size_t begin, size_t end)
{
	for (size_t i = begin; i < end; i++)
		if (change->text[i] != ' ' && change->text[i] != '\t')
			return false;
	return true;
}

/* Is nothing but blanks before that place in its line? There is a line before it. */
static bool is_first_in_line(const struct ossec_conf_change *change, size_t at)
{
	size_t begin = line_begin(change, at);

	return begin > 0 && is_blank_between(change, begin, at);
}

/* The line end before that place. */
static const char *line_end_before(const struct ossec_conf_change *change, size_t at)
{
	size_t begin = line_begin(change, at);

	return begin > 1 && change->text[begin - 2] == '\r' ? "\r\n" : "\n";
}

/* A piece of the text. */
struct piece {
	const char *begin;
	size_t length;
};

static struct piece indentation_of(const struct ossec_conf_change *change, size_t at)
{
	size_t begin = line_begin(change, at);

	return (struct piece){ change->text + begin, at - begin };
}

/* The first child that is first in its line; OSSEC_CONF_NONE: there is none. */
static size_t child_in_line(const struct ossec_conf_change *change, size_t parent)
{
	size_t child = OSSEC_CONF_NONE;

	while ((child = ossec_conf_child(change->conf, parent, child)) != OSSEC_CONF_NONE)
		if (is_first_in_line(change, change->conf->items[child].begin))
			break;
	return child;
}

/* By how much children of `parent` are indented more than it is; false: none can be seen. */
static bool find_level(const struct ossec_conf_change *change, size_t parent, struct piece *ret)
{
	size_t child = child_in_line(change, parent);
	struct piece outer, inner;

	if (child == OSSEC_CONF_NONE)
		return false;
	outer = indentation_of(change, change->conf->items[parent].begin);
	inner = indentation_of(change, change->conf->items[child].begin);
	if (inner.length <= outer.length ||
	    (outer.length > 0 && memcmp(inner.begin, outer.begin, outer.length) != 0))
		return false;
	*ret = (struct piece){ inner.begin + outer.length, inner.length - outer.length };
	return true;
}

/* Of the element itself, or of the first one of the file that has some. */
static struct piece level_of(const struct ossec_conf_change *change, size_t item)
{
	struct piece level = { USUAL_LEVEL, strlen(USUAL_LEVEL) };

	if (find_level(change, item, &level))
		return level;
	for (size_t i = 0; i < change->conf->count; i++)
		if (change->conf->items[i].kind == OSSEC_CONF_ELEMENT &&
		    change->conf->items[i].has_children && find_level(change, i, &level))
			break;
	return level;
}

/* How lines that are added look. */
struct layout {
	bool is_one_line;
	const char *line_end;
	struct piece indentation, more, level; /* of a line: `indentation`, then `more` */
};

static void write_piece(FILE *stream, const struct piece *piece)
{
	if (piece->length > 0)
		(void)fwrite(piece->begin, 1, piece->length, stream);
}

static void write_line_begin(FILE *stream, const struct layout *layout)
{
	write_piece(stream, &layout->indentation);
	write_piece(stream, &layout->more);
}

static void write_markup(FILE *stream, const struct layout *layout, const char *markup)
{
	for (; *markup; markup++) {
		if (*markup == '\n' && !layout->is_one_line) {
			(void)fputs(layout->line_end, stream);
			write_line_begin(stream, layout);
		} else if (*markup == '\t' && !layout->is_one_line) {
			write_piece(stream, &layout->level);
		} else if (*markup != '\n' && *markup != '\t') {
			(void)fputc(*markup, stream);
		}
	}
}

/* The layout of what stands at the same level as the element. */
static struct layout layout_beside(const struct ossec_conf_change *change, size_t item)
{
	size_t begin = change->conf->items[item].begin;

	return (struct layout){
		.is_one_line = !is_first_in_line(change, begin),
		.line_end = line_end_before(change, begin),
		.indentation = indentation_of(change, begin),
		.level = level_of(change, item),
	};
}

/* The layout of what stands in the element, if its closing tag is first in a line. */
static struct layout layout_within(const struct ossec_conf_change *change, size_t item)
{
	const struct ossec_conf_item *block = &change->conf->items[item];
	size_t child = child_in_line(change, item);
	struct layout layout = {
		.is_one_line = !is_first_in_line(change, block->value_end),
		.line_end = line_end_before(change, block->value_end),
		.level = level_of(change, item),
	};

	if (child != OSSEC_CONF_NONE) {
		layout.indentation = indentation_of(change, change->conf->items[child].begin);
		return layout;
	}
	layout.indentation = indentation_of(change, block->value_end);
	layout.more = layout.level;
	return layout;
}

/* ------------------------------------------------------------------ values */

/* Where a comment in the value ends that begins at `at`; `at`: none does. */
static size_t comment_end(const struct ossec_conf_change *change, size_t at, size_t end)
{
	const char *text = change->text;

	if (end - at < 2 || memcmp(text + at, "<!", 2) != 0)
		return at;
	for (size_t i = at + 3; i < end; i++)
		if (text[i] == '>' && (text[i - 1] == '!' ||
				       (text[i - 1] == '-' && i - at > 3 && text[i - 2] == '-')))
			return i + 1;
	return end;
}

/* Put the value in place of the first piece that is no comment; other pieces go. */
static int replace_pieces(struct ossec_conf_change *change, size_t begin, size_t end,
			  const char *value)
{
	bool is_written = false;
	int r = 0;

	for (size_t at = begin; r == 0 && at < end;) {
		size_t piece = at, behind;

		while (at < end && (behind = comment_end(change, at, end)) == at)
			at++;
		if (at > piece) {
			r = patch(change, piece, at, strdup(is_written ? "" : value));
			is_written = true;
		}
		if (at < end)
			at = behind;
	}
	return r == 0 && !is_written ? patch(change, end, end, strdup(value)) : r;
}

int ossec_conf_change_value(struct ossec_conf_change *change, size_t item, const char *value)
{
	const struct ossec_conf_item *old = &change->conf->items[item];
	int r = check_value(change, item, value);

	if (r < 0)
		return r;
	if (old->has_children)
		return ossec_conf_change_refuse(change, old->line,
						"there are elements where a value should be");
	if (old->is_empty_tag)
		return ossec_conf_change_element(change, item, old->name, value);
	return replace_pieces(change, old->value_begin, old->value_end, value);
}

/* Is there nothing in the element that would be lost with it but its value? */
static int check_contents(const struct ossec_conf_change *change, size_t item)
{
	const struct ossec_conf_item *old = &change->conf->items[item];
	bool has_attributes = item + 1 < change->conf->count &&
			      change->conf->items[item + 1].kind != OSSEC_CONF_ELEMENT &&
			      change->conf->items[item + 1].depth == old->depth &&
			      change->conf->items[item + 1].begin < old->end;

	if (!has_attributes && !old->has_children && (old->is_plain || old->is_empty_tag))
		return 0;
	return ossec_conf_change_refuse(
		change, old->line,
		"the element has attributes, comments or elements, which would be lost");
}

int ossec_conf_change_element(struct ossec_conf_change *change, size_t item, const char *name,
			      const char *value)
{
	const struct ossec_conf_item *old = &change->conf->items[item];
	int r = check_value(change, item, value);
	char *text;

	if (r == 0)
		r = check_contents(change, item);
	if (r < 0)
		return r;
	if (asprintf(&text, "<%s>%s</%s>", name, value, name) < 0)
		text = NULL;
	return patch(change, old->begin, old->end, text);
}

/* ------------------------------------------------------------------ adding and removing */

int ossec_conf_change_remove(struct ossec_conf_change *change, size_t item)
{
	size_t begin = change->conf->items[item].begin, end = change->conf->items[item].end;
	size_t behind = end;
	int r = check_contents(change, item);

	if (r < 0)
		return r;
	while (behind < change->length && strchr(" \t\r", change->text[behind]))
		behind++;
	if (is_first_in_line(change, begin) && behind < change->length &&
	    change->text[behind] == '\n') {
		begin = line_begin(change, begin);
		end = behind + 1;
	}
	return patch(change, begin, end, strdup(""));
}

int ossec_conf_change_add_behind(struct ossec_conf_change *change, size_t item, const char *markup)
{
	struct layout layout = layout_beside(change, item);
	size_t end = change->conf->items[item].end, length;
	char *text = NULL;
	FILE *stream = open_memstream(&text, &length);

	if (!stream)
		return no_memory(change);
	if (!layout.is_one_line)
		write_markup(stream, &layout, "\n");
	write_markup(stream, &layout, markup);
	return patch(change, end, end, memory_stream_close(stream, &text));
}

/* <name/>: it gets a closing tag. */
static int fill_empty_tag(struct ossec_conf_change *change, size_t item, const char *markup)
{
	const struct ossec_conf_item *old = &change->conf->items[item];
	struct layout layout = layout_beside(change, item);
	size_t length;
	char *text = NULL;
	FILE *stream;

	if (old->end - old->begin != strlen(old->name) + strlen("</>"))
		return ossec_conf_change_refuse(change, old->line,
						"the element is closed in its own tag; write a "
						"closing tag instead");
	stream = open_memstream(&text, &length);
	if (!stream)
		return no_memory(change);
	(void)fprintf(stream, "<%s>", old->name);
	write_markup(stream, &layout, "\n\t");
	layout.more = layout.level;
	write_markup(stream, &layout, markup);
	layout.more.length = 0;
	write_markup(stream, &layout, "\n");
	(void)fprintf(stream, "</%s>", old->name);
	return patch(change, old->begin, old->end, memory_stream_close(stream, &text));
}

int ossec_conf_change_add_into(struct ossec_conf_change *change, size_t item, const char *markup)
{
	const struct ossec_conf_item *block = &change->conf->items[item];
	struct layout layout = layout_within(change, item);
	size_t at = block->value_end, length;
	char *text = NULL;
	FILE *stream;

	if (block->is_empty_tag)
		return fill_empty_tag(change, item, markup);
	stream = open_memstream(&text, &length);
	if (!stream)
		return no_memory(change);
	if (!layout.is_one_line) {
		at = line_begin(change, at);
		write_line_begin(stream, &layout);
	}
	write_markup(stream, &layout, markup);
	if (!layout.is_one_line)
		(void)fputs(layout.line_end, stream);
	return patch(change, at, at, memory_stream_close(stream, &text));
}

/* ------------------------------------------------------------------ the new text */

/* Does the item begin in what a change takes away? */
static bool is_taken_away(const struct text_patches *patches, const struct ossec_conf_item *item)
{
	for (size_t i = 0; i < patches->count; i++)
		if (item->begin >= patches->items[i].begin && item->begin < patches->items[i].end)
			return true;
	return false;
}

/* Does the item of the new text begin in what a change has brought? */
static bool is_brought(const struct text_patches *patches, const struct ossec_conf_item *item)
{
	size_t from = 0, at = 0;

	for (size_t i = 0; i < patches->count; i++) {
		const struct text_patch *one = &patches->items[i];

		at += one->begin - from;
		if (item->begin >= at && item->begin < at + strlen(one->text))
			return true;
		at += strlen(one->text);
		from = one->end;
	}
	return false;
}

/*
 * Is there a change between the tags of the item? Of one with children, only what stands behind the
 * last of them is its value, and nobody reads that.
 */
static bool is_changed_within(const struct text_patches *patches,
			      const struct ossec_conf_item *item)
{
	size_t begin = item->has_children ? item->begin : item->value_begin;

	for (size_t i = 0; i < patches->count; i++)
		if (patches->items[i].begin >= begin && patches->items[i].end <= item->value_end)
			return true;
	return false;
}

static bool is_as_before(const struct text_patches *patches, const struct ossec_conf_item *old,
			 const struct ossec_conf_item *new)
{
	return old->kind == new->kind &&
	       old->depth == new->depth &&strcmp(old->name, new->name) == 0 &&
	       (strcmp(old->value, new->value) == 0 || is_changed_within(patches, old));
}

/* What is not changed is as it was, in the order in which it was. */
static bool differs_only_in(const struct text_patches *patches, const struct ossec_conf *old,
			    const struct ossec_conf *new)
{
	size_t i = 0, k = 0;

	for (;;) {
		while (i < old->count && is_taken_away(patches, &old->items[i]))
			i++;
		while (k < new->count && is_brought(patches, &new->items[k]))
			k++;
		if (i == old->count || k == new->count)
			return i == old->count && k == new->count;
		if (!is_as_before(patches, &old->items[i++], &new->items[k++]))
			return false;
	}
}

int ossec_conf_change_apply(struct ossec_conf_change *change, enum agent_generation generation,
			    char **ret, size_t *ret_length)
{
	cleanup(ossec_conf_clear) struct ossec_conf conf = { 0 };
	cleanup_free char *text = NULL;
	struct reason why = { 0 };
	size_t length;
	int r = text_patches_apply(&change->patches, change->text, change->length, &text, &length);

	if (r == 0)
		r = ossec_conf_parse(&conf, text, length, generation, &why);
	if (r == -ENOMEM)
		return no_memory(change);
	if (r < 0 || !differs_only_in(&change->patches, change->conf, &conf)) {
		reason_set(change->why, "the changed file would not be read as it is meant%s%s",
			   why.text[0] ? ": " : "", why.text);
		return -EINVAL;
	}
	*ret = take_pointer(text);
	*ret_length = length;
	return 0;
}
