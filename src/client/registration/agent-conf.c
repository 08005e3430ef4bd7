/* SPDX-License-Identifier: ISC */
#include "client/registration/agent-conf.h"

#include "client/agent-files/agent-generation.h"
#include "client/agent-files/manager-guard.h"
#include "client/config/types.h"
#include "client/registration/groups.h"
#include "client/registration/report.h"
#include "client/system/notify.h"
#include "common/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* What is wanted, and the texts that it consists of. */
struct wanted {
	struct ossec_conf_wish wish;
	struct agent_manager managers[CONFIG_MAX_MANAGERS];
	struct endpoint endpoints[CONFIG_MAX_MANAGERS];
	char *groups; /* owned */
};

static void clear_wanted(struct wanted *wanted)
{
	free(wanted->groups);
}

static bool is_wanted(const struct registration *run)
{
	return run->config->agent.set_manager != SET_MANAGER_NO ||
	       run->config->agent.own_enrollment != OWN_ENROLLMENT_KEEP;
}

/* The agent may be installed later, with a file of its package: that is for the next run. */
static bool has_file(const struct registration *run)
{
	const char *path = run->agent_conf.path;
	struct stat status;

	if (lstat(path, &status) == 0 || (errno != ENOENT && errno != ENOTDIR))
		return true;
	log_warning("There is no %s, so set_manager and own_enrollment have nothing to change; "
		    "the next run looks again",
		    path);
	return false;
}

/* ------------------------------------------------------------------ which managers */

/* An address of a list; without a port in it, 0 stands for the one that the agent has. */
static void add_manager(struct wanted *wanted, const char *address, const char *prefix)
{
	size_t count = wanted->wish.manager_count;
	struct endpoint *endpoint = &wanted->endpoints[count];

	if (count == CONFIG_MAX_MANAGERS || endpoint_parse(endpoint, address, 0) < 0)
		return;
	wanted->managers[count] = (struct agent_manager){ endpoint->host, endpoint->port, prefix };
	wanted->wish.manager_count++;
}

static void add_managers(struct wanted *wanted, const struct string_list *addresses,
			 const char *prefix)
{
	for (size_t i = 0; i < addresses->count; i++)
		add_manager(wanted, addresses->items[i], prefix);
}

/* The usual prefix needs not be written, and not every place has one. */
static const char *unusual(const char *prefix)
{
	return prefix && *prefix && strcmp(prefix, ENROLLMENT_PREFIX) != 0 ? prefix : NULL;
}

/*
 * The ports of a registration are not those of events, but for Wazuh 5, whose agents enroll where
 * they send their events to.
 */
static void forget_ports(struct wanted *wanted)
{
	for (size_t i = 0; i < wanted->wish.manager_count; i++)
		wanted->managers[i].port = 0;
}

/* The manager that an enrollment token names, or that it named when the key was requested. */
static void add_token_manager(struct wanted *wanted, const struct registration *run)
{
	const struct access *access = &run->access;
	char text[ENDPOINT_TEXT_SIZE];

	if (access->has_token)
		add_manager(wanted, endpoint_text(&access->token.manager, text),
			    unusual(access->prefix));
	else if (run->state.registration.manager[0])
		add_manager(wanted, run->state.registration.manager, NULL);
}

static void choose_managers(struct wanted *wanted, const struct registration *run)
{
	const struct config *config = run->config;
	bool enrolls = config->manager.method == METHOD_ENROLL;
	/* what is enrolled with; it is not known where there is a key already */
	const char *used = run->access.prefix[0] ? run->access.prefix : config->manager.prefix;
	const char *prefix = enrolls ? unusual(used) : NULL;

	if (config->agent.manager_address.count > 0) {
		add_managers(wanted, &config->agent.manager_address, prefix);
		return;
	}
	add_managers(wanted, &config->manager.address, prefix);
	for (size_t i = 0; i < wanted->wish.manager_count; i++)
		if (wanted->managers[i].port == 0)
			wanted->managers[i].port = config_default_port(config);
	if (wanted->wish.manager_count == 0 && enrolls)
		add_token_manager(wanted, run);
	if (!enrolls || wanted->wish.generation != AGENT_WAZUH_5)
		forget_ports(wanted);
}

/* ------------------------------------------------------------------ as what it enrolls */

static void choose_identity(struct wanted *wanted, const struct registration *run,
			    const char *agent_name)
{
	const char *ip = run->config->agent.ip;

	wanted->wish.agent_name = agent_name;
	wanted->wish.groups = wanted->groups;
	wanted->wish.use_source_ip = ip && strcmp(ip, "src") == 0;
	if (ip && strcmp(ip, "any") != 0 && !wanted->wish.use_source_ip)
		wanted->wish.agent_address = ip;
}

/*
 * `missing_groups`: those that the manager does not have. Returns 0, or a negative errno with `why`
 * set.
 */
