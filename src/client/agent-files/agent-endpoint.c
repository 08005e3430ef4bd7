/* SPDX-License-Identifier: ISC */
#include "client/agent-files/agent-endpoint.h"

#include "common/cleanup.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* As a URL has an interface: "fe80::1%25eth0". */
static void decode_interface(char *host)
{
	char *percent = strstr(host, "%25");

	if (percent)
		memmove(percent + 1, percent + 3, strlen(percent + 3) + 1);
}

/* Digits only; 0: it is none. */
static uint16_t port_of(const char *digits, size_t length)
{
	unsigned long number = 0;

	for (size_t i = 0; i < length && number <= UINT16_MAX; i++)
		number = 10 * number + (unsigned long)(digits[i] - '0');
	return number <= UINT16_MAX ? (uint16_t)number : 0;
}

int agent_endpoint_split(const char *text, char **ret_host, uint16_t *ret_port, char **ret_prefix)
{
	static const char scheme[] = "https://";
	cleanup_free char *host = NULL, *prefix = NULL;
	const char *end, *rest;
	bool has_bracket;

	if (strncasecmp(text, scheme, strlen(scheme)) == 0)
		text += strlen(scheme);
	has_bracket = *text == '[';
	text += has_bracket;
	end = text + strcspn(text, has_bracket ? "]" : ":/");
	rest = end + (has_bracket && *end == ']');
	host = strndup(text, (size_t)(end - text));
	if (!host)
		return -ENOMEM;
	if (has_bracket)
		decode_interface(host);
	if (*rest == ':') {
		size_t digits = strspn(rest + 1, "0123456789");

		*ret_port = port_of(rest + 1, digits);
		rest += 1 + digits;
	}
	if (*rest == '/') {
		prefix = strdup(rest);
		if (!prefix)
			return -ENOMEM;
	}
	*ret_host = take_pointer(host);
	*ret_prefix = take_pointer(prefix);
	return 0;
}
