/* SPDX-License-Identifier: ISC */
#include "registrar/enrollment/dialect.h"

#include <errno.h>
#include <string.h>

/* OSSEC's daemons would read Wazuh's form as an agent. */
enum roster_tombstone dialect_tombstone(enum dialect dialect)
{
	return dialect == DIALECT_WAZUH ? ROSTER_TOMBSTONE_WAZUH : ROSTER_TOMBSTONE_OSSEC;
}

int dialect_from_text(const char *text)
{
	if (strcmp(text, "ossec") == 0)
		return DIALECT_OSSEC;
	return strcmp(text, "wazuh") == 0 ? DIALECT_WAZUH : -EINVAL;
}
