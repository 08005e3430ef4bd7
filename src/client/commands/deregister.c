/* SPDX-License-Identifier: ISC */
/* The command `deregister`: remove this agent at its manager, then forget it here. */
#include "client/commands/erase.h"

#include "client/conversation/conversation.h"
#include "client/registration/access.h"
#include "client/registration/policy.h"
#include "client/registration/state.h"
#include "client/system/shutdown.h"
#include "common/cleanup.h"
#include "common/log.h"
#include "common/secret.h"
#include "common/shortage.h"
#include "common/terminal.h"

#include <errno.h>
#include <string.h>

/*
 * For all of it while the machine is being powered off: less than TimeoutStopSec= of
 * agent-register-deregister.service, so that the log says why it did not work.
 */
#define POWEROFF_USEC (40 * USEC_PER_SEC)

/* What the command has to go on. */
struct removal {
	const struct program *program;
	struct access access;
	struct deadline end; /* of everything */
	/* a manager was asked to remove the agent, and whether it has is not known */
	bool is_unanswered;
};

/* ------------------------------------------------------------------ the configuration */

static int open_access(struct access *access, const struct config *config, struct reason *why)
{
	if (config->manager.method != METHOD_API) {
		reason_set(why, "Only the manager's API can remove agents: "
				"set method = api, api_user and api_password_file "
				"(agent-register reset removes the agent's identity "
				"from this machine only)");
		return -EINVAL;
	}
	if (config->manager.address.count == 0) {
		reason_set(why, "No manager is configured: write address = HOST under [manager]");
		return -EINVAL;
	}
	if (config_check(config, why) < 0)
		return -EINVAL;
	return access_open_with_tls(access, config, why);
}

/* What this machine has registered with may have been a credential. */
static const char *credentials_hint(const struct program *program, int error)
{
	if (!program->options->at_poweroff || getenv("CREDENTIALS_DIRECTORY") || is_shortage(error))
		return "";
	return " -- a unit that is stopped gets no credentials from systemd: "
	       "configuration, CA and password must be in files; "
	       "see END OF LIFE in agent-register(8)";
}

/* ------------------------------------------------------------------ at the manager */

/* What the callbacks of an attempt are given. */
struct removal_attempt {
	struct agent_key *key;
	bool was_sent; /* the manager may have removed the agent */
};

static int show_progress(enum attempt_step step, void *user)
{
	static const char *const texts[] = {
		[STEP_CONNECTING] = "Connecting",
		[STEP_VERIFYING] = "Verifying the manager",
		[STEP_SENDING] = "Requesting the removal",
		[STEP_WAITING] = "Waiting for the response",
	};
	struct removal_attempt *current = user;

	log_debug("%s", texts[step]);
	current->was_sent |= step == STEP_SENDING;
	return 0;
}

/* The process that talks to a manager knows the key by its hash. */
static int forget_key(struct attempt *attempt, struct reason *why)
{
	const struct removal_attempt *current = attempt->user;

	(void)why;
	explicit_bzero(current->key->key, sizeof current->key->key);
	return OUTCOME_OK;
}

static int remove_at(struct removal *removal, const struct endpoint *manager, struct agent_key *key,
		     bool *ret_removed)
{
	const struct access *access = &removal->access;
	struct attempt_report report = { 0 };
	struct deadline deadline = deadline_in(removal->program->config.manager.attempt_timeout,
					       &removal->end);
	struct attempt attempt = access_attempt(access, manager, &deadline);
	struct removal_attempt current = { .key = key };
	char hash[AGENT_KEY_HASH_SIZE];
	int r;

	r = agent_key_hash(hash, key);
	if (r < 0) {
		log_error("Cannot compute the hash of the key: %s", strerrordesc_np(-r));
		return r;
	}
	attempt.agent.name = key->name;
	attempt.agent.key_hash = hash;
	attempt.progress = show_progress;
	attempt.user = &current;
	r = conversation_deregister(access->method, &attempt, forget_key, key->id, ret_removed,
				    &report);
	removal->is_unanswered |= current.was_sent && r != OUTCOME_OK && !report.answered;
	if (report.warning.text[0])
		log_warning("%s", report.warning.text);
	if (r != OUTCOME_OK && r != -ECANCELED)
		log_error("%s", report.why.text);
	return r;
}