static int choose(struct wanted *wanted, const struct registration *run, const char *agent_name,
		  const char *missing_groups, struct reason *why)
{
	const struct config *config = run->config;
	int generation = agent_generation_detect(config->agent.directory, why);

	if (generation < 0)
		return generation;
	if (generation == AGENT_UNKNOWN) {
		reason_set(
			why,
			"Cannot tell which agent is installed in %s, and so what belongs into %s; "
			"install it first, or correct directory in [agent]",
			config->agent.directory, run->agent_conf.path);
		return -EINVAL;
	}
	wanted->wish.generation = (enum agent_generation)generation;
	wanted->wish.set_manager = (enum set_manager)config->agent.set_manager;
	wanted->wish.own_enrollment = (enum own_enrollment)config->agent.own_enrollment;
	wanted->wish.managers = wanted->managers;
	choose_managers(wanted, run);
	if (groups_without(config, missing_groups, &wanted->groups, why) < 0)
		return -ENOMEM;
	choose_identity(wanted, run, agent_name);
	return 0;
}

/* ------------------------------------------------------------------ writing it */

/* A file that says something wrong, or one that cannot be replaced. */
static int fail(struct registration *run, int error, const struct reason *why)
{
	return report_failed_step(
		run, error == -EINVAL ? OUTCOME_MISCONFIGURED : OUTCOME_STORAGE_ERROR, error, why);
}

static void log_change(const struct registration *run)
{
	const struct config *config = run->config;

	log_info("Changed %s (set_manager = %s, own_enrollment = %s)", run->agent_conf.path,
		 config_set_manager.choices[config->agent.set_manager],
		 config_own_enrollment.choices[config->agent.own_enrollment]);
}

int agent_conf_stage(struct registration *run)
{
	/* the name that is requested may not be known yet, and be changed by a manager */
	const char *name = run->request.name[0] ? run->request.name : "agent";
	struct reason why = { 0 };
	cleanup(clear_wanted) struct wanted wanted = { 0 };
	int r;

	if (!is_wanted(run) || !has_file(run))
		return CONTINUE;
	r = choose(&wanted, run, name, "", &why);
	if (r == 0)
		r = ossec_conf_file_stage(&run->agent_conf, &wanted.wish, &why);
	return r < 0 ? fail(run, r, &why) : CONTINUE;
}

void agent_conf_store(struct registration *run)
{
	struct reason why = { 0 };
	cleanup(clear_wanted) struct wanted wanted = { 0 };
	int r;

	if (!is_wanted(run))
		return;
	r = choose(&wanted, run, run->key.new.name, run->request.missing_groups, &why);
	if (r == 0)
		r = ossec_conf_file_commit(&run->agent_conf, &wanted.wish, &why);
	if (r == -ENOENT)
		return; /* and the log has said so */
	run->agent_conf_failed = r < 0;
	if (r < 0)
		log_warning("%s; the key is stored first, then this is tried again", why.text);
	else if (r > 0)
		log_change(run);
}

/* Returns CONTINUE, or what ends the run. */
static int lock(struct registration *run)
{
	struct deadline never = { USEC_INFINITY, run->mode.stop_fd };
	struct deadline patience = deadline_in(run->config->retry.budget, &never);
	const struct keystore *store = &run->files.store;
	struct reason why = { 0 };
	int r = store->lock < 0 ? keystore_lock(&run->files.store, &patience, NULL, &why) : 0;

	if (r == -ETIMEDOUT)
		return report_failure(run, OUTCOME_NOT_READY, &why);
	if (r == -ECANCELED)
		return r;
	if (r == 0)
		r = manager_guard_check(run->config->agent.directory, store->path, &why);
	return r < 0 ? report_failed_step(run, OUTCOME_MISCONFIGURED, r, &why) : CONTINUE;
}

static int change(struct registration *run, const struct wanted *wanted)
{
	struct reason why = { 0 };
	int r = ossec_conf_file_stage(&run->agent_conf, &wanted->wish, &why);

	if (r > 0)
		r = ossec_conf_file_commit(&run->agent_conf, &wanted->wish, &why);
	if (r < 0)
		return fail(run, r, &why);
	if (r > 0) {
		log_change(run);
		run->agent_conf_changed_at = monotonic_usec();
	}
	return CONTINUE;
}

int agent_conf_update(struct registration *run, const struct agent_key *key)
{
	bool was_locked = run->files.store.lock >= 0;
	struct reason why = { 0 };
	cleanup(clear_wanted) struct wanted wanted = { 0 };
	int r;

	if (!is_wanted(run) || !has_file(run))
		return CONTINUE;
	r = choose(&wanted, run, key->name, run->state.registration.missing_groups, &why);
	if (r == 0)
		r = ossec_conf_file_check(&run->agent_conf, &wanted.wish, &why);
	if (r <= 0)
		return r < 0 ? fail(run, r, &why) : CONTINUE;
	r = lock(run);
	if (r == CONTINUE)
		r = change(run, &wanted);
	if (!was_locked)
		key_files_unlock(&run->files);
	return r;
}
