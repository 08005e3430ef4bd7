/* SPDX-License-Identifier: ISC */
#include "client/registration/policy.h"

#include "client/system/message-ids.h"
#include "client/system/wakeup.h"
#include "common/shortage.h"

#include <errno.h>
#include <string.h>
#include <syslog.h>

/* The exit codes are those of sysexits.h where it has one; 79 is the first number behind it. */
static const struct outcome_policy policies[OUTCOME_MAX_] = {
	[OUTCOME_REGISTERED] = { "registered", 0, LOG_INFO, MESSAGE_REGISTERED, RETRY_NEVER, 0 },
	[OUTCOME_NOT_READY] = { "not-ready", 75, LOG_WARNING, MESSAGE_NOT_READY, RETRY_SOON,
				WAKEUP_ON_NAME },
	[OUTCOME_UNREACHABLE] = { "unreachable", 75, LOG_WARNING, MESSAGE_UNREACHABLE, RETRY_SOON,
				  WAKEUP_ON_NETWORK },
	[OUTCOME_UNTRUSTED] = { "untrusted", 75, LOG_ERR, MESSAGE_UNTRUSTED, RETRY_LATER,
				WAKEUP_ON_CLOCK },
	[OUTCOME_BUSY] = { "busy", 75, LOG_WARNING, MESSAGE_BUSY, RETRY_LATER, 0 },
	[OUTCOME_DUPLICATE] = { "duplicate", 75, LOG_WARNING, MESSAGE_DUPLICATE, RETRY_SLOWLY, 0 },
	[OUTCOME_REFUSED] = { "refused", 77, LOG_ERR, MESSAGE_REFUSED, RETRY_RARELY, 0 },
	[OUTCOME_PROTOCOL_ERROR] = { "protocol-error", 76, LOG_ERR, MESSAGE_PROTOCOL_ERROR,
				     RETRY_LATER, 0 },
	[OUTCOME_MISCONFIGURED] = { "misconfigured", 78, LOG_ERR, MESSAGE_MISCONFIGURED,
				    RETRY_NEVER, 0 },
	[OUTCOME_STORAGE_ERROR] = { "storage-error", 73, LOG_ERR, MESSAGE_STORAGE_ERROR,
				    RETRY_NEVER, 0 },
	[OUTCOME_CLONED] = { "cloned", 79, LOG_ERR, MESSAGE_CLONED, RETRY_NEVER, 0 },
	[OUTCOME_CRASHED] = { "crashed", 70, LOG_ERR, MESSAGE_CRASHED, RETRY_LATER, 0 },
};

const struct outcome_policy *outcome_policy(enum outcome outcome)
{
	return &policies[outcome];
}

int outcome_exit_code(int outcome)
{
	return outcome < 0 ? EXIT_LOCAL_ERROR : policies[outcome].exit_code;
}

int outcome_unless_short(enum outcome otherwise, int error)
{
	return is_shortage(error) ? error : (int)otherwise;
}

int outcome_from_name(const char *name)
{
	for (int outcome = 0; outcome < OUTCOME_MAX_; outcome++)
		if (strcmp(policies[outcome].name, name) == 0)
			return outcome;
	return -EINVAL;
}
