/* SPDX-License-Identifier: ISC */
#include "client/net/proxy.h"

#include "common/base64.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* ------------------------------------------------------------------ the setting */

static int digit_value(char c)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	const char *found = c ? strchr(digits, c) : NULL;
	int value = found ? (int)(found - digits) : -1;

	return value < 16 ? value : value - 6;
}

/*
 * Decode %XX in the user information before the '@' at `at`: that is no digit, so no number extends
 * beyond it. A user name must not contain colons (RFC 7617) or control characters.
 */
static int decode_user(char ret[static PROXY_USER_MAX + 1], const char *text, const char *at)
{
	size_t used = 0;

	while (text < at) {
		unsigned char byte = (unsigned char)*text++;

		if (byte == '%') {
			int high = digit_value(text[0]), low = high < 0 ? -1 : digit_value(text[1]);

			if (low < 0)
				return -EINVAL;
			byte = (unsigned char)(high << 4 | low);
			text += 2;
		}
		if (byte < 0x20 || byte == 0x7f || byte == ':' || used == PROXY_USER_MAX)
			return -EINVAL;
		ret[used++] = (char)byte;
	}
	ret[used] = '\0';
	return used > 0 ? 0 : -EINVAL;
}

int proxy_parse(struct proxy *ret, const char *text)
{
	static const char scheme[] = "http://";
	struct proxy proxy = { 0 };
	char address[ENDPOINT_TEXT_SIZE];
	const char *at;
	size_t length;

	if (strncasecmp(text, scheme, strlen(scheme)) == 0)
		text += strlen(scheme);
	at = strrchr(text, '@');
	if (at && memchr(text, ':', (size_t)(at - text)))
		return -EPERM;
	if (at && decode_user(proxy.user, text, at) < 0)
		return -EINVAL;
	text = at ? at + 1 : text;

	length = strlen(text);
	if (length > 0 && text[length - 1] == '/')
		length--;
	if (length >= sizeof address)
		return -EINVAL;
	memcpy(address, text, length);
	address[length] = '\0';
	if (endpoint_parse(&proxy.endpoint, address, PROXY_DEFAULT_PORT) < 0)
		return -EINVAL;
	*ret = proxy;
	return 0;
}

void proxy_wipe(struct proxy *proxy)
{
	secret_wipe(&proxy->password);
}

/* ------------------------------------------------------------------ the request */

#define CREDENTIALS_MAX (PROXY_USER_MAX + 1 + SECRET_MAX)

/* The base64 of "USER:PASSWORD" (RFC 7617, 2). */
static void format_credentials(char ret[static BASE64_SIZE(CREDENTIALS_MAX)],
			       const struct proxy *proxy)
{
	char plain[CREDENTIALS_MAX + 1];
	int length = snprintf(plain, sizeof plain, "%s:%s", proxy->user,
			      proxy->password.text ?: "");

	(void)base64_encode(ret, BASE64_PADDED, plain, (size_t)length);
	explicit_bzero(plain, sizeof plain);
}

ssize_t proxy_request_format(char buffer[static PROXY_REQUEST_MAX], const struct proxy *proxy,
			     const struct endpoint *target)
{
	char authority[ENDPOINT_TEXT_SIZE], credentials[BASE64_SIZE(CREDENTIALS_MAX)] = "";
	const char *header = *proxy->user ? "Proxy-Authorization: Basic " : "";
	int length;

	if (strchr(target->host, '%'))
		return -EINVAL;
	if (*proxy->user)
		format_credentials(credentials, proxy);
	endpoint_text(target, authority);
	length = snprintf(
		buffer, PROXY_REQUEST_MAX,
		"CONNECT %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: agent-register/" PACKAGE_VERSION
		"\r\n%s%s%s\r\n",
		authority, authority, header, credentials, *proxy->user ? "\r\n" : "");
	explicit_bzero(credentials, sizeof credentials);
	return length;
}

/* ------------------------------------------------------------------ the answer */

static const char version[] = "HTTP/1.";

/*
 * Can the first line, as far as received, still become a status line? In other protocols it may
 * never end.
 */
static bool begins_like_http(const struct proxy_answer *answer)
{
	size_t length = answer->length < strlen(version) ? answer->length : strlen(version);

	return memcmp(answer->line, version, length) == 0;
}

