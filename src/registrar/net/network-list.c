/* SPDX-License-Identifier: ISC */
#include "registrar/net/network-list.h"

#include <errno.h>
#include <string.h>

static int parse(struct agent_address *ret, const char *text)
{
	int r = agent_address_parse(ret, text, strlen(text));

	if (r < 0)
		return r;
	if (text[0] == '!' || ret->kind == AGENT_ADDRESS_ANY || ret->prefix < 0)
		return -EINVAL;
	agent_address_unmap(ret);
	return 0;
}

int network_list_add(struct network_list *list, const char *text)
{
	struct agent_address address;
	int r = parse(&address, text);

	if (r < 0)
		return r;
	if (list->count == NETWORK_LIST_MAX)
		return -E2BIG;
	list->items[list->count++] = address;
	return 0;
}

static bool contains(const struct agent_address *network, const struct agent_address *address)
{
	size_t whole = (size_t)network->prefix / 8;
	unsigned int rest = (unsigned int)network->prefix % 8;

	if (network->kind != address->kind || memcmp(network->bytes, address->bytes, whole) != 0)
		return false;
	return rest == 0 || (network->bytes[whole] ^ address->bytes[whole]) >> (8 - rest) == 0;
}

bool network_list_has(const struct network_list *list, const char *address)
{
	struct agent_address parsed;

	if (list->count == 0 || parse(&parsed, address) < 0)
		return false;
	for (size_t i = 0; i < list->count; i++)
		if (contains(&list->items[i], &parsed))
			return true;
	return false;
}
