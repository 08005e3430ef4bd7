/* SPDX-License-Identifier: ISC */
#include "client/conversation/wire.h"

#include "common/cleanup.h"
#include "common/escape.h"
#include "common/ip-address.h"
#include "common/packet.h"

#include <errno.h>
#include <string.h>

#define ERRNO_MAX 4095 /* the kernel's own limit */
/* A Retry-After of nine digits of seconds is the longest that a method takes. */
#define RETRY_AFTER_MAX (UINT64_C(999999999) * USEC_PER_SEC)

/* What is true of a result, in one byte. */
#define FLAG_ANSWERED 1
#define FLAG_REMOVED 2
#define FLAG_SOON 4
#define FLAG_SECRET_REFUSED 8
#define FLAGS 15

_Static_assert(sizeof((struct reason *)NULL)->text * 2 + MISSING_GROUPS_SIZE + AGENT_LINE_SIZE +
			       REENROLL_SECRET_LENGTH + 128 <=
		       WIRE_MAX,
	       "a result fits into a message");
_Static_assert(WIRE_PIECE_MAX + PACKET_HEADER_SIZE + 4 <= WIRE_MAX, "a piece fits into a message");

/* ------------------------------------------------------------------ the short ones */

size_t wire_format_step(unsigned char buffer[static WIRE_MAX], enum attempt_step step)
{
	struct packet_writer writer;

	packet_begin(&writer, buffer, WIRE_MAX, WIRE_STEP, 0);
	packet_put_u8(&writer, step);
	return packet_end(&writer);
}

size_t wire_format_go(unsigned char buffer[static WIRE_MAX])
{
	struct packet_writer writer;

	packet_begin(&writer, buffer, WIRE_MAX, WIRE_GO, 0);
	return packet_end(&writer);
}

size_t wire_format_anchor(unsigned char buffer[static WIRE_MAX], const char *piece, size_t length)
{
	struct packet_writer writer;

	packet_begin(&writer, buffer, WIRE_MAX, WIRE_ANCHOR, 0);
	packet_put_text(&writer, piece, length);
	return packet_end(&writer);
}

/* ------------------------------------------------------------------ texts */

/* The length of the UTF-8 sequence that begins at `text`; 0: it is none, or a control character. */
static size_t character_length(const unsigned char *text)
{
	static const struct {
		unsigned char first, last; /* of the first bytes */
		size_t length;
		unsigned char lowest, highest; /* of the second byte */
	} rows[] = {
		{ 0x20, 0x7e, 1, 0, 0 },       { 0xc2, 0xc2, 2, 0xa0, 0xbf },
		{ 0xc3, 0xdf, 2, 0x80, 0xbf }, { 0xe0, 0xe0, 3, 0xa0, 0xbf },
		{ 0xe1, 0xec, 3, 0x80, 0xbf }, { 0xed, 0xed, 3, 0x80, 0x9f },
		{ 0xee, 0xef, 3, 0x80, 0xbf }, { 0xf0, 0xf0, 4, 0x90, 0xbf },
		{ 0xf1, 0xf3, 4, 0x80, 0xbf }, { 0xf4, 0xf4, 4, 0x80, 0x8f },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (text[0] < rows[i].first || text[0] > rows[i].last)
			continue;
		if (rows[i].length > 1 && (text[1] < rows[i].lowest || text[1] > rows[i].highest))
			return 0;
		for (size_t k = 2; k < rows[i].length; k++)
			if ((text[k] & 0xc0) != 0x80)
				return 0;
		return rows[i].length;
	}
	return 0;
}

/* Printable ASCII, and what configured paths may add to it: UTF-8 without control characters. */
static bool is_printable(const char *text)
{
	size_t length;

	for (; *text; text += length) {
		length = character_length((const unsigned char *)text);
		if (length == 0)
			return false;
	}
	return true;
}

static bool is_list_of_groups(const char *text)
{
	return text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
				 "._-,")] == '\0';
}

/* ------------------------------------------------------------------ writing a result */

static void put_text(struct packet_writer *writer, const char *text)
{
	packet_put_text(writer, text, strlen(text));
}

static void put_reason(struct packet_writer *writer, const struct reason *why)
{
	bool is_clean = is_printable(why->text);
	char escaped[sizeof why->text];

	put_text(writer, is_clean ? why->text : escape_string(escaped, sizeof escaped, why->text));
	packet_put_u16(writer, is_clean ? (uint16_t)why->message_start : 0);
	packet_put_u16(writer, is_clean ? (uint16_t)why->message_end : 0);
}

