/* SPDX-License-Identifier: ISC */
/* The part of the command `check` about files of the agent. */
#include "client/commands/check.h"

#include "client/agent-files/key-files.h"
#include "client/agent-files/manager-guard.h"
#include "client/registration/agent-conf.h"
#include "client/registration/agents-file.h"
#include "client/registration/binding.h"
#include "common/cleanup.h"

/* ------------------------------------------------------------------ the key file */

/*
 * A link to a key is good enough for the agent, and for a registration that finds the key; only a
 * new one could not be stored. Returns false if there is no such link; otherwise with `key` set.
 */
static bool check_linked_key(struct check *check, const struct keystore *store,
			     struct agent_key *key)
{
	cleanup_free char *target = keystore_link_target(store);

	if (!target || keystore_read(store, key, NULL) != KEYSTORE_KEY)
		return false;
	check_ok(&check->report, "key file",
		 "%s is a symbolic link to %s, which holds the key of %s (id %s); "
		 "a new key could not be stored through it: set keys_file to the file it points to",
		 store->path, target, key->name, key->id);
	return true;
}

/* Go as far as making the new files, and take them away again. */
static int try_key_files(struct check *check, struct key_files *files, struct reason *why)
{
	struct deadline at_once = { 0, check->deadline.stop_fd };
	int r = keystore_lock(&files->store, &at_once, NULL, why);

	return r < 0 ? r
		     : key_files_stage(files, check->config->manager.method == METHOD_ENROLL, why);
}

/* Returns the state of the key file, with `key` set if there is one; or a negative errno. */
static int check_key(struct check *check, struct key_files *files, struct agent_key *key)
{
	struct keystore *store = &files->store;
	struct reason why = { 0 };
	const char *how;
	int r = try_key_files(check, files, &why);

	if (r >= 0)
		r = keystore_read(store, key, &why);
	how = keystore_is_in_place(store) ? ", but only in place, not atomically (keys_in_place)"
					  : "";
	if (r < 0)
		(void)check_failed(&check->report, "key file", OUTCOME_STORAGE_ERROR, r, why.text);
	else if (r == KEYSTORE_KEY)
		check_ok(&check->report, "key file",
			 "%s can be written%s; it holds the key of %s (id %s)", store->path, how,
			 key->name, key->id);
	else
		check_ok(&check->report, "key file", "%s can be written%s; it holds no key%s%s",
			 store->path, how, r == KEYSTORE_TORN ? ": " : "",
			 r == KEYSTORE_TORN ? why.text : "");
	return r;
}

/* Go as far as making that new file, too. */
static void check_agent_conf(struct check *check, const struct agent_key *key)
{
	const struct agent_conf_source source = {
		.config = check->config,
		.access = !key && check->access.method ? &check->access : NULL,
		.known = check->knows_key ? &check->state.registration : NULL,
	};
	struct reason why = { 0 };
	int r = agent_conf_try(&source, key, &why);

	if (r < 0)
		(void)check_failed(&check->report, "agent's file", agent_conf_outcome(r), r,
				   why.text);
	else if (why.text[0])
		check_note(&check->report, "agent's file", why.text);
	else
		check_ok(&check->report, "agent's file",
			 "%s/etc/ossec.conf %s (set_manager, own_enrollment)",
			 check->config->agent.directory,
			 r > 0 ? "can be changed" : "says what it should");
}

static int open_key_files(struct check *check, struct key_files *files)
{
	const struct config *config = check->config;
	struct reason why = { 0 };
	int r = key_files_open(files, config->agent.directory, config->agent.keys_file,
			       config->agent.group, &why);

	if (r >= 0)
		r = manager_guard_check(config->agent.directory, files->store.path, &why);
	if (r < 0)
		(void)check_failed(&check->report, "key file", OUTCOME_MISCONFIGURED, r, why.text);
	files->store.may_write_in_place = config->agent.keys_in_place;
	return r;
}

void check_files(struct check *check)
{
	cleanup(key_files_close) struct key_files files = KEY_FILES_NULL;
	struct keystore *store = &files.store;
	struct deadline at_once = { 0, check->deadline.stop_fd };
	cleanup(agent_key_wipe) struct agent_key key = { 0 };
	int r = open_key_files(check, &files);

	if (r < 0)
		return;
	check->has_key = check_linked_key(check, store, &key);
	if (check->has_key)
		r = keystore_lock(store, &at_once, NULL, NULL);
	else
		check->has_key = check_key(check, &files, &key) == KEYSTORE_KEY;
	check->knows_key = check->has_key && binding_knows(&check->state, &key);
	if (store->lock >= 0 && agent_conf_is_wanted(check->config))
		check_agent_conf(check, check->has_key ? &key : NULL);
}

/* ------------------------------------------------------------------ the agent's own file */

void check_agents_file(struct check *check)
{
	const struct config *config = check->config;
	const char *manager = check->knows_key ? check->state.registration.manager : "";
	struct agents_file_doubts doubts = agents_file_look(config,
							    check->has_key ? manager : NULL);

	if (!config->agents_file.is_needed && !agent_conf_is_wanted(config))
		check_note(&check->report, "agent's file", config->agents_file.problem ?: "");
	check_note(&check->report, "manager", doubts.manager.text);
	check_note(&check->report, "manager", doubts.another.text);
	check_note(&check->report, "identity", doubts.identity.text);
}
