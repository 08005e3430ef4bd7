/* SPDX-License-Identifier: ISC */
#include "common/authd-message.h"

#include "common/setting-words.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char password_prefix[] = "OSSEC PASS: ";
static const char name_prefix[] = "OSSEC A:'";
static const char key_prefix[] = "OSSEC K:'";
static const char error_prefix[] = "ERROR: ";

#define LENGTH(literal) (sizeof(literal) - 1)

/* ------------------------------------------------------------------ writing a request */

static bool has_any(const char *text, const char *forbidden)
{
	return text && text[strcspn(text, forbidden)] != '\0';
}

struct request_writer {
	char *buffer;
	size_t size;
	size_t used;
	bool overflow;
};

static void write_field(struct request_writer *writer, const char *before, const char *text,
			const char *after)
{
	int n;

	if (!text || writer->overflow)
		return;
	n = snprintf(writer->buffer + writer->used, writer->size - writer->used, "%s%s%s", before,
		     text, after);
	writer->used += (size_t)n;
	writer->overflow = writer->used >= writer->size;
}

ssize_t authd_request_format(char *buffer, size_t size, const struct authd_request *request)
{
	struct request_writer writer = { .buffer = buffer, .size = size };
	const char *groups = request->groups && *request->groups ? request->groups : NULL;

	if (has_any(request->password, "\n") || !request->name || has_any(request->name, "'\n") ||
	    has_any(request->version, "'\n") || has_any(groups, "'\n") ||
	    has_any(request->ip, "'\n") || has_any(request->key_hash, "'\n"))
		return -EINVAL;

	write_field(&writer, password_prefix, request->password, " ");
	write_field(&writer, name_prefix, request->name, "'");
	write_field(&writer, " V:'", request->version, "'");
	write_field(&writer, " G:'", groups, "'");
	write_field(&writer, " IP:'", request->ip, "'");
	write_field(&writer, " K:'", request->key_hash, "'");
	write_field(&writer, "", "\n", "");
	return writer.overflow ? -EMSGSIZE : (ssize_t)writer.used;
}

/* ------------------------------------------------------------------ reading a reply */

/* The bytes are not cleared: touching all of them would only use memory. */
void authd_reply_init(struct authd_reply *reply)
{
	reply->length = reply->begin = reply->end = 0;
	reply->state = AUTHD_REPLY_MORE;
}

/* Does one of the reply and `prefix` begin with the other? */
static bool begins_like(const char *bytes, size_t length, const char *prefix)
{
	size_t prefix_length = strlen(prefix);

	return memcmp(bytes, prefix, length < prefix_length ? length : prefix_length) == 0;
}

static enum authd_reply_state decide(struct authd_reply *reply, enum authd_reply_state state,
				     size_t begin, size_t end)
{
	reply->begin = begin;
	reply->end = end;
	return state;
}

/* The record is between the quotes, on one line. */
static enum authd_reply_state judge_key(struct authd_reply *reply, size_t begin)
{
	for (size_t i = begin; i < reply->length; i++) {
		if (reply->bytes[i] == '\'')
			return decide(reply, AUTHD_REPLY_KEY, begin, i);
		if (reply->bytes[i] == '\n' || reply->bytes[i] == '\0')
			return AUTHD_REPLY_MALFORMED;
	}
	return AUTHD_REPLY_MORE;
}

/*
 * An error text ends at its newline. Wazuh 4.0 to 4.12 send two records without newlines, which may
 * arrive without a boundary: then it ends where the second one begins. A key directly after it must
 * not be shown as part of it.
 */
static enum authd_reply_state judge_error(struct authd_reply *reply, size_t begin)
{
	static const char *const ends[] = { "\n", error_prefix, key_prefix };
	const char *text = reply->bytes + begin;
	size_t length = reply->length - begin;
	enum authd_reply_state state = AUTHD_REPLY_ERROR_OPEN;

	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
		const char *end = memmem(text, length, ends[i], strlen(ends[i]));

		if (!end || (end == text && ends[i] == error_prefix))
			continue;
		length = (size_t)(end - text);
		state = AUTHD_REPLY_ERROR;
	}
	return decide(reply, state, begin, begin + length);
}

static enum authd_reply_state judge(struct authd_reply *reply)
{
	size_t begin = 0;
	const char *bytes;
	size_t length;

	while (begin < reply->length &&
	       (reply->bytes[begin] == '\n' || reply->bytes[begin] == '\r'))
		begin++;
	bytes = reply->bytes + begin;
	length = reply->length - begin;