/*
 * Which of the managers has registered us, as far as we know. Ids mean something at their own
 * manager only, so the others come after it. Returns 0 or a negative errno with `why` set.
 */
static int registering_manager(size_t *ret, const struct program *program, struct reason *why)
{
	const struct config *config = &program->config;
	struct endpoint ours, theirs;
	struct state state;
	int r = state_load(&state, program->options->state_directory, why);

	if (r < 0)
		return r;
	*ret = 0;
	if (endpoint_parse(&ours, state.registration.manager, 1) < 0)
		return 0;
	for (size_t i = 0; i < config->manager.address.count; i++)
		if (endpoint_parse(&theirs, config->manager.address.items[i], 1) == 0 &&
		    strcmp(ours.host, theirs.host) == 0) {
			*ret = i;
			break;
		}
	return 0;
}

/*
 * That there is no such agent is an answer only when it comes from the manager that should have it:
 * if that one could not say, it may be there still.
 */
static void log_removal(const struct endpoint *manager, const struct agent_key *key, bool is_done)
{
	char text[ENDPOINT_TEXT_SIZE];

	endpoint_text(manager, text);
	if (is_done)
		log_info("%s no longer has agent %s (id %s)", text, key->name, key->id);
	else
		log_warning("%s has no agent %s (id %s), but may not be the manager that had it; "
			    "agent-register reset removes it from this machine anyway",
			    text, key->name, key->id);
}

/*
 * Returns 0 when the agent is gone at the manager; otherwise the exit status, or -ECANCELED, and
 * has said why.
 */
static int remove_at_manager(struct removal *removal, struct agent_key *key)
{
	const struct program *program = removal->program;
	const struct config *config = &program->config;
	size_t first, count = config->manager.address.count;
	struct reason why = { 0 };
	bool is_done = false;
	int r = registering_manager(&first, program, &why);

	if (r < 0) {
		log_error("%s", why.text);
		return outcome_exit_code(outcome_unless_short(OUTCOME_STORAGE_ERROR, r));
	}
	r = OUTCOME_UNREACHABLE;
	if (!config->tls.verify)
		log_warning("verify = no: the manager is not verified; "
			    "any host at that address can obtain the password");
	for (size_t i = 0; i < count && !is_done && r != -ECANCELED; i++) {
		struct endpoint manager;
		int answer;

		if (!access_manager_at(&removal->access, (first + i) % count, &manager))
			break;
		answer = remove_at(removal, &manager, key, &is_done);
		is_done |= answer == OUTCOME_OK && i == 0;
		if (answer == OUTCOME_OK)
			log_removal(&manager, key, is_done);
		else
			r = answer;
	}
	if (is_done || r == -ECANCELED)
		return is_done ? 0 : r;
	return outcome_exit_code(r);
}

/*
 * A machine that is powered off cannot ask again. If it is started nevertheless, an agent that the
 * manager has removed would never get in again with its key; without one, it registers.
 */
static int forget_unanswered(const struct removal *removal, const struct agent_key *key, int r)
{
	if (r == 0 || r == -ECANCELED || !removal->is_unanswered ||
	    !removal->program->options->at_poweroff)
		return r;
	log_warning("Agent %s (id %s) may have been removed or not; "
		    "its identity is removed from this machine, "
		    "so that it registers again if it is started again",
		    key->name, key->id);
	return 0;
}

/* ------------------------------------------------------------------ the command */

/*
 * Returns 0, with *ret_found false when there is no key; otherwise the exit status, and has said
 * why.
 */
