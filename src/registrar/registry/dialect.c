/* SPDX-License-Identifier: ISC */
#include "registrar/registry/dialect.h"

#include <errno.h>
#include <string.h>

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
