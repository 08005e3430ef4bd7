/* SPDX-License-Identifier: ISC */
#include "registrar/authd/clear-text.h"

#include <string.h>

const char *clear_text_describe(const char *bytes, size_t length)
{
	static const struct {
		const char *prefix, *text;
	} rows[] = {
		{ "OSSEC ", "a request without TLS; if a load balancer in front "
			    "of this registrar terminates TLS, configure it to pass TLS through" },
		{ "PROXY ", "a header of the PROXY protocol, which is not supported; "
			    "switch it off in the load balancer" },
		{ "\r\n\r\n", "a header of the PROXY protocol, which is not supported; "
			      "switch it off in the load balancer" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (length >= strlen(rows[i].prefix) &&
		    memcmp(bytes, rows[i].prefix, strlen(rows[i].prefix)) == 0)
			return rows[i].text;
	return NULL;
}