static void put_key(struct packet_writer *writer, const struct agent_key *key)
{
	char line[AGENT_LINE_SIZE + 1];
	size_t length = agent_key_format(line, key);

	packet_put_text(writer, line, length - 1); /* without its newline */
	explicit_bzero(line, sizeof line);
}

size_t wire_format_result(unsigned char buffer[static WIRE_MAX], const struct wire_result *result)
{
	const struct attempt_report *report = &result->report;
	struct packet_writer writer;

	packet_begin(&writer, buffer, WIRE_MAX, WIRE_RESULT, 0);
	packet_put_u32(&writer, (uint32_t)result->outcome);
	packet_put_u8(&writer, (report->answered ? FLAG_ANSWERED : 0) |
				       (result->removed ? FLAG_REMOVED : 0) |
				       (report->is_soon ? FLAG_SOON : 0) |
				       (report->secret_refused ? FLAG_SECRET_REFUSED : 0));
	packet_put_u8(&writer, report->subject);
	packet_put_u64(&writer, report->retry_after);
	put_reason(&writer, &report->why);
	put_reason(&writer, &report->warning);
	put_text(&writer, report->missing_groups);
	if (result->outcome == OUTCOME_REGISTERED && result->key.key[0])
		put_key(&writer, &result->key);
	else
		put_text(&writer, "");
	put_text(&writer, report->reenroll_secret.text);
	return packet_end(&writer);
}

size_t wire_format_finding(unsigned char buffer[static WIRE_MAX],
			   const struct wire_finding *finding)
{
	char escaped[sizeof finding->text];
	struct packet_writer writer;

	packet_begin(&writer, buffer, WIRE_MAX, WIRE_FINDING, 0);
	packet_put_u32(&writer, (uint32_t)finding->outcome);
	put_text(&writer, finding->label);
	put_text(&writer, is_printable(finding->text)
				  ? finding->text
				  : escape_string(escaped, sizeof escaped, finding->text));
	return packet_end(&writer);
}

size_t wire_format_own(unsigned char buffer[static WIRE_MAX], const struct own_names *own)
{
	struct packet_writer writer;

	packet_begin(&writer, buffer, WIRE_MAX, WIRE_OWN, 0);
	put_text(&writer, own->fqdn);
	put_text(&writer, own->address);
	return packet_end(&writer);
}

size_t wire_format_name(unsigned char buffer[static WIRE_MAX], const struct wire_name *name)
{
	struct packet_writer writer;

	packet_begin(&writer, buffer, WIRE_MAX, WIRE_NAME, 0);
	put_text(&writer, name->text);
	packet_put_u64(&writer, name->lost_for);
	return packet_end(&writer);
}

/* ------------------------------------------------------------------ reading a result */

/* A text that keeps to `rule`. */
static void get_text(struct packet_reader *reader, char *ret, size_t size,
		     bool (*rule)(const char *text))
{
	packet_get_text(reader, ret, size);
	if (!rule(ret))
		reader->failed = true;
}

static void get_reason(struct packet_reader *reader, struct reason *ret)
{
	size_t start, end;

	get_text(reader, ret->text, sizeof ret->text, is_printable);
	start = packet_get_u16(reader);
	end = packet_get_u16(reader);
	if (start > end || end > strlen(ret->text) || end - start >= REASON_MESSAGE_SIZE) {
		reader->failed = true;
		return;
	}
	ret->message_start = start;
	ret->message_end = end;
}

/* What a method can have as its outcome. */
static bool is_outcome(int outcome)
{
	switch (outcome) {
	case OUTCOME_REGISTERED:
	case OUTCOME_NOT_READY:
	case OUTCOME_UNREACHABLE:
	case OUTCOME_UNTRUSTED:
	case OUTCOME_BUSY:
	case OUTCOME_DUPLICATE:
	case OUTCOME_REFUSED:
	case OUTCOME_PROTOCOL_ERROR:
	case OUTCOME_MISCONFIGURED:
		return true;
	default:
		return outcome < 0 && outcome >= -ERRNO_MAX;
	}
}

static void get_key(struct packet_reader *reader, struct wire_result *result)
{
	size_t length = 0;
	const char *line = packet_get_view(reader, AGENT_LINE_SIZE, &length);

	if (!line || length == 0)
		return;
	if (result->outcome != OUTCOME_REGISTERED ||
	    agent_key_parse_received(&result->key, line, length) != AGENT_KEY_OK)
		reader->failed = true;
}

