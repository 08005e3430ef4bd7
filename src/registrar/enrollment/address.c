/* SPDX-License-Identifier: ISC */
#include "registrar/enrollment/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FORM_SIZE 40 /* an IPv6 address in its full form, terminated */

/* The prefix length that a mask stands for; negative: it has holes. */
static int prefix_length(const char *mask)
{
	struct in_addr dotted;
	unsigned int inverse;

	if (!strchr(mask, '.'))
		return atoi(mask);
	if (inet_pton(AF_INET, mask, &dotted) != 1)
		return -EINVAL;
	inverse = ~ntohl(dotted.s_addr);
	if ((inverse & (inverse + 1)) != 0)
		return -EINVAL;
	return inverse == 0 ? 32 : __builtin_clz(inverse);
}

static void write_ipv6(char form[static FORM_SIZE], const struct in6_addr *address,
		       enum dialect dialect)
{
	const unsigned char *b = address->s6_addr;

	if (dialect == DIALECT_OSSEC) {
		(void)inet_ntop(AF_INET6, address, form, FORM_SIZE);
		return;
	}
	for (int i = 0; i < 8; i++)
		(void)sprintf(form + 5 * i, "%02X%02X%s", b[2 * i], b[2 * i + 1], i < 7 ? ":" : "");
}

/* Write the address without mask. Returns how many bits it has. */
static int write_base(char form[static FORM_SIZE], const char *base, bool is_alone,
		      enum dialect dialect)
{
	struct in6_addr address;

	if (inet_pton(AF_INET6, base, &address) != 1) {
		(void)snprintf(form, FORM_SIZE, "%s", base);
		return 32;
	}
	if (is_alone && IN6_IS_ADDR_V4MAPPED(&address)) {
		(void)inet_ntop(AF_INET, address.s6_addr + 12, form, FORM_SIZE);
		return 32;
	}
	write_ipv6(form, &address, dialect);
	return 128;
}

int address_read(struct address *ret, const char *text, size_t length, enum dialect dialect)
{
	char base[AGENT_IP_MAX + 1], form[FORM_SIZE], *mask;
	int prefix, bits;

	if (length > 0 && text[0] == '!') {
		text++;
		length--;
	}
	if (!agent_ip_is_valid(text, length))
		return -EINVAL;
	(void)snprintf(base, sizeof base, "%.*s", (int)length, text);
	if (strcmp(base, "any") == 0) {
		*ret = (struct address){ "any", "any" };
		return 0;
	}
	mask = strchr(base, '/');
	if (mask)
		*mask++ = '\0';
	bits = write_base(form, base, !mask, dialect);
	prefix = mask ? prefix_length(mask) : bits;
	if (prefix < 0)
		return -EINVAL;
	if (prefix < bits)
		(void)snprintf(ret->stored, sizeof ret->stored, "%s/%d", form, prefix);
	else
		(void)snprintf(ret->stored, sizeof ret->stored, "%s", form);
	if (mask && dialect == DIALECT_WAZUH)
		(void)snprintf(ret->shown, sizeof ret->shown, "%s/%.*s", form,
			       AGENT_IP_MAX - FORM_SIZE, mask);
	else
		memcpy(ret->shown, ret->stored, sizeof ret->shown);
	return 0;
}
