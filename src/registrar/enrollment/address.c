/* SPDX-License-Identifier: ISC */
#include "registrar/enrollment/address.h"

#include "common/agent-address.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * OSSEC also knows ::ffff:192.0.2.1/120, with the prefix length that IPv6 has there; to the agents
 * of Wazuh it is no address. It becomes 192.0.2.1/24, which both understand.
 */
static int parse_mapped(struct agent_address *ret, const char *text, size_t length)
{
	const char *slash = memchr(text, '/', length);
	char number[4];
	int prefix, r;

	if (!slash || text + length - slash > (ptrdiff_t)sizeof number ||
	    !memchr(text, ':', length))
		return -EINVAL;
	(void)snprintf(number, sizeof number, "%.*s", (int)(text + length - slash - 1), slash + 1);
	prefix = number[0] != '0' && number[strspn(number, "0123456789")] == '\0' ? atoi(number)
										  : 0;
	if (prefix < 96 || prefix > 128)
		return -EINVAL;
	r = agent_address_parse(ret, text, (size_t)(slash - text));
	if (r < 0 || ret->kind != AGENT_ADDRESS_IPV4)
		return -EINVAL;
	ret->prefix = prefix - 96;
	return 0;
}

/* OSSEC has no dotted masks, so that one with holes cannot be stored. */
static int parse_for_ossec(struct agent_address *ret, const char *text, size_t length)
{
	if (agent_address_parse(ret, text, length) < 0 && parse_mapped(ret, text, length) < 0)
		return -EINVAL;
	agent_address_unmap(ret);
	return ret->prefix < 0 ? -EINVAL : 0;
}

/* IPv6 in full and in capitals, as Wazuh writes it. */
static void format_for_wazuh(char form[static AGENT_ADDRESS_KEY_SIZE],
			     const struct agent_address *address)
{
	const unsigned char *b = address->bytes;

	if (address->kind != AGENT_ADDRESS_IPV6) {
		agent_address_format(form, address);
		return;
	}
	for (int i = 0; i < 8; i++)
		(void)sprintf(form + 5 * i, "%02X%02X%s", b[2 * i], b[2 * i + 1], i < 7 ? ":" : "");
}

static void write_stored(struct address *ret, const char *form, const struct agent_address *address)
{
	if (address->prefix < 0)
		(void)snprintf(ret->stored, sizeof ret->stored, "%s/%s", form, address->mask);
	else if (address->prefix < agent_address_bits(address))
		(void)snprintf(ret->stored, sizeof ret->stored, "%s/%d", form, address->prefix);
	else
		(void)snprintf(ret->stored, sizeof ret->stored, "%s", form);
}

/* Wazuh answers with the mask that IPv4 was given, and with a prefix length of IPv6 above 0. */
static void write_shown(struct address *ret, const char *form, const struct agent_address *address,
			bool has_mask)
{
	if (!has_mask || (address->kind == AGENT_ADDRESS_IPV6 && address->prefix == 0))
		(void)snprintf(ret->shown, sizeof ret->shown, "%s", form);
	else if (address->kind == AGENT_ADDRESS_IPV4)
		(void)snprintf(ret->shown, sizeof ret->shown, "%s/%s", form, address->mask);
	else
		(void)snprintf(ret->shown, sizeof ret->shown, "%s/%d", form, address->prefix);
}

int address_read(struct address *ret, const char *text, size_t length, enum dialect dialect)
{
	char form[AGENT_ADDRESS_KEY_SIZE];
	struct agent_address address;
	int r = dialect == DIALECT_OSSEC ? parse_for_ossec(&address, text, length)
					 : agent_address_parse(&address, text, length);

	if (r < 0)
		return r;
	if (dialect == DIALECT_OSSEC) {
		agent_address_format(form, &address);
		write_stored(ret, form, &address);
		memcpy(ret->shown, ret->stored, sizeof ret->shown);
		return 0;
	}
	format_for_wazuh(form, &address);
	write_stored(ret, form, &address);
	write_shown(ret, form, &address, memchr(text, '/', length));
	return 0;
}
