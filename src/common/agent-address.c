/* SPDX-License-Identifier: ISC */
#include "common/agent-address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAPPED "::ffff:" /* before an IPv4 address */

/* ------------------------------------------------------------------ masks */

static bool is_number(const char *text, size_t digits_max)
{
	size_t digits = strspn(text, "0123456789");

	return digits > 0 && digits <= digits_max && text[digits] == '\0';
}

/* The prefix length that a dotted mask stands for; negative: it has holes. */
static int prefix_of_mask(uint32_t mask)
{
	uint32_t inverse = ~mask;

	if ((inverse & (inverse + 1)) != 0)
		return -1;
	return inverse == 0 ? 32 : __builtin_clz(inverse);
}

static int parse_ipv4_mask(struct agent_address *address, const char *text)
{
	struct in_addr mask;

	if (is_number(text, 2) && (text[0] != '0' || text[1] == '\0') && atoi(text) <= 32)
		address->prefix = atoi(text);
	else if (inet_pton(AF_INET, text, &mask) == 1)
		address->prefix = prefix_of_mask(ntohl(mask.s_addr));
	else
		return -EINVAL;
	(void)snprintf(address->mask, sizeof address->mask, "%s", text);
	return 0;
}

static int parse_ipv6_prefix(struct agent_address *address, const char *text)
{
	if (!is_number(text, 3) || atoi(text) > 128 || (strlen(text) == 3 && text[0] == '0'))
		return -EINVAL;
	address->prefix = atoi(text);
	return 0;
}

/* ------------------------------------------------------------------ reading */

static int parse_ipv4(struct agent_address *address, const char *base, const char *mask)
{
	if (strncasecmp(base, MAPPED, strlen(MAPPED)) == 0)
		base += strlen(MAPPED);
	if (inet_pton(AF_INET, base, address->bytes) != 1)
		return -EINVAL;
	address->kind = AGENT_ADDRESS_IPV4;
	address->prefix = 32;
	return mask ? parse_ipv4_mask(address, mask) : 0;
}

static int parse_ipv6(struct agent_address *address, const char *base, const char *mask)
{
	if (strchr(base, '.') || inet_pton(AF_INET6, base, address->bytes) != 1)
		return -EINVAL;
	if (mask && strcmp(base, "::") == 0)
		return -EINVAL;
	address->kind = AGENT_ADDRESS_IPV6;
	address->prefix = 128;
	return mask ? parse_ipv6_prefix(address, mask) : 0;
}

int agent_address_parse(struct agent_address *ret, const char *text, size_t length)
{
	struct agent_address found = { .kind = AGENT_ADDRESS_ANY };
	char base[AGENT_ADDRESS_MAX + 1], *mask;

	if (length == 0 || length > AGENT_ADDRESS_MAX || memchr(text, '\0', length))
		return -EINVAL;
	if (text[0] == '!') {
		text++;
		length--;
	}
	memcpy(base, text, length);
	base[length] = '\0';
	if (strcmp(base, "any") != 0) {
		mask = strchr(base, '/');
		if (mask)
			*mask++ = '\0';
		if (parse_ipv4(&found, base, mask) < 0 && parse_ipv6(&found, base, mask) < 0)
			return -EINVAL;
	}
	*ret = found;
	return 0;
}

/* ------------------------------------------------------------------ writing */

int agent_address_bits(const struct agent_address *address)
{
	static const int bits[] = {
		[AGENT_ADDRESS_ANY] = 0,
		[AGENT_ADDRESS_IPV4] = 32,
		[AGENT_ADDRESS_IPV6] = 128,
	};

	return bits[address->kind];
}

void agent_address_unmap(struct agent_address *address)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (address->kind != AGENT_ADDRESS_IPV6 || address->prefix < 96 ||
	    memcmp(address->bytes, mapped, sizeof mapped) != 0)
		return;
	memcpy(address->bytes, address->bytes + sizeof mapped, 4);
	memset(address->bytes + 4, 0, sizeof address->bytes - 4);
	address->kind = AGENT_ADDRESS_IPV4;
	address->prefix -= 96;
}

void agent_address_format(char ret[static AGENT_ADDRESS_KEY_SIZE],
			  const struct agent_address *address)
{
	const unsigned char *b = address->bytes;
	char *dotted;

	if (address->kind == AGENT_ADDRESS_ANY)
		(void)snprintf(ret, AGENT_ADDRESS_KEY_SIZE, "any");
	else if (address->kind == AGENT_ADDRESS_IPV4)
		(void)inet_ntop(AF_INET, b, ret, AGENT_ADDRESS_KEY_SIZE);
	else
		(void)inet_ntop(AF_INET6, b, ret, AGENT_ADDRESS_KEY_SIZE);
	/* "::" cannot have a prefix length. */
	if (strcmp(ret, "::") == 0 && address->prefix < 128)
		(void)snprintf(ret, AGENT_ADDRESS_KEY_SIZE, "0::");
	/* The C library writes the end of ::192.0.2.1 and its like as IPv4. */
	dotted = address->kind == AGENT_ADDRESS_IPV6 && strchr(ret, '.') ? strrchr(ret, ':') : NULL;
	if (dotted)
		(void)sprintf(dotted + 1, "%x:%x", b[12] << 8 | b[13], b[14] << 8 | b[15]);
}

void agent_address_key(char ret[static AGENT_ADDRESS_KEY_SIZE], const char *text)
{
	struct agent_address address;
	size_t used;

	if (agent_address_parse(&address, text, strlen(text)) < 0) {
		(void)snprintf(ret, AGENT_ADDRESS_KEY_SIZE, "%s", text);
		return;
	}
	agent_address_unmap(&address);
	agent_address_format(ret, &address);
	used = strlen(ret);
	if (address.prefix < 0)
		(void)snprintf(ret + used, AGENT_ADDRESS_KEY_SIZE - used, "/%s", address.mask);
	else if (address.prefix < agent_address_bits(&address))
		(void)snprintf(ret + used, AGENT_ADDRESS_KEY_SIZE - used, "/%d", address.prefix);
}