/* "HTTP/1.1 200 Connection established"; the phrase, and the blank before it, may be missing. */
static bool take_status_line(struct proxy_answer *answer)
{
	static const char digits[] = "0123456789";
	const char *minor = answer->line + strlen(version), *status = minor + 2;

	if (strncmp(answer->line, version, strlen(version)) != 0 || strspn(minor, digits) != 1 ||
	    minor[1] != ' ')
		return false;
	if (strspn(status, digits) != 3 || status[0] == '0' ||
	    (status[3] != '\0' && status[3] != ' '))
		return false;
	answer->status = (status[0] - '0') * 100 + (status[1] - '0') * 10 + (status[2] - '0');
	(void)snprintf(answer->phrase, sizeof answer->phrase, "%s", status[3] ? status + 4 : "");
	return true;
}

/* Skip the value of a parameter: a token, or a quoted string with backslash escapes. */
static const char *skip_value(const char *text)
{
	text += strspn(text, " \t=");
	if (*text != '"')
		return text + strcspn(text, " \t,");
	for (text++; *text && *text != '"'; text++)
		text += *text == '\\' && text[1];
	return text + (*text == '"');
}

/*
 * The schemes in a list of challenges (RFC 9110, 11.6.1): the words that are not followed by "=".
 */
static void take_challenges(struct proxy_answer *answer, const char *text)
{
	while (*(text += strspn(text, " \t,"))) {
		size_t length = strcspn(text, " \t,=");
		const char *behind = text + length + strspn(text + length, " \t");

		if (*behind == '=') {
			text = skip_value(behind);
			continue;
		}
		if (length == strlen("Basic") && strncasecmp(text, "Basic", length) == 0)
			answer->offers_basic = true;
		else
			answer->offers_other = true;
		text += length;
	}
}

/* "NAME: VALUE", or a continuation line that starts with a blank; only the challenges are used. */
static bool take_field(struct proxy_answer *answer)
{
	static const char challenge[] = "Proxy-Authenticate:";
	const char *colon = strchr(answer->line, ':');

	if (strncasecmp(answer->line, challenge, strlen(challenge)) == 0)
		take_challenges(answer, colon + 1);
	return colon > answer->line || answer->line[0] == ' ' || answer->line[0] == '\t';
}

static bool is_interim(int status)
{
	return status < 200 && status != 101;
}

/* A complete line, without its line end. An empty one ends the header. */
static void take_line(struct proxy_answer *answer)
{
	bool good = strlen(answer->line) == answer->length && !strchr(answer->line, '\r');

	if (good && answer->status == 0)
		good = take_status_line(answer);
	else if (good && answer->length > 0)
		good = take_field(answer);
	else if (good && is_interim(answer->status))
		answer->status = 0;
	else if (good)
		answer->state = PROXY_ANSWER_DONE;
	if (!good)
		answer->state = PROXY_ANSWER_INVALID;
	else
		answer->length = 0;
}

static void end_line(struct proxy_answer *answer)
{
	if (answer->length == 0 || answer->line[answer->length - 1] != '\r') {
		answer->has_bare_newline = answer->status != 0 || begins_like_http(answer);
		answer->state = PROXY_ANSWER_INVALID;
		return;
	}
	answer->line[--answer->length] = '\0';
	take_line(answer);
}

/*
 * Lines end in CR LF. In LF alone they might (RFC 9112, 2.2), but then others may find the end of
 * the header elsewhere.
 */
size_t proxy_answer_feed(struct proxy_answer *answer, const void *data, size_t length)
{
	const char *bytes = data;
	size_t taken = 0;

	while (taken < length && answer->state == PROXY_ANSWER_MORE) {
		char byte = bytes[taken++];

		if (++answer->total > PROXY_HEADER_MAX)
			answer->state = PROXY_ANSWER_INVALID;
		else if (byte != '\n')
			answer->line[answer->length++] = byte;
		else
			end_line(answer);
	}
	if (answer->state == PROXY_ANSWER_MORE && answer->status == 0 && !begins_like_http(answer))
		answer->state = PROXY_ANSWER_INVALID;
	return taken;
}

bool proxy_answer_is_tunnel(const struct proxy_answer *answer)
{
	return answer->state == PROXY_ANSWER_DONE && answer->status >= 200 && answer->status < 300;
}
