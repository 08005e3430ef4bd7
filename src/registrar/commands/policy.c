/* SPDX-License-Identifier: ISC */
#include "registrar/commands/policy.h"

#include <limits.h>
#include <unistd.h>

/* The manager's own name, which no agent may have. Null: not known. */
static const char *own_name(void)
{
	static char name[HOST_NAME_MAX + 1];

	return gethostname(name, sizeof name - 1) == 0 && name[0] ? name : NULL;
}

struct enrollment_policy policy_from_options(const struct options *options)
{
	return (struct enrollment_policy){
		.dialect = options->dialect,
		.on_duplicate = options->on_duplicate,
		.force = options->force,
		.history = { .queue = options->queue_directory },
		.use_source_address = options->use_source_address,
		.groups_directory = options->groups_must_exist ? options->groups_directory : NULL,
		.max_agents = options->max_agents,
		.own_name = own_name(),
		.manager_version = options->manager_version,
	};
}
