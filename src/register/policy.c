/* SPDX-License-Identifier: ISC */
#include "register/policy.h"

#include "register/message-ids.h"

#include <syslog.h>

/* The exit codes are those of sysexits.h where it has one; 79 is the first number behind it. */
static const struct outcome_policy policies[OUTCOME_MAX_] = {
	[OUTCOME_REGISTERED] = { "registered", 0, LOG_INFO, MESSAGE_REGISTERED },
	[OUTCOME_UNREADY] = { "unready", 75, LOG_WARNING, MESSAGE_UNREADY },
	[OUTCOME_UNREACHABLE] = { "unreachable", 75, LOG_WARNING, MESSAGE_UNREACHABLE },
	[OUTCOME_UNTRUSTED] = { "untrusted", 75, LOG_ERR, MESSAGE_UNTRUSTED },
	[OUTCOME_BUSY] = { "busy", 75, LOG_WARNING, MESSAGE_BUSY },
	[OUTCOME_DUPLICATE] = { "duplicate", 75, LOG_WARNING, MESSAGE_DUPLICATE },
	[OUTCOME_REFUSED] = { "refused", 77, LOG_ERR, MESSAGE_REFUSED },
	[OUTCOME_GARBLED] = { "garbled", 76, LOG_ERR, MESSAGE_GARBLED },
	[OUTCOME_MISCONFIGURED] = { "misconfigured", 78, LOG_ERR, MESSAGE_MISCONFIGURED },
	[OUTCOME_UNSTORABLE] = { "unstorable", 73, LOG_ERR, MESSAGE_UNSTORABLE },
	[OUTCOME_CLONED] = { "cloned", 79, LOG_ERR, MESSAGE_CLONED },
};

const struct outcome_policy *outcome_policy(enum outcome outcome)
{
	return &policies[outcome];
}
