/* SPDX-License-Identifier: ISC */
#include "registrar/keeper-parts.h"

#include "registrar/keeper/file-registry.h"
#include "registrar/keeper/keeper-registry.h"

#include <errno.h>

/* 0 or a negative errno with `why` set. */
static int make_sessions(struct keeper_parts *parts, struct event_base *base,
			 const struct options *options, struct reason *why)
{
	const struct sessions_settings settings = {
		.base = base,
		.users_file = options->api.users_file,
		.log = parts->log,
	};

	return options->api.enabled ? sessions_new(&parts->sessions, &settings, why) : 0;
}

static bool make_agents(struct keeper_parts *parts, struct event_base *base,
			struct keeper_files *files)
{
	const struct file_registry_settings settings = {
		.base = base,
		.transactions = parts->transactions,
		.secrets = files->secrets,
		.tokens = &files->tokens,
		.token_files = { .certificate = files->options->tls.certificate_file,
				 .bundle = files->options->paths.ca_file },
		.policy = &files->policy,
		.groups_directory = files->options->paths.groups_directory,
		.log = parts->log,
	};

	parts->agents = parts->transactions ? file_registry_new(&settings) : NULL;
	return parts->agents != NULL;
}

static bool make_registry(struct keeper_parts *parts, struct event_base *base,
			  struct keeper_files *files)
{
	const struct keeper_registry_settings settings = {
		.base = base,
		.agents = parts->agents,
		.secrets = files->secrets,
		.tokens = &files->tokens,
		.sessions = parts->sessions,
		.password = files->password.text,
		.log = parts->log,
		.read_material = keeper_files_read_material,
		.owner = files,
	};

	parts->registry = keeper_registry_new(&settings);
	return parts->registry != NULL;
}

int keeper_parts_make(struct keeper_parts *parts, struct event_base *base,
		      struct keeper_files *files, int (*may_begin)(void *owner, struct reason *why),
		      void *owner, struct reason *why)
{
	const struct transactions_settings transactions = {
		.roster = files->roster,
		.history = &files->policy.history,
		.secrets = files->secrets,
		.tokens = &files->tokens,
		.may_begin = may_begin,
		.owner = owner,
	};
	int r;

	parts->log = peer_log_new(base);
	r = parts->log ? make_sessions(parts, base, files->options, why)
		       : reason_errno(why, ENOMEM, "Cannot set up the event loop");
	if (r < 0)
		return r;
	parts->transactions = transactions_new(base, &transactions);
	return make_agents(parts, base, files) && make_registry(parts, base, files)
		       ? 0
		       : reason_errno(why, ENOMEM, "Cannot set up the event loop");
}

void keeper_parts_free(struct keeper_parts *parts)
{
	registry_free(parts->registry);
	sessions_free(parts->sessions);
	registry_free(parts->agents);
	transactions_free(parts->transactions);
	peer_log_free(parts->log);
	*parts = (struct keeper_parts){ .log = NULL };
}
