/* SPDX-License-Identifier: ISC */
/* The command `check`: all that a registration needs, layer by layer, without requesting a key. */
#include "client/commands/check.h"
#include "client/commands/options.h"
#include "client/commands/token-facts.h"

#include "client/agent-files/import-file.h"
#include "client/agent-files/key-files.h"
#include "client/agent-files/manager-guard.h"
#include "client/config/name-template.h"
#include "client/confinement/confine.h"
#include "client/conversation/conversation.h"
#include "client/methods/methods.h"
#include "client/registration/agent-conf.h"
#include "client/registration/agents-file.h"
#include "client/registration/binding.h"
#include "client/registration/groups.h"
#include "client/registration/policy.h"
#include "client/system/identity.h"
#include "common/cleanup.h"
#include "common/log.h"
#include "common/must-check.h"
#include "common/secret.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

/* ------------------------------------------------------------------ printing */

static void ok(struct check *check, const char *layer, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void ok(struct check *check, const char *layer, const char *format, ...)
{
	char text[1024];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	check_report_row(&check->report, TERMINAL_OK, layer, text);
}

/*
 * A cross, with the reason and its remedy; `outcome` may be a negative errno. Returns false, for
 * the caller to pass on.
 */
static bool bad(struct check *check, const char *layer, int outcome, const char *text)
{
	if (*text == '\0')
		return false; /* asked to stop */
	check_report_row(&check->report, TERMINAL_FAIL, layer, text);
	if (check->status == 0)
		check->status = outcome_exit_code(outcome);
	return false;
}

/* For what failed with a negative errno: outcome_unless_short(). */
static bool failed(struct check *check, const char *layer, enum outcome otherwise, int error,
		   const char *text)
{
	return bad(check, layer, outcome_unless_short(otherwise, error), text);
}

/* What is no fault of this machine's configuration, and worth knowing; empty: nothing. */
static void note(struct check *check, const char *layer, const char *text)
{
	if (*text)
		check_report_row(&check->report, TERMINAL_NOTE, layer, text);
}

/* ------------------------------------------------------------------ this machine */

/* What comes next may fail for this reason alone. */
static void check_user(struct check *check)
{
	if (geteuid() != 0)
		note(check, "user",
		     "not root: files that only root may read or write count as failed here; "
		     "to see what the service sees: sudo agent-register check");
}

static bool check_config(struct check *check, const char *problem)
{
	const struct config *config = check->config;
	const struct method *method;
	struct reason why = { 0 };
	int r;

	if (problem)
		return bad(check, "config", OUTCOME_MISCONFIGURED, problem);
	if (!config_has_work(config))
		return bad(check, "config", OUTCOME_MISCONFIGURED, CONFIG_NO_MANAGER);
	if (config_check(config, &why) < 0)
		return bad(check, "config", OUTCOME_MISCONFIGURED, why.text);
	if (config->manager.method == METHOD_IMPORT) {
		ok(check, "config", "no manager is asked, method import");
		return true;
	}
	r = method_get(config->manager.method, &method, &why);
	if (r < 0)
		return failed(check, "config", OUTCOME_MISCONFIGURED, r, why.text);
	if (config->manager.address.count == 0)
		ok(check, "config", "the manager of the enrollment token, method %s",
		   method_name(config->manager.method));
	else
		ok(check, "config", "%zu manager%s, method %s", config->manager.address.count,
		   config->manager.address.count == 1 ? "" : "s",
		   method_name(config->manager.method));
	return true;
}

static void check_confinement(struct check *check)
{
	char buffer[CONFINE_GAP_SIZE];
	const char *gap = confine_gap(buffer);

	note(check, "confinement", gap ?: "");
}

/* Of the key, all but the key is shown. */
static void check_import(struct check *check)
{
	cleanup(agent_key_wipe) struct agent_key key = { 0 };
	struct deadline at_once = { 0, check->deadline.stop_fd };
	const char *path = check->config->auth.key_file;
	struct reason why = { 0 };
	int r = import_file_read(&key, path, &at_once, &why);

	if (r < 0)
		(void)failed(check, "import", OUTCOME_MISCONFIGURED, r, why.text);
	else
		ok(check, "import", "%s holds the key of %s (id %s)", path, key.name, key.id);
}

/* As a registration does it. Returns 1 when the token is gone and there is a key without it. */
static int open_access(struct check *check, struct reason *why)
{
	const struct config *config = check->config;
	cleanup(key_files_close) struct key_files files = KEY_FILES_NULL;
	cleanup(agent_key_wipe) struct agent_key key = { 0 };
	struct own_secret *own = &check->own_secret;
	struct reason problem = { 0 };
	int r = key_files_open(&files, config->agent.directory, config->agent.keys_file,
			       config->agent.group, why);

	if (r >= 0 && config->manager.method == METHOD_ENROLL)
		r = own_secret_find(own, &files.reenroll, &check->state, &problem, why);
	note(check, "credentials", problem.text);
	if (r >= 0)
		r = access_open_known(&check->access, config,
				      own->secret.text[0] ? &own->known : NULL, why);
	if (r < 0 && check->access.lacks_token) {
		if (keystore_read(&files.store, &key, NULL) == KEYSTORE_KEY)
			return 1;
		own_secret_explain(own, &files.reenroll, config, why);
	}
	reenroll_secret_wipe(&own->secret);
	return r < 0 ? r : access_load_tls(&check->access, why);
}

static bool check_credentials(struct check *check)
{
	const struct config *config = check->config;
	const struct access *access = &check->access;
	struct reason why = { 0 };
	int r = open_access(check, &why);

	if (r < 0)
		return failed(check, "credentials", OUTCOME_MISCONFIGURED, r, why.text);
	if (r > 0) {
		note(check, "credentials", why.text);
		note(check, "credentials", "there is a key, so that no token is needed now");
		return true;
	}
	ok(check, "credentials", "%s%s, %s",
	   access->known        ? "the re-enrollment secret (the enrollment token is gone), "
	   : !access->has_token ? ""
	   : access->token.has_credential ? "an enrollment token, "
					  : "an enrollment token without a credential, ",
	   access->password.text ? "a password" : "no password",
	   config->tls.certificate_file ? "a client certificate" : "no client certificate");
	return true;
}

/* What the token says by itself; whether its manager is the right one, it shows when asked. */
static bool check_token(struct check *check)
{
	const struct config *config = check->config;
	cleanup(token_facts_clear) struct token_facts facts = { 0 };
	struct reason why = { 0 };
	char text[CA_TEXT_SIZE];
	int r;

	if (!check->access.has_token)
		return true;
	r = token_facts_find(&facts, &check->access.token, &why);
	if (r == 0 && !config->tls.ca_file && config->tls.pin.count == 0)
		r = token_facts_judge(&facts, &why); /* otherwise those count, not the token's */
	if (r != OUTCOME_OK)
		return bad(check, "token", r, why.text);
	endpoint_text(&facts.manager, text);
	ok(check, "token", "is for %s, prefix %s%s%s", text,
	   facts.prefix[0] ? facts.prefix : "none",
	   facts.has_credential ? ", with a credential of the id " : ", without a credential",
	   facts.id);
	if (facts.pin[0])
		ok(check, "token", "pins its manager's CA by %s", facts.pin);
	for (size_t i = 0; i < ca_bundle_count(&facts.ca); i++) {
		ca_describe(ca_bundle_at(&facts.ca, i), text);
		ok(check, "token", "holds the CA %s", text);
	}
	return true;
}

/* `own` is null for what this machine knows by itself. */
static void check_name(struct check *check, const struct own_names *own)
{
	bool is_partial = !own && name_template_needs(check->config->agent.name);
	char name[AGENT_NAME_MAX + 1];
	struct reason why = { 0 };
	int r = identity_name(name, check->config, own, &why);

	if (r != OUTCOME_OK)
		(void)bad(check, "name", r, why.text);
	else if (is_partial)
		ok(check, "name", "%s, found with each manager", check->config->agent.name);
	else
		ok(check, "name", "%s", name);
}

/* That they exist is for the manager to know; it says so only when a key is requested. */
static void check_groups(struct check *check)
{
	const struct string_list *groups = &check->config->agent.groups;
	const struct state_registration *known = &check->state.registration;
	const char *fallback = groups_fallback(check->config);
	char names[512] = "", policy[256] = "";

	for (size_t i = 0; i < groups->count; i++) {
		size_t used = strlen(names);

		(void)snprintf(names + used, sizeof names - used, "%s%s", i ? "," : "",
			       groups->items[i]);
	}
	if (fallback)
		(void)snprintf(policy, sizeof policy,
			       "; %s takes the place of one that the manager does not have%s%.150s",
			       fallback,
			       *known->missing_groups ? ", in the last registration of " : "",
			       known->missing_groups);
	if (groups->count > 0)
		ok(check, "groups", "%s%s", names, policy);
}

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
	ok(check, "key file",
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
		(void)failed(check, "key file", OUTCOME_STORAGE_ERROR, r, why.text);
	else if (r == KEYSTORE_KEY)
		ok(check, "key file", "%s can be written%s; it holds the key of %s (id %s)",
		   store->path, how, key->name, key->id);
	else
		ok(check, "key file", "%s can be written%s; it holds no key%s%s", store->path, how,
		   r == KEYSTORE_TORN ? ": " : "", r == KEYSTORE_TORN ? why.text : "");
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
		(void)failed(check, "agent's file", agent_conf_outcome(r), r, why.text);
	else if (why.text[0])
		note(check, "agent's file", why.text);
	else
		ok(check, "agent's file", "%s/etc/ossec.conf %s (set_manager, own_enrollment)",
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
		(void)failed(check, "key file", OUTCOME_MISCONFIGURED, r, why.text);
	files->store.may_write_in_place = config->agent.keys_in_place;
	return r;
}

/* The key file, and what is written before it. */
static void check_files(struct check *check)
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

/* What the agent's own file says of the managers' port for agents. Each is a note only. */
static bool check_probe(struct check *check)
{
	struct reason unknown = { 0 }, why = { 0 };
	struct endpoint manager;
	int r = probe_open(&check->probe, check->config, &unknown, &why);

	if (r < 0)
		return failed(check, "probe", OUTCOME_MISCONFIGURED, r, why.text);
	for (size_t i = 0; !unknown.text[0] && access_manager_at(&check->access, i, &manager); i++)
		(void)probe_port(&check->probe, &manager, &unknown);
	note(check, "probe", unknown.text);
	return true;
}

/* ------------------------------------------------------------------ the agent's own file */

/*
 * What would keep the agent from its manager once it has its key: the one that has registered it,
 * or those that will. A file that is to be changed has been looked at already.
 */
static void check_agents_file(struct check *check)
{
	const struct config *config = check->config;
	const char *manager = check->knows_key ? check->state.registration.manager : "";
	struct agents_file_doubts doubts = agents_file_look(config,
							    check->has_key ? manager : NULL);

	if (!config->agents_file.is_needed && !agent_conf_is_wanted(config))
		note(check, "agent's file", config->agents_file.problem ?: "");
	note(check, "manager", doubts.manager.text);
	note(check, "manager", doubts.another.text);
	note(check, "identity", doubts.identity.text);
}

/* ------------------------------------------------------------------ the managers */

/* What the agent's name is made of. It is believed as far as it can be true. */
static void take_own_name(struct check *check, const char *label, const char *text)
{
	struct own_names *own = &check->own;
	unsigned int needs = name_template_needs(check->config->agent.name), has;

	if (strcmp(label, CHECK_FQDN) == 0 && own_fqdn_is_valid(text))
		(void)snprintf(own->fqdn, sizeof own->fqdn, "%s", text);
	if (strcmp(label, CHECK_ADDRESS) == 0 && own_address_is_valid(text))
		(void)snprintf(own->address, sizeof own->address, "%s", text);
	has = (own->fqdn[0] ? NAME_NEEDS_FQDN : 0) | (own->address[0] ? NAME_NEEDS_ADDRESS : 0);
	if (needs && has == needs && !check->is_named) {
		check->is_named = true;
		check_name(check, own);
	}
}

static void show(enum outcome outcome, const char *label, const char *text, void *user)
{
	struct check *check = user;

	if (outcome == OUTCOME_OK) {
		ok(check, label, "%s", text);
		take_own_name(check, label, text);
	} else
		(void)bad(check, label, outcome, text);
}

static void check_manager(struct check *check, const struct endpoint *endpoint)
{
	struct deadline deadline = check_manager_deadline(check);
	struct attempt attempt = access_attempt(&check->access, endpoint, &deadline);
	char text[ENDPOINT_TEXT_SIZE];
	struct reason why = { 0 };
	int r;

	check_report_begin(&check->report, endpoint_text(endpoint, text));
	attempt.user = check;
	check->own = (struct own_names){ 0 };
	check->is_named = false;
	r = conversation_inspect(&attempt, check_inspect_manager, show, &why);
	if (r != OUTCOME_OK && r != -ECANCELED)
		(void)bad(check, "process", r < 0 ? OUTCOME_NOT_READY : (enum outcome)r, why.text);
}

/* ------------------------------------------------------------------ what is left */

/* The last registration, which knows more than a check can find out. */
static void check_last_failure(struct check *check)
{
	const struct state_attempts *attempts = &check->state.attempts;
	struct reason text = { 0 };

	if (check->has_key || !attempts->last.error[0])
		return;
	reason_set(&text, "failed (%s): %s", attempts->last.outcome, attempts->last.error);
	note(check, "last try", text.text);
}

/* What a manager says to nobody but an agent that registers. */
static void check_untested(struct check *check)
{
	const struct config *config = check->config;
	struct reason text = { 0 };

	reason_set(&text,
		   "whether the manager accepts %s%s: "
		   "it says so only to a registration (systemctl restart agent-register)",
		   config->manager.method == METHOD_API ? "the user and the password"
		   : check->access.has_token            ? "the enrollment token"
		   : check->access.password.text        ? "the password"
							: "a request without a password",
		   config->agent.groups.count > 0 ? ", the name and the groups" : " and the name");
	note(check, "not tested", text.text);
}

/* ------------------------------------------------------------------ the command */

/* Also where the configuration is wrong: what this machine has is worth knowing then. */
static void check_without_managers(struct check *check)
{
	if (check->status == 0)
		check_import(check);
	check_files(check);
	if (check->status == 0)
		check_agents_file(check);
	check_last_failure(check);
}

static void check_with_managers(struct check *check)
{
	struct endpoint endpoint;

	check_name(check, NULL);
	check_groups(check);
	check_files(check);
	check_agents_file(check);
	check_confinement(check);
	(void)check_probe(check);
	for (size_t i = 0; check->access.context && access_manager_at(&check->access, i, &endpoint);
	     i++)
		check_manager(check, &endpoint);
	if (check->has_key)
		return;
	check_report_begin(&check->report, "What a check cannot tell");
	check_last_failure(check);
	check_untested(check);
}

int command_check(struct program *program)
{
	struct check check = {
		.config = &program->config,
		.deadline = { USEC_INFINITY, program->stop_fd },
		.report = { .terminal = terminal_stdout(), .is_json = program->options->json },
	};
	struct deadline at_once = { 0, program->stop_fd };

	secret_protect_process();
	state_load(&check.state, program->options->state_directory);
	check_report_begin(&check.report, "This machine");
	check_user(&check);
	if (!check_config(&check, program->config_problem) ||
	    program->config.manager.method == METHOD_IMPORT)
		check_without_managers(&check);
	else if (check_credentials(&check) && check_token(&check))
		check_with_managers(&check);
	access_close(&check.access);
	own_secret_close(&check.own_secret);
	probe_close(&check.probe);
	check_report_end(&check.report, check.status);
	return deadline_wait(&at_once, -1, 0) == -ECANCELED ? -ECANCELED : check.status;
}
