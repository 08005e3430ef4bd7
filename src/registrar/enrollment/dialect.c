/* SPDX-License-Identifier: ISC */
#include "registrar/enrollment/dialect.h"

#include <errno.h>
#include <string.h>

int dialect_from_text(const char *text)
{
	if (strcmp(text, "ossec") == 0)
		return DIALECT_OSSEC;
	return strcmp(text, "wazuh") == 0 ? DIALECT_WAZUH : -EINVAL;
}