	if (begins_like(bytes, length, key_prefix))
		return length < LENGTH(key_prefix) ? AUTHD_REPLY_MORE
						   : judge_key(reply, begin + LENGTH(key_prefix));
	if (begins_like(bytes, length, error_prefix))
		return length < LENGTH(error_prefix)
			       ? AUTHD_REPLY_MORE
			       : judge_error(reply, begin + LENGTH(error_prefix));
	return AUTHD_REPLY_MALFORMED;
}

static bool is_decided(enum authd_reply_state state)
{
	return state != AUTHD_REPLY_MORE && state != AUTHD_REPLY_ERROR_OPEN;
}

enum authd_reply_state authd_reply_feed(struct authd_reply *reply, const void *data, size_t length)
{
	size_t room = sizeof reply->bytes - reply->length;

	if (is_decided(reply->state))
		return reply->state;
	memcpy(reply->bytes + reply->length, data, length < room ? length : room);
	reply->length += length < room ? length : room;

	reply->state = judge(reply);
	if (length >= room && reply->state == AUTHD_REPLY_MORE)
		reply->state = AUTHD_REPLY_MALFORMED;
	if (length >= room && reply->state == AUTHD_REPLY_ERROR_OPEN)
		reply->state = AUTHD_REPLY_ERROR;
	return reply->state;
}

enum authd_reply_state authd_reply_finish(struct authd_reply *reply)
{
	if (reply->state == AUTHD_REPLY_ERROR_OPEN)
		reply->state = AUTHD_REPLY_ERROR;
	else if (reply->state == AUTHD_REPLY_MORE)
		reply->state = reply->length == 0 ? AUTHD_REPLY_SILENT : AUTHD_REPLY_MALFORMED;
	return reply->state;
}

const char *authd_reply_text(const struct authd_reply *reply, size_t *ret_length)
{
	*ret_length = reply->end - reply->begin;
	return reply->bytes + reply->begin;
}

void authd_reply_wipe(struct authd_reply *reply)
{
	explicit_bzero(reply->bytes, reply->length);
	reply->length = reply->begin = reply->end = 0;
}

/* ------------------------------------------------------------------ what an error text means */

static const char hint_no_password[] = "a manager without a password replies like this to a "
				       "request with one; if it has none, remove the password here";
static const char hint_password[] = "set password_file to the manager's password";
static const char hint_name[] = "managers refuse an invalid name, their own host name and (OSSEC, "
				"and Wazuh up to 3.13.0) a name already in use; set another name";
static const char hint_group[] = "create the group on the manager or correct groups";
static const char hint_version[] = "remove version, or set it to the manager's version";
static const char hint_ip[] = "correct ip";
static const char hint_limit[] = "raise the agent limit of the manager or remove agents there";
static const char hint_retry[] = "the problem is on the manager; see its log";
/*
 * The first row with which the text begins is used, so more specific rows come first. OSSEC appends
 * another agent's ID to "Invalid IP address: " when the address is in use.
 */
static const struct {
	const char *text;
	enum outcome outcome;
	const char *hint;
	enum refusal_subject subject;
} error_texts[] = {
	{ "Invalid password", OUTCOME_REFUSED, hint_password },
	{ "Invalid request for new agent", OUTCOME_REFUSED, hint_no_password },
	{ "Invalid agent name", OUTCOME_REFUSED, hint_name },
	{ "Unterminated version field", OUTCOME_REFUSED, hint_version },
	{ "Unterminated group field", OUTCOME_REFUSED, hint_group },
	{ "Unterminated IP field", OUTCOME_REFUSED, hint_ip },
	{ "Unterminated key field", OUTCOME_REFUSED, NULL },
	{ "Agent version must be lower or equal to manager version", OUTCOME_REFUSED,
	  hint_version },
	{ "Invalid group: ", OUTCOME_REFUSED, hint_group, REFUSED_GROUP },
	{ "Invalid group", OUTCOME_REFUSED, hint_group },
	{ "Invalid Group(s) Name(s)", OUTCOME_REFUSED, hint_group, REFUSED_GROUP },
	{ "Maximum multigroup reached", OUTCOME_REFUSED, hint_group },
	{ "Invalid IP address", OUTCOME_DUPLICATE, NULL, REFUSED_ADDRESS },
	{ "Invalid IP", OUTCOME_REFUSED, hint_ip },
	{ "Duplicate IP", OUTCOME_DUPLICATE, NULL, REFUSED_ADDRESS },
	{ "Duplicated IP", OUTCOME_DUPLICATE, NULL, REFUSED_ADDRESS },
	{ "Duplicate ID", OUTCOME_DUPLICATE, NULL, REFUSED_ID },
	/* also "Duplicated agent name", "Duplicate name" */
	{ "Duplicate", OUTCOME_DUPLICATE, NULL, REFUSED_NAME },
	{ "Insuficient memory", OUTCOME_BUSY, hint_retry },
	{ "Insufficient memory", OUTCOME_BUSY, hint_retry },
	{ "Internal", OUTCOME_BUSY, hint_retry },
	{ "The maximum number of agents has been reached", OUTCOME_BUSY, hint_limit },
	{ "Maximum number of agents reached", OUTCOME_BUSY, hint_limit },
	{ "Agent limit", OUTCOME_BUSY, hint_limit },
	{ "Cannot comunicate with master", OUTCOME_BUSY, hint_retry },
	{ "Cannot communicate with master", OUTCOME_BUSY, hint_retry },
	{ "Issue generating key", OUTCOME_BUSY, hint_retry },
	{ "Enrollment password not available", OUTCOME_BUSY, hint_retry },
};

