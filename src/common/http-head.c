/* SPDX-License-Identifier: ISC */
#include "common/http-head.h"

#include <string.h>

#define LENGTH_MAX (UINT64_MAX / 10 - 1)

static bool refuse(struct http_head *head, const char *fault)
{
	head->state = HTTP_HEAD_REFUSED;
	head->fault = fault;
	return false;
}

static char lower(char byte)
{
	return byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
}

/* Keep as much as there is room for; a text that is cut equals none that matters. */
static void keep(char *text, size_t size, size_t *length, char byte)
{
	if (*length + 1 < size)
		text[*length] = lower(byte);
	if (*length < size)
		++*length;
}

static bool is_kept(const char *text, size_t length, const char *expected)
{
	return length == strlen(expected) && memcmp(text, expected, length) == 0;
}

static bool name_is(const struct http_head *head, const char *name)
{
	return is_kept(head->name, head->name_length, name);
}

/* ------------------------------------------------------------------ a field */

/* tchar of RFC 9110, 5.6.2 */
static bool is_token(char byte)
{
	return (byte >= '0' && byte <= '9') || (lower(byte) >= 'a' && lower(byte) <= 'z') ||
	       (byte != '\0' && strchr("!#$%&'*+-.^_`|~", byte));
}

static bool take_name(struct http_head *head, char byte)
{
	if (is_token(byte)) {
		keep(head->name, sizeof head->name, &head->name_length, byte);
		return true;
	}
	if (byte == ' ' || byte == '\t')
		return refuse(head,
			      head->name_length == 0 ? "a folded line" : "a blank before a colon");
	if (byte != ':' || head->name_length == 0)
		return refuse(head, "a line that is no field");
	if (++head->fields > head->fields_max && head->fields_max > 0)
		return refuse(head, "too many fields");
	if (name_is(head, "content-length") && head->has_length)
		return refuse(head, "two Content-Length fields");
	if (name_is(head, "transfer-encoding") && head->is_chunked)
		return refuse(head, "two Transfer-Encoding fields");
	if ((name_is(head, "content-length") && head->is_chunked) ||
	    (name_is(head, "transfer-encoding") && head->has_length))
		return refuse(head, "both Content-Length and Transfer-Encoding");
	head->place = HTTP_HEAD_VALUE;
	head->value_length = 0;
	return true;
}

static bool take_content_length(struct http_head *head)
{
	size_t digits = 0;

	head->length = 0;
	for (; digits < head->value_length && digits + 1 < sizeof head->value; digits++) {
		char byte = head->value[digits];

		if (byte < '0' || byte > '9' || head->length > LENGTH_MAX)
			return refuse(head, "a Content-Length that is no number");
		head->length = head->length * 10 + (uint64_t)(byte - '0');
	}
	if (digits == 0 || digits != head->value_length)
		return refuse(head, "a Content-Length that is no number");
	head->has_length = true;
	return true;
}

static bool end_field(struct http_head *head)
{
	while (head->value_length > 0 && head->value_length < sizeof head->value &&
	       (head->value[head->value_length - 1] == ' ' ||
		head->value[head->value_length - 1] == '\t'))
		head->value_length--;
	if (name_is(head, "content-length"))
		return take_content_length(head);
	if (!name_is(head, "transfer-encoding"))
		return true;
	if (!is_kept(head->value, head->value_length, "chunked"))
		return refuse(head, "a Transfer-Encoding other than chunked");
	head->is_chunked = true;
	return true;
}

/* ------------------------------------------------------------------ lines */

static bool end_line(struct http_head *head)
{
	bool is_empty = head->line_length == 0;

	head->follows_return = false;
	head->line_length = 0;
	if (head->place == HTTP_HEAD_NAME && is_empty) {
		head->state = HTTP_HEAD_DONE;
		return true;
	}
	if (head->place == HTTP_HEAD_NAME || is_empty)
		return refuse(head, "a line that is no field");
	if (head->place == HTTP_HEAD_VALUE && !end_field(head))
		return false;
	head->place = HTTP_HEAD_NAME;
	head->name_length = 0;
	return true;
}

static bool take_text(struct http_head *head, char byte)
{
	bool is_blank = byte == ' ' || byte == '\t';

	if (head->place == HTTP_HEAD_START_LINE) {
		if (head->line_length < sizeof head->method - 1 && !strchr(head->method, ' '))
			head->method[head->line_length] = byte;
	} else if (!is_blank || head->value_length > 0) {
		keep(head->value, sizeof head->value, &head->value_length, byte);
	}
	return true;
}

static bool take_byte(struct http_head *head, char byte)
{
	if (byte == '\n')
		return head->follows_return ? end_line(head)
					    : refuse(head, "a line feed without a carriage return");
	if (head->follows_return)
		return refuse(head, "a carriage return within a line");
	head->follows_return = byte == '\r';
	if (head->follows_return)
		return true;
	if (((unsigned char)byte < ' ' && byte != '\t') || byte == '\x7f')
		return refuse(head, "a control character");
	if (head->place == HTTP_HEAD_NAME ? !take_name(head, byte) : !take_text(head, byte))
		return false;
	head->line_length++;
	return true;
}

size_t http_head_feed(struct http_head *head, const char *bytes, size_t length)
{
	size_t taken = 0;

	while (taken < length && head->state == HTTP_HEAD_MORE && take_byte(head, bytes[taken]))
		taken++;
	return taken;
}