static int find_key(const struct keystore *store, struct agent_key *ret, bool *ret_found)
{
	struct reason why = { 0 };
	int found = keystore_read(store, ret, &why);

	*ret_found = found == KEYSTORE_KEY;
	if (found == KEYSTORE_KEY || found == KEYSTORE_MISSING)
		return 0;
	log_error("%s", why.text);
	return outcome_exit_code(outcome_unless_short(OUTCOME_STORAGE_ERROR, found));
}

/*
 * Without a key there is nothing to remove at the manager; but a deregistration that was
 * interrupted is to be completed.
 */
static int deregister(struct removal *removal, struct keystore *store, struct reason *why)
{
	const struct program *program = removal->program;
	cleanup(agent_key_wipe) struct agent_key key = { 0 };
	struct deadline at_once = { 0, program->stop_fd };
	bool found = false;
	int r = forget_check(program, store);

	if (r == 0)
		r = find_key(store, &key, &found);
	if (r == 0)
		r = forget_confirm(program, store,
				   found ? "The manager will remove the agent, too."
					 : "There is no key here, "
					   "so there is no agent to remove at the manager.");
	if (r == 0)
		/* a registration that is being stopped as well gives it back */
		r = keystore_lock(store, program->options->at_poweroff ? &removal->end : &at_once,
				  NULL, why);
	if (r == 0)
		/* while we asked, another run may have written one */
		r = find_key(store, &key, &found);
	if (r == 0 && found)
		r = forget_unanswered(removal, &key, remove_at_manager(removal, &key));
	else if (r == 0)
		log_info("There is no key in %s, so there is no agent to remove at the manager",
			 store->path);
	if (r == 0)
		r = forget_all(program, store, why);
	return r;
}

static int run(struct removal *removal)
{
	const struct program *program = removal->program;
	const struct config *config = &program->config;
	cleanup(keystore_close) struct keystore store = KEYSTORE_NULL;
	struct reason why = { 0 };
	int r = open_access(&removal->access, config, &why);

	if (r < 0) {
		log_error("%s%s", why.text, credentials_hint(program, r));
		return outcome_exit_code(outcome_unless_short(OUTCOME_MISCONFIGURED, r));
	}
	r = keystore_open(&store, config->agent.directory, config->agent.keys_file, NULL, &why);
	store.may_write_in_place = config->agent.keys_in_place;
	if (r == 0)
		r = deregister(removal, &store, &why);
	if (r < 0 && r != -ECANCELED) {
		log_error("%s", why.text);
		return outcome_exit_code(outcome_unless_short(OUTCOME_STORAGE_ERROR, r));
	}
	if (r == 0)
		terminal_print_sentence(terminal_stdout(),
					"Agent identity removed; the next boot will "
					"register this machine again.");
	return r;
}

static void close_access(struct removal *removal)
{
	access_close(&removal->access);
}

/*
 * The unit that calls us is stopped for many reasons: by hand, for a new version, for another
 * target. Only one of them is the end of the machine. Returns whether it is; otherwise
 * `*ret_status` is the exit status.
 */
static bool is_at_end(int *ret_status)
{
	struct reason why = { 0 };
	int shutdown = shutdown_find(&why);

	if (shutdown == SHUTDOWN_POWERS_OFF)
		return true;
	if (shutdown < 0)
		log_error("%s; the agent stays registered", why.text);
	else
		log_info("This machine %s; the agent stays registered",
			 shutdown == SHUTDOWN_RESTARTS ? "restarts" : "is not being powered off");
	*ret_status = shutdown < 0 ? EXIT_LOCAL_ERROR : 0;
	return false;
}

int command_deregister(struct program *program)
{
	cleanup(close_access) struct removal removal = {
		.program = program,
		.end = { USEC_INFINITY, program->stop_fd },
	};
	const struct client_options *given = program->options;
	struct client_options options = *given;
	int status;

	secret_protect_process();
	if (!given->at_poweroff)
		return run(&removal);
	/* from here on: systemd may take its time to answer, too */
	removal.end = deadline_in(POWEROFF_USEC, &removal.end);
	if (!is_at_end(&status))
		return status;
	options.yes = options.force = true;
	program->options = &options;
	status = run(&removal);
	program->options = given;
	return status;
}