#define ERROR_TEXTS (sizeof error_texts / sizeof error_texts[0])

/* The row of a text; ERROR_TEXTS: there is none. */
static size_t find_error_text(const char *text, size_t length)
{
	size_t i = 0;

	while (i < ERROR_TEXTS &&
	       (length < strlen(error_texts[i].text) ||
		memcmp(text, error_texts[i].text, strlen(error_texts[i].text)) != 0))
		i++;
	return i;
}

enum outcome authd_error_outcome(const char *text, size_t length, const char **ret_hint)
{
	size_t i = find_error_text(text, length);
	const char *hint = i < ERROR_TEXTS ? error_texts[i].hint : NULL;

	if (ret_hint)
		*ret_hint = hint ? setting_words(hint) : NULL;
	return i < ERROR_TEXTS ? error_texts[i].outcome : OUTCOME_REFUSED;
}

enum refusal_subject authd_error_subject(const char *text, size_t length)
{
	size_t i = find_error_text(text, length);

	return i < ERROR_TEXTS ? error_texts[i].subject : REFUSED_OTHER;
}

/* ------------------------------------------------------------------ parsing a request */

struct cursor {
	const char *at;
	const char *end;
};

static size_t left(const struct cursor *cursor)
{
	return (size_t)(cursor->end - cursor->at);
}

static bool skip_literal(struct cursor *cursor, const char *literal)
{
	size_t n = strlen(literal);

	if (left(cursor) < n || memcmp(cursor->at, literal, n) != 0)
		return false;
	cursor->at += n;
	return true;
}

/* The time depends only on the length. */
static bool equal_secrets(const char *a, const char *b, size_t length)
{
	unsigned char difference = 0;

	for (size_t i = 0; i < length; i++)
		difference |= (unsigned char)(a[i] ^ b[i]);
	return difference == 0;
}

/* "OSSEC PASS: PASSWORD " with exactly one space after the password. */
static bool skip_password(struct cursor *cursor, const char *password)
{
	size_t n = strlen(password);

	if (!skip_literal(cursor, password_prefix) || left(cursor) < n ||
	    !equal_secrets(cursor->at, password, n))
		return false;
	cursor->at += n;
	return skip_literal(cursor, " ");
}

/* Take the text up to the closing quote, whatever it is. False: there is none. */
static bool take_name(struct cursor *cursor, struct authd_field *ret)
{
	const char *quote;

	if (!skip_literal(cursor, name_prefix))
		return false;
	quote = memchr(cursor->at, '\'', left(cursor));
	if (!quote)
		return false;
	*ret = (struct authd_field){ cursor->at, (size_t)(quote - cursor->at) };
	cursor->at = quote + 1;
	return true;
}

/*
 * Take what follows " G:". As at Wazuh's managers, what has no opening quote is empty text, and is
 * an error only if the closing quote is not where that of empty text would be: " V:x'" is accepted.
 */
static bool take_optional(struct cursor *cursor, size_t most, char forbidden,
			  struct authd_field *ret)
{
	const char *text = cursor->at + 1;
	size_t length = 0;

