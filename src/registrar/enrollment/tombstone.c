/* SPDX-License-Identifier: ISC */
#include "registrar/enrollment/tombstone.h"

/* OSSEC's daemons would read Wazuh's form as an agent. */
enum roster_tombstone dialect_tombstone(enum dialect dialect)
{
	return dialect == DIALECT_WAZUH ? ROSTER_TOMBSTONE_WAZUH : ROSTER_TOMBSTONE_OSSEC;
}
