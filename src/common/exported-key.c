/* SPDX-License-Identifier: ISC */
#include "common/exported-key.h"

#include "common/io.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

/* What has been found so far. Contains keys: wipe it. */
struct findings {
	struct agent_key key;           /* the first one */
	struct agent_key other_key;     /* one that differs from it */
	int keys;                       /* 0, 1, or 2 for several */
	enum agent_key_fault fault;     /* of a line that looks like a record but is not valid */
	bool has_odd_base64;            /* base64 text that does not contain a record */
	char removed[AGENT_ID_MAX + 1]; /* the ID of an agent that was removed; empty: none */
};

/* ------------------------------------------------------------------ lines */

struct span {
	const char *text;
	size_t length;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* As what a shell or jq prints. */
static void strip_quotes(struct span *line)
{
	char quote = line->length >= 2 ? line->text[0] : '\0';

	if ((quote == '"' || quote == '\'') && line->text[line->length - 1] == quote) {
		line->text++;
		line->length -= 2;
	}
}

/*
 * Remove the next line from the text, without surrounding blanks and quotes. Returns false at the
 * end.
 */
static bool next_line(struct span *text, struct span *ret)
{
	const char *newline = memchr(text->text, '\n', text->length);
	size_t length = newline ? (size_t)(newline - text->text) : text->length;
	struct span line = { text->text, length };

	if (text->length == 0)
		return false;
	text->text += length + (newline != NULL);
	text->length -= length + (newline != NULL);
	for (; line.length > 0 && is_blank(line.text[0]); line.length--)
		line.text++;
	while (line.length > 0 && is_blank(line.text[line.length - 1]))
		line.length--;
	strip_quotes(&line);
	*ret = line;
	return true;
}

static size_t count_leading(struct span line, const char *set)
{
	size_t n = 0;

	while (n < line.length && line.text[n] && strchr(set, line.text[n]))
		n++;
	return n;
}

/* Does the line start with digits and a blank, like a record? */
static bool is_like_record(struct span line)
{
	size_t digits = count_leading(line, "0123456789");

	return digits > 0 && digits < line.length && is_blank(line.text[digits]);
}

/* Is it marked as removed ("001 !name ...", "001 #*#*...")? */
static bool is_removed(struct span record)
{
	size_t name = count_leading(record, "0123456789") + 1;

	return name < record.length && (record.text[name] == '!' || record.text[name] == '#');
}

static bool is_like_base64(struct span line)
{
	size_t letters = count_leading(line, LETTERS);

	while (letters < line.length && line.text[letters] == '=')
		letters++;
	return letters > 0 && letters == line.length;
}

/* ------------------------------------------------------------------ records */

static void take_record(struct findings *findings, struct span line)
{
	struct agent_key key;
	enum agent_key_fault fault;

	if (is_removed(line)) {
		(void)snprintf(findings->removed, sizeof findings->removed, "%.*s",
			       (int)count_leading(line, "0123456789"), line.text);
		return;
	}
	fault = agent_key_parse(&key, line.text, line.length);
	if (fault == AGENT_KEY_OK && !agent_key_text_is_genuine(key.key, strlen(key.key)))
		fault = AGENT_KEY_NOT_GENUINE;
	if (fault != AGENT_KEY_OK) {
		findings->fault = fault;
	} else if (findings->keys == 0) {
		findings->key = key;
		findings->keys = 1;
	} else if (!agent_key_equal(&findings->key, &key)) {
		findings->other_key = key;
		findings->keys = 2;
	}
	agent_key_wipe(&key);
}

/* Take the records among the lines. Returns false when there is nothing like one. */
static bool take_records(struct findings *findings, struct span text)
{
	struct span line;
	bool found = false;

	while (next_line(&text, &line)) {
		if (is_like_record(line)) {
			take_record(findings, line);
			found = true;
		}
	}
	return found;
}

/* ------------------------------------------------------------------ base64 */

static bool is_one_key(const struct findings *findings)
{
	return findings->keys == 1 && findings->fault == AGENT_KEY_OK && !findings->has_odd_base64;
}

/* Not by value: the compiler may make copies of that, which nobody wipes. */
static void find_in_base64(struct findings *findings, struct span text)
{
	char plain[EXPORTED_KEY_MAX];
	ssize_t length = base64_decode(plain, sizeof plain, BASE64_PADDED, text.text, text.length);

	*findings = (struct findings){ 0 };
	if (length < 0 || !take_records(findings, (struct span){ plain, (size_t)length }))
		findings->has_odd_base64 = true;
	explicit_bzero(plain, sizeof plain);
}

/* Does each of the lines contain a whole key? */
static bool is_one_a_line(struct span lines)
{
	struct span line;
	bool whole = true;

	while (whole && next_line(&lines, &line)) {
		struct findings findings;

		find_in_base64(&findings, line);
		whole = is_one_key(&findings);
		explicit_bzero(&findings, sizeof findings);
	}
	return whole;
}

static void merge(struct findings *findings, const struct findings *more)
{
	if (more->keys == 2 || (more->keys == 1 && findings->keys == 1 &&
				!agent_key_equal(&findings->key, &more->key))) {
		findings->other_key = more->keys == 2 ? more->other_key : more->key;
		findings->key = findings->keys ? findings->key : more->key;
		findings->keys = 2;
	} else if (more->keys == 1 && findings->keys == 0) {
		findings->key = more->key;
		findings->keys = 1;
	}
	findings->fault = findings->fault ?: more->fault;
	findings->has_odd_base64 |= more->has_odd_base64;
	if (more->removed[0])
		memcpy(findings->removed, more->removed, sizeof findings->removed);
}

/*
 * Consecutive lines of base64 are one key with line breaks if they decode to a record: the first
 * line of such a key may look like a shorter key by itself. Otherwise they may be keys of several
 * agents.
 */
static void take_base64(struct findings *findings, struct span lines)
{
	char joined[EXPORTED_KEY_MAX];
	struct span rest = lines, line;
	struct findings found;
	size_t length = 0;

	while (next_line(&rest, &line)) {
		memcpy(joined + length, line.text, line.length);
		length += line.length;
	}
	find_in_base64(&found, (struct span){ joined, length });
	explicit_bzero(joined, sizeof joined);
	if (!is_one_key(&found) && is_one_a_line(lines)) {
		for (found = (struct findings){ 0 }; next_line(&lines, &line);) {
			struct findings one;

			find_in_base64(&one, line);
			merge(&found, &one);
			explicit_bzero(&one, sizeof one);
		}
	}
	merge(findings, &found);
	explicit_bzero(&found, sizeof found);
}

/* ------------------------------------------------------------------ JSON */

/* The closing quote of a string whose text begins here, or null. */
static const char *end_of_string(const char *text, const char *end)
{
	for (; text < end && *text != '"'; text++)
		if (*text == '\\')
			text++;
	return text < end ? text : NULL;
}

/* Does a member of this name have a key as its value? */
static bool is_key_member(struct span name)
{
	return (name.length == 3 && memcmp(name.text, "key", 3) == 0) ||
	       (name.length == 4 && memcmp(name.text, "data", 4) == 0);
}

/* The slash is a letter of base64, and some programs escape it. */
static void take_json_key(struct findings *findings, struct span string)
{
	char text[EXPORTED_KEY_MAX];
	struct findings found;
	size_t length = 0;

	for (size_t i = 0; i < string.length; i++)
		if (string.text[i] != '\\' || i + 1 == string.length || string.text[i + 1] != '/')
			text[length++] = string.text[i];
	if (length == 0)
		return;
	find_in_base64(&found, (struct span){ text, length });
	merge(findings, &found);
	explicit_bzero(&found, sizeof found);
	explicit_bzero(text, sizeof text);
}

/*
 * The answer of Wazuh's API, or what manage_agents -j prints: the strings that are the value of
 * "key" or "data", wherever they are. Nothing else of the text matters.
 */
static void take_json(struct findings *findings, struct span text)
{
	const char *at = text.text, *end = text.text + text.length;
	struct span name = { "", 0 };

	while ((at = memchr(at, '"', (size_t)(end - at)))) {
		struct span string = { at + 1, 0 };

		at = end_of_string(string.text, end);
		if (!at)
			return;
		string.length = (size_t)(at++ - string.text);
		while (at < end && (is_blank(*at) || *at == '\n'))
			at++;
		if (at < end && *at == ':')
			name = string;
		else if (is_key_member(name))
			take_json_key(findings, string);
	}
}

/* ------------------------------------------------------------------ the whole */

static bool is_json(struct span text)
{
	size_t blanks = count_leading(text, " \t\r\n");

	return blanks < text.length && text.text[blanks] == '{';
}

static void take_text(struct findings *findings, struct span text)
{
	struct span base64 = { text.text, 0 }, line;
	const char *begin = text.text;

	for (; next_line(&text, &line); begin = text.text) {
		if (is_like_base64(line)) {
			base64.text = base64.length ? base64.text : begin;
			base64.length = (size_t)(text.text - base64.text);
			continue;
		}
		if (base64.length)
			take_base64(findings, base64);
		base64.length = 0;
		if (is_like_record(line))
			take_record(findings, line);
	}
	if (base64.length)
		take_base64(findings, base64);
}

static int judge(struct agent_key *ret, const struct findings *findings, struct reason *why)
{
	if (findings->keys == 2)
		reason_set(why,
			   "contains the keys of several agents (%s %s, %s %s, ...); "
			   "provide only the key of this machine",
			   findings->key.id, findings->key.name, findings->other_key.id,
			   findings->other_key.name);
	else if (findings->fault != AGENT_KEY_OK)
		reason_set(why, "contains an invalid key: %s%s",
			   agent_key_fault_text(findings->fault),
			   findings->fault == AGENT_KEY_NOT_GENUINE ? "; it may be truncated" : "");
	else if (findings->has_odd_base64)
		reason_set(why, "contains no complete key: the base64 text "
				"does not decode to \"ID NAME IP KEY\"; it may be truncated");
	else if (findings->keys == 0 && findings->removed[0])
		reason_set(why,
			   "contains an agent that was removed on the manager (ID %s); "
			   "register this machine again there",
			   findings->removed);
	else if (findings->keys == 0)
		reason_set(why, "contains no key: expected the output of manage_agents -e (base64) "
				"or a line \"ID NAME IP KEY\" of client.keys");
	else {
		*ret = findings->key;
		return 0;
	}
	return -EINVAL;
}

/*
 * A fault of the text as a whole, or null. Some editors and shells write UTF-16, which contains NUL
 * bytes.
 */
static const char *fault_of(const char *text, size_t length)
{
	if (length == 0)
		return "is empty";
	if (length > EXPORTED_KEY_MAX)
		return "is too long for a key; provide the key of one agent only";
	if (io_is_utf16(text, length))
		return "is UTF-16; save it as UTF-8 or ASCII";
	if (memchr(text, '\0', length))
		return "contains a NUL byte";
	return NULL;
}

int exported_key_parse(struct agent_key *ret, const char *text, size_t length, struct reason *why)
{
	struct findings findings = { 0 };
	const char *fault = fault_of(text, length);
	size_t mark = io_mark_length(text, length);
	const struct span content = { text + mark, length - mark };
	int r;

	if (fault) {
		reason_set(why, "%s", fault);
		return -EINVAL;
	}
	if (is_json(content))
		take_json(&findings, content);
	else
		take_text(&findings, content);
	r = judge(ret, &findings, why);
	explicit_bzero(&findings, sizeof findings);
	return r;
}

size_t exported_key_format(char ret[static EXPORTED_KEY_SIZE], const struct agent_key *key)
{
	char line[AGENT_LINE_SIZE + 1];
	size_t length = agent_key_format(line, key) - 1; /* without the newline */

	length = base64_encode(ret, BASE64_PADDED, line, length);
	explicit_bzero(line, sizeof line);
	return length;
}
