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
	const struct policy_options *policy = &options->policy;

	return (struct enrollment_policy){
		.dialect = policy->dialect,
		.on_duplicate = policy->on_duplicate,
		.force = policy->force,
		.history = { .queue = options->paths.queue_directory },
		.use_source_address = policy->use_source_address,
		.groups = {
			.directory = policy->groups_must_exist ? options->paths.groups_directory
							       : NULL,
			.usual = policy->dialect == DIALECT_WAZUH ? "default" : NULL,
		},
		.max_agents = policy->max_agents,
		.own_name = own_name(),
		.manager_version = policy->manager_version,
	};
}