	if (left(cursor) < 2)
		return false;
	if (*cursor->at == '\'')
		while (length < most && text + length < cursor->end && text[length] != '\'' &&
		       (forbidden == '\0' || text[length] != forbidden))
			length++;
	if (text + length >= cursor->end || text[length] != '\'')
		return false;
	*ret = (struct authd_field){ text, length };
	cursor->at = text + length + 1;
	return true;
}

/* The fields behind the name, each once, in this order. */
static enum authd_request_fault take_fields(struct cursor *cursor,
					    struct authd_request_fields *fields)
{
	const struct {
		const char *prefix;
		size_t most;    /* bytes; the limits of Wazuh 4.14.7 */
		char forbidden; /* a character at which its parser also stops */
		struct authd_field *field;
		enum authd_request_fault fault;
	} optional[] = {
		{ " V:", 2048, 0, &fields->version, AUTHD_REQUEST_OPEN_VERSION },
		{ " G:", 65536, 0, &fields->groups, AUTHD_REQUEST_OPEN_GROUPS },
		{ " IP:", 46, ' ', &fields->ip, AUTHD_REQUEST_OPEN_IP },
		{ " K:", 40, 0, &fields->key_hash, AUTHD_REQUEST_OPEN_KEY_HASH },
	};

	for (size_t i = 0; i < sizeof optional / sizeof optional[0]; i++)
		if (skip_literal(cursor, optional[i].prefix) &&
		    !take_optional(cursor, optional[i].most, optional[i].forbidden,
				   optional[i].field))
			return optional[i].fault;
	return AUTHD_REQUEST_OK;
}

/* What is left of the line, unless it is the end of a line of Windows. */
static struct authd_field rest_of(const char *begin, const char *end)
{
	while (end > begin && (end[-1] == '\r' || end[-1] == ' '))
		end--;
	return end > begin ? (struct authd_field){ begin, (size_t)(end - begin) }
			   : (struct authd_field){ NULL, 0 };
}

enum authd_request_fault authd_request_parse(struct authd_request_fields *ret, const char *line,
					     size_t length, const char *password)
{
	struct authd_request_fields fields = { 0 };
	struct cursor cursor = { line, line + strnlen(line, length) };
	enum authd_request_fault fault;

	if (password && !skip_password(&cursor, password))
		return AUTHD_REQUEST_PASSWORD;
	if (!take_name(&cursor, &fields.name))
		return AUTHD_REQUEST_MALFORMED;
	fault = take_fields(&cursor, &fields);
	if (fault == AUTHD_REQUEST_OK)
		fields.rest = rest_of(cursor.at, line + length);
	*ret = fields;
	return fault;
}

bool authd_request_begins(const char *line, size_t length, const char *password)
{
	struct cursor cursor = { line, line + strnlen(line, length) };

	return password ? skip_password(&cursor, password) : skip_literal(&cursor, name_prefix);
}

bool authd_request_has_fields(enum authd_request_fault fault)
{
	return fault != AUTHD_REQUEST_PASSWORD && fault != AUTHD_REQUEST_MALFORMED;
}

const char *authd_request_fault_text(enum authd_request_fault fault)
{
	static const char *const texts[] = {
		[AUTHD_REQUEST_OK] = "",
		[AUTHD_REQUEST_PASSWORD] = "Invalid password",
		[AUTHD_REQUEST_MALFORMED] = "Invalid request for new agent",
		[AUTHD_REQUEST_OPEN_VERSION] = "Unterminated version field",
		[AUTHD_REQUEST_OPEN_GROUPS] = "Unterminated group field",
		[AUTHD_REQUEST_OPEN_IP] = "Unterminated IP field",
		[AUTHD_REQUEST_OPEN_KEY_HASH] = "Unterminated key field",
	};

	return texts[fault];
}

struct authd_field authd_request_name(const char *line, size_t length)
{
	static const char token[] = "OSSEC A:'";
	const char *newline = memchr(line, '\n', length), *at = line, *name = NULL, *quote;
	const char *end = newline ?: line + length;

	while ((at = memmem(at, (size_t)(end - at), token, strlen(token)))) {
		at += strlen(token);
		name = at;
	}
	quote = name ? memchr(name, '\'', (size_t)(end - name)) : NULL;
	return quote && agent_name_is_valid(name, (size_t)(quote - name))
		       ? (struct authd_field){ name, (size_t)(quote - name) }
		       : (struct authd_field){ NULL, 0 };
}
