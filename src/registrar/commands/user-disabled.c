/* SPDX-License-Identifier: ISC */
/* The command user of a registrar that was configured --without-api: it refuses. */
#include "registrar/commands/user.h"

#include <errno.h>

int user_command_run(const struct user_command *command, struct reason *why)
{
	(void)command;
	reason_set(why, "This agent-registrar was built without the API (configure --without-api)");
	return -ENOTSUP;
}