static bool is_secret(const char *text)
{
	return *text == '\0' || reenroll_secret_is_valid(text, strlen(text));
}

static void get_secret(struct packet_reader *reader, struct wire_result *result)
{
	struct reenroll_secret *secret = &result->report.reenroll_secret;

	get_text(reader, secret->text, sizeof secret->text, is_secret);
	if (!result->key.id[0])
		reader->failed |= secret->text[0] != '\0';
	else
		memcpy(secret->id, result->key.id, sizeof secret->id);
}

static void get_result(struct packet_reader *reader, struct wire_result *result)
{
	struct attempt_report *report = &result->report;
	uint8_t flags;

	result->outcome = (int)packet_get_u32(reader);
	reader->failed |= !is_outcome(result->outcome);
	flags = packet_get_at_most(reader, FLAGS);
	report->answered = flags & FLAG_ANSWERED;
	report->is_soon = flags & FLAG_SOON;
	report->secret_refused = flags & FLAG_SECRET_REFUSED;
	result->removed = flags & FLAG_REMOVED;
	report->subject = packet_get_at_most(reader, REFUSED_GROUP);
	report->retry_after = packet_get_u64(reader);
	reader->failed |= report->retry_after > RETRY_AFTER_MAX;
	get_reason(reader, &report->why);
	get_reason(reader, &report->warning);
	get_text(reader, report->missing_groups, sizeof report->missing_groups, is_list_of_groups);
	get_key(reader, result);
	get_secret(reader, result);
	reader->failed |= result->removed && (result->outcome != OUTCOME_OK || result->key.id[0]);
}

static void get_finding(struct packet_reader *reader, struct wire_finding *finding)
{
	int outcome = (int)packet_get_u32(reader);

	reader->failed |= outcome < 0 || !is_outcome(outcome);
	finding->outcome = (enum outcome)outcome;
	get_text(reader, finding->label, sizeof finding->label, is_printable);
	get_text(reader, finding->text, sizeof finding->text, is_printable);
}

/* ------------------------------------------------------------------ reading names */

static bool is_fqdn(const char *text)
{
	return *text == '\0' || own_fqdn_is_valid(text);
}

static bool is_address(const char *text)
{
	return *text == '\0' || ip_address_is_valid(text);
}

static bool is_name(const char *text)
{
	return agent_name_is_registrable(text, strlen(text));
}

/* ------------------------------------------------------------------ reading any */

static void get_fields(struct packet_reader *reader, struct wire_message *message)
{
	switch (message->kind) {
	case WIRE_STEP:
		message->step = packet_get_at_most(reader, STEP_WAITING);
		break;
	case WIRE_ANCHOR:
		message->piece = packet_get_view(reader, WIRE_PIECE_MAX, &message->length);
		reader->failed |= message->length == 0;
		break;
	case WIRE_RESULT:
		get_result(reader, &message->result);
		break;
	case WIRE_GO:
		break;
	case WIRE_FINDING:
		get_finding(reader, &message->finding);
		break;
	case WIRE_OWN:
		get_text(reader, message->own.fqdn, sizeof message->own.fqdn, is_fqdn);
		get_text(reader, message->own.address, sizeof message->own.address, is_address);
		break;
	case WIRE_NAME:
		get_text(reader, message->name.text, sizeof message->name.text, is_name);
		message->name.lost_for = packet_get_u64(reader);
		break;
	default:
		reader->failed = true;
	}
}

static void wipe_message(struct wire_message *message)
{
	wire_result_wipe(&message->result);
}

int wire_parse(struct wire_message *ret, const unsigned char *bytes, size_t length)
{
	cleanup(wipe_message) struct wire_message message = { 0 };
	struct packet_header header;
	struct packet_reader reader;

	if (packet_find(&header, bytes, length, WIRE_MAX) != PACKET_COMPLETE ||
	    header.length != length || header.number != 0)
		return -EBADMSG;
	reader = packet_open(bytes, &header);
	message.kind = header.type;
	get_fields(&reader, &message);
	if (!packet_is_done(&reader))
		return -EBADMSG;
	*ret = message;
	return 0;
}

void wire_result_wipe(struct wire_result *result)
{
	free(result->report.anchor);
	explicit_bzero(result, sizeof *result);
}
