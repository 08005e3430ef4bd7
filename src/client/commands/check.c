/* SPDX-License-Identifier: ISC */
/* The command `check`: all that a registration needs, layer by layer, without requesting a key. */
#include "client/commands/check.h"
#include "client/commands/options.h"
#include "client/commands/token-facts.h"

#include "client/agent-files/import-file.h"
#include "client/agent-files/key-files.h"
#include "client/config/name-template.h"
#include "client/confinement/confine.h"
#include "client/conversation/conversation.h"
#include "client/methods/methods.h"
#include "client/registration/groups.h"
#include "client/system/identity.h"
#include "common/cleanup.h"
#include "common/ip-address.h"
#include "common/secret.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* ------------------------------------------------------------------ this machine */

/* What comes next may fail for this reason alone. */
static void check_user(struct check *check)
{
	if (geteuid() != 0)
		check_note(&check->report, "user",
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
		return check_bad(&check->report, "config", OUTCOME_MISCONFIGURED, problem);
	if (!config_has_work(config))
		return check_bad(&check->report, "config", OUTCOME_MISCONFIGURED,
				 CONFIG_NO_MANAGER);
	if (config_check(config, &why) < 0)
		return check_bad(&check->report, "config", OUTCOME_MISCONFIGURED, why.text);
	if (config->manager.method == METHOD_IMPORT) {
		check_ok(&check->report, "config", "no manager is asked, method import");
		return true;
	}
	r = method_get(config->manager.method, &method, &why);
	if (r < 0)
		return check_failed(&check->report, "config", OUTCOME_MISCONFIGURED, r, why.text);
	if (config->manager.address.count == 0)
		check_ok(&check->report, "config", "the manager of the enrollment token, method %s",
			 method_name(config->manager.method));
	else
		check_ok(&check->report, "config", "%zu manager%s, method %s",
			 config->manager.address.count,
			 config->manager.address.count == 1 ? "" : "s",
			 method_name(config->manager.method));
	return true;
}

/* What is there of earlier attempts. */
static void read_state(struct check *check, const char *directory)
{
	struct reason why = { 0 };
	int r = state_load(&check->state, directory, &why);

	if (r < 0)
		(void)check_failed(&check->report, "state", OUTCOME_STORAGE_ERROR, r, why.text);
}

static void check_confinement(struct check *check)
{
	char buffer[CONFINE_GAP_SIZE];
	const char *gap = confine_gap(buffer);

	check_note(&check->report, "confinement", gap ?: "");
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
		(void)check_failed(&check->report, "import", OUTCOME_MISCONFIGURED, r, why.text);
	else
		check_ok(&check->report, "import", "%s holds the key of %s (id %s)", path, key.name,
			 key.id);
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
	check_note(&check->report, "credentials", problem.text);
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
		return check_failed(&check->report, "credentials", OUTCOME_MISCONFIGURED, r,
				    why.text);
	if (r > 0) {
		check_note(&check->report, "credentials", why.text);
		check_note(&check->report, "credentials",
			   "there is a key, so that no token is needed now");
		return true;
	}
	check_ok(&check->report, "credentials", "%s%s, %s",
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
		return check_bad(&check->report, "token", r, why.text);
	endpoint_text(&facts.manager, text);
	check_ok(&check->report, "token", "is for %s, prefix %s%s%s", text,
		 facts.prefix[0] ? facts.prefix : "none",
		 facts.has_credential ? ", with a credential of the id " : ", without a credential",
		 facts.id);
	if (facts.pin[0])
		check_ok(&check->report, "token", "pins its manager's CA by %s", facts.pin);
	for (size_t i = 0; i < ca_bundle_count(&facts.ca); i++) {
		ca_describe(ca_bundle_at(&facts.ca, i), text);
		check_ok(&check->report, "token", "holds the CA %s", text);
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
		(void)check_bad(&check->report, "name", r, why.text);
	else if (is_partial)
		check_ok(&check->report, "name", "%s, found with each manager",
			 check->config->agent.name);
	else
		check_ok(&check->report, "name", "%s", name);
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
		check_ok(&check->report, "groups", "%s%s", names, policy);
}

/* What the agent's own file says of the managers' port for agents. Each is a note only. */
static bool check_probe(struct check *check)
{
	struct reason unknown = { 0 }, why = { 0 };
	struct endpoint manager;
	int r = probe_open(&check->probe, check->config, &unknown, &why);

	if (r < 0)
		return check_failed(&check->report, "probe", OUTCOME_MISCONFIGURED, r, why.text);
	for (size_t i = 0; !unknown.text[0] && access_manager_at(&check->access, i, &manager); i++)
		(void)probe_port(&check->probe, &manager, &unknown);
	check_note(&check->report, "probe", unknown.text);
	return true;
}

/* ------------------------------------------------------------------ the managers */

/* What the agent's name is made of. It is believed as far as it can be true. */
static void take_own_name(struct check *check, const char *label, const char *text)
{
	struct own_names *own = &check->own;
	unsigned int needs = name_template_needs(check->config->agent.name), has;

	if (strcmp(label, CHECK_FQDN) == 0 && own_fqdn_is_valid(text))
		(void)snprintf(own->fqdn, sizeof own->fqdn, "%s", text);
	if (strcmp(label, CHECK_ADDRESS) == 0 && ip_address_is_valid(text))
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
		check_ok(&check->report, label, "%s", text);
		take_own_name(check, label, text);
	} else
		(void)check_bad(&check->report, label, outcome, text);
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
		(void)check_bad(&check->report, "process",
				r < 0 ? OUTCOME_NOT_READY : (enum outcome)r, why.text);
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
	check_note(&check->report, "last try", text.text);
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
	check_note(&check->report, "not tested", text.text);
}

/* ------------------------------------------------------------------ the command */

/* Where managers cannot be asked, what this machine has is worth knowing. */
static void check_what_is_there(struct check *check)
{
	check_files(check);
	check_last_failure(check);
}

static void check_for_import(struct check *check)
{
	check_import(check);
	check_files(check);
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
	int status;

	secret_protect_process();
	check_report_begin(&check.report, "This machine");
	read_state(&check, program->options->state_directory);
	check_user(&check);
	if (!check_config(&check, program->config_problem))
		check_what_is_there(&check);
	else if (program->config.manager.method == METHOD_IMPORT)
		check_for_import(&check);
	else if (check_credentials(&check) && check_token(&check))
		check_with_managers(&check);
	else
		check_what_is_there(&check);
	access_close(&check.access);
	own_secret_close(&check.own_secret);
	probe_close(&check.probe);
	status = check_report_end(&check.report);
	return deadline_wait(&at_once, -1, 0) == -ECANCELED ? -ECANCELED : status;
}
