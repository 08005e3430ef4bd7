/* SPDX-License-Identifier: ISC */
#include "common/ip-address.h"

#include <arpa/inet.h>

bool ip_address_is_valid(const char *text)
{
	struct in6_addr scratch;

	return inet_pton(AF_INET, text, &scratch) == 1 || inet_pton(AF_INET6, text, &scratch) == 1;
}
