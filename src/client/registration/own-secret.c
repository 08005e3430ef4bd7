/* SPDX-License-Identifier: ISC */
#include "client/registration/own-secret.h"

#include "client/methods/enroll-token.h"
#include "client/registration/binding.h"
#include "common/cleanup.h"
#include "common/trusted-file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ------------------------------------------------------------------ what there is */

/* A secret of another agent, or of the machine that this one is a copy of, is not ours to use. */
static bool is_ours(const struct reenroll_secret *secret, const struct state *state)
{
	struct agent_key known = { 0 };
	enum binding binding;

	memcpy(known.id, secret->id, sizeof known.id);
	memcpy(known.name, state->registration.agent_name, sizeof known.name);
	binding = binding_of(state, &known, NULL);
	return binding == BINDING_OURS || binding == BINDING_CHANGED;
}

/* With the method api, say, the manager would be another service on it. */
static void take_manager(struct own_secret *own, const struct state_registration *registration)
{
	if (strcmp(registration->method, "enroll") == 0)
		memcpy(own->manager, registration->manager, sizeof own->manager);
	own->known.manager = own->manager;
	if (registration->prefix[0] != '/')
		return;
	(void)snprintf(own->prefix, sizeof own->prefix, "%s", registration->prefix + 1);
	own->known.prefix = own->prefix;
}

static int take_ca(struct own_secret *own, const struct reenroll_files *files,
		   const struct state *state, struct reason *why)
{
	int r;

	own->ca_file = strdup(files->anchor_path);
	if (!own->ca_file)
		return reason_errno(why, ENOMEM, "Cannot read %s", files->anchor_path);
	r = reenroll_files_read_anchor(files, state->stored_ca, &own->ca, &own->known.ca_length,
				       why);
	own->known.ca_file = own->ca_file;
	own->known.ca = own->ca;
	return r < 0 ? r : 0;
}

int own_secret_find(struct own_secret *ret, const struct reenroll_files *files,
		    const struct state *state, struct reason *problem, struct reason *why)
{
	struct reason said = { 0 };
	int r = reenroll_files_read_secret(files, &ret->secret, &said);

	if (r < 0)
		*why = said;
	else
		*problem = said;
	if (r <= 0)
		return r;
	if (!is_ours(&ret->secret, state)) {
		reenroll_secret_wipe(&ret->secret);
		return 0;
	}
	take_manager(ret, &state->registration);
	return *state->stored_ca ? take_ca(ret, files, state, why) : 0;
}

void own_secret_close(struct own_secret *own)
{
	reenroll_secret_wipe(&own->secret);
	free(own->ca);
	free(own->ca_file);
	own->ca = own->ca_file = NULL;
	own->known = (struct access_known){ 0 };
}

/* ------------------------------------------------------------------ what is missing */

static bool is_below(const char *path, const char *directory)
{
	size_t length = strlen(directory);

	return strncmp(path, directory, length) == 0 && path[length] == '/';
}

void own_secret_explain(const struct own_secret *own, const struct reenroll_files *files,
			const struct config *config, struct reason *why)
{
	bool is_agents = is_below(config->auth.token_file, config->agent.directory);
	char deleted[512] = "", instead[512] = "";
	struct stat status;

	if (is_agents && trusted_file_status(files->anchor_path, &status) == 0)
		(void)snprintf(deleted, sizeof deleted,
			       "; an agent of Wazuh 5 that finds %s deletes its token, used or not",
			       files->anchor_path);
	if (own->secret.text[0])
		(void)snprintf(instead, sizeof instead,
			       "; or set address in [manager] and ca_file or pin in [tls], "
			       "to enroll again with the secret in %s",
			       files->secret_path);
	reason_append(why, "%s -- " ENROLL_TOKEN_ANOTHER " and store it %s%s", deleted,
		      *deleted ? "outside the agent's directory" : "there", instead);
}
