/* SPDX-License-Identifier: ISC */
#include "registrar/enrollment/dialect.h"

#include <errno.h>
#include <string.h>

/* OSSEC's daemons would read Wazuh's form as an agent. */
enum roster_tombstone dialect_tombstone(enum dialect dialect)
{
	return dialect == DIALECT_WAZUH ? ROSTER_TOMBSTONE_WAZUH : ROSTER_TOMBSTONE_OSSEC;
}

const char *dialect_text(enum dialect dialect)
{
	return dialect == DIALECT_WAZUH ? "wazuh" : "ossec";
}

int dialect_from_text(const char *text)
{
	if (strcmp(text, dialect_text(DIALECT_OSSEC)) == 0)
		return DIALECT_OSSEC;
	return strcmp(text, dialect_text(DIALECT_WAZUH)) == 0 ? DIALECT_WAZUH : -EINVAL;
}
