/* SPDX-License-Identifier: ISC */
#include "register/register.h"

#include "common/cleanup.h"
#include "common/log.h"
#include "common/secret.h"
#include "register/identity.h"
#include "register/keystore.h"
#include "register/message-ids.h"
#include "register/methods/method.h"
#include "register/notify.h"
#include "register/policy.h"
#include "register/state.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

/* One run: what was configured, and what the steps have made of it so far. */
struct registration {
	const struct config *config;
	const char *state_directory;
	bool force;
	int stop_fd;

	struct keystore store;
	enum keystore_state found; /* what the key file held */
	struct agent_key old_key;  /* with KEYSTORE_KEY */
	struct agent_key new_key;
	struct state state;

	char name[AGENT_NAME_MAX + 1];
	char old_key_hash[AGENT_KEY_HASH_SIZE];
	char *groups;
	struct secret password;
	SSL_CTX *context;
	struct tls_trust trust;

	struct endpoint manager; /* of the current attempt */
	char manager_text[ENDPOINT_TEXT_SIZE]; /* empty: none yet */
};

static void registration_done(struct registration *run)
{
	keystore_close(&run->store);
	agent_key_wipe(&run->old_key);
	agent_key_wipe(&run->new_key);
	secret_wipe(&run->password);
	free(run->groups);
	SSL_CTX_free(run->context);
}

/* ------------------------------------------------------------------ telling */

static const char *method_name(const struct registration *run)
{
	const struct method *method = method_get(run->config->manager.method);

	return method ? method->name : NULL;
}

/* The fields that every entry about this run carries; valid until the next call. */
static const struct log_field *fields_of(const struct registration *run, const struct agent_key *key,
					 enum outcome outcome)
{
	static struct log_field fields[7];
	static char attempt[24];

	(void)snprintf(attempt, sizeof attempt, "%" PRIu64, run->state.attempts);
	fields[0] = (struct log_field){ "OUTCOME", outcome_policy(outcome)->name };
	fields[1] = (struct log_field){ "AGENT_NAME", key ? key->name : run->name[0] ? run->name : NULL };
	fields[2] = (struct log_field){ "AGENT_ID", key ? key->id : NULL };
	fields[3] = (struct log_field){ "MANAGER", run->manager_text[0] ? run->manager_text : NULL };
	fields[4] = (struct log_field){ "METHOD", method_name(run) };
	fields[5] = (struct log_field){ "ATTEMPT", run->state.attempts ? attempt : NULL };
	return fields;
}

static void save_state(const struct registration *run)
{
	struct reason why = { 0 };

	if (state_save(&run->state, run->state_directory, &why) < 0)
		log_warning("%s; going on without", why.text);
}

/* The one log line of a failure. Returns the exit status it means as the last word of a run. */
static int fail(struct registration *run, int outcome, const struct reason *why)
{
	const struct outcome_policy *policy;

	if (outcome == -ECANCELED)
		return -ECANCELED;
	if (outcome < 0) {
		log_error("%s", why->text);
		notify_status("%s", why->text);
		return EXIT_LOCAL_ERROR;
	}
	policy = outcome_policy(outcome);
	log_event(policy->level, policy->message_id, fields_of(run, NULL, outcome), "%s", why->text);
	notify_status("%s", why->text);

	(void)snprintf(run->state.last_outcome, sizeof run->state.last_outcome, "%s", policy->name);
	(void)snprintf(run->state.last_error, sizeof run->state.last_error, "%s", why->text);
	(void)snprintf(run->state.last_manager, sizeof run->state.last_manager, "%s", run->manager_text);
	run->state.last_at = (uint64_t)time(NULL);
	save_state(run);
	return policy->exit_code;
}

/* ------------------------------------------------------------------ the verdict: is there anything to do? */

static int already_registered(struct registration *run)
{
	const struct agent_key *key = &run->old_key;

	log_event(LOG_INFO, MESSAGE_ALREADY_REGISTERED, fields_of(run, key, OUTCOME_REGISTERED),
		  "Already registered as %s (id %s); nothing to do", key->name, key->id);
	notify_ready("Registered as %s (id %s)", key->name, key->id);
	return 0;
}

static void tell_unconfigured(void)
{
	log_event(LOG_NOTICE, MESSAGE_UNCONFIGURED, NULL,
		  "No manager is configured, nothing to do: write address = HOST under [manager] into "
		  SYSCONFDIR "/agent-register/agent-register.conf and start agent-register again");
}

static int unconfigured(void)
{
	tell_unconfigured();
	notify_ready("No manager is configured");
	return 0;
}

/* Look at the key file. Returns an exit status when that ends the run, or -EAGAIN to go on. */
static int look_at_key(struct registration *run)
{
	struct reason why = { 0 };
	int found = keystore_read(&run->store, &run->old_key, &why);

	if (found < 0)
		return fail(run, OUTCOME_UNSTORABLE, &why);
	run->found = (enum keystore_state)found;
	if (found == KEYSTORE_KEY && !run->force)
		return already_registered(run);
	return -EAGAIN;
}

/* ------------------------------------------------------------------ preparing */

static int join_groups(struct registration *run, struct reason *why)
{
	const struct string_list *groups = &run->config->agent.groups;
	size_t length;
	FILE *stream;

	if (groups->count == 0)
		return 0;
	stream = open_memstream(&run->groups, &length);
	if (!stream)
		return reason_errno(why, errno, "Cannot list the groups");
	for (size_t i = 0; i < groups->count; i++)
		(void)fprintf(stream, "%s%s", i ? "," : "", groups->items[i]);
	return fclose(stream) == 0 ? 0 : reason_errno(why, errno, "Cannot list the groups");
}

static int prepare_tls(struct registration *run, struct reason *why)
{
	const struct config *config = run->config;
	const struct tls_settings settings = {
		.ca_file = config->tls.ca_file,
		.certificate_file = config->tls.certificate_file,
		.private_key_file = config->tls.private_key_file,
		.min_version = config->tls.min_version,
		.ciphers = config->tls.ciphers,
		.ciphersuites = config->tls.ciphersuites,
	};

	run->trust = (struct tls_trust){
		.verify = config->tls.verify,
		.ca_file = config->tls.ca_file,
		.pins = &config->tls.pin,
		.verify_name = config->tls.verify_name,
	};
	return tls_context_new(&run->context, &settings, why);
}

static int prepare_password(struct registration *run, struct reason *why)
{
	const char *path = run->config->auth.password_file;
	int r = path ? secret_read(&run->password, "password", path, why) : 0;

	if (r == 0 && path && secret_file_is_exposed(path))
		log_warning("The password file %s can be read by everybody on this machine; chmod 0600 mends that", path);
	return r;
}

/* Everything that must be right before a manager is troubled. */
static int prepare(struct registration *run, struct reason *why)
{
	int r = config_check(run->config, why);

	if (r < 0)
		return OUTCOME_MISCONFIGURED;
	r = identity_name(run->name, run->config->agent.name, why);
	if (r != OUTCOME_OK)
		return r;
	if (prepare_tls(run, why) < 0 || prepare_password(run, why) < 0)
		return OUTCOME_MISCONFIGURED;
	if (run->found == KEYSTORE_KEY && agent_key_hash(run->old_key_hash, &run->old_key) < 0)
		return reason_errno(why, EIO, "Cannot hash the old key");
	return join_groups(run, why);
}

/* ------------------------------------------------------------------ staging */

static void waiting_for_lock(pid_t holder)
{
	log_info("Another agent-register (pid %d) is at work on the key file; waiting for it", (int)holder);
	notify_status("Waiting for another agent-register (pid %d)", (int)holder);
}

/* Lock, look again (the other one may have registered us), and make sure that a key can be stored. */
static int stage(struct registration *run)
{
	struct deadline deadline = { monotonic_usec() + run->config->retry.budget, run->stop_fd };
	struct reason why = { 0 };
	int r = keystore_lock(&run->store, &deadline, waiting_for_lock, &why);

	if (r == -ETIMEDOUT)
		return fail(run, OUTCOME_UNREADY, &why);
	if (r == -ECANCELED)
		return r;
	if (r < 0)
		return fail(run, OUTCOME_UNSTORABLE, &why);
	r = look_at_key(run);
	if (r != -EAGAIN)
		return r;
	r = keystore_stage(&run->store, &why);
	return r < 0 ? fail(run, OUTCOME_UNSTORABLE, &why) : -EAGAIN;
}

/* ------------------------------------------------------------------ asking */

static int show_progress(enum attempt_step step, void *user)
{
	static const char *const texts[] = {
		[STEP_CONNECTING] = "Connecting to %s",
		[STEP_VERIFYING] = "Verifying %s",
		[STEP_SENDING] = "Sending the request to %s",
		[STEP_WAITING] = "Waiting for the answer of %s",
	};
	const struct registration *run = user;
	char text[ENDPOINT_TEXT_SIZE + 40];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	(void)snprintf(text, sizeof text, texts[step], run->manager_text);
#pragma GCC diagnostic pop
	log_debug("%s", text);
	notify_status("%s", text);
	return 0;
}

/* Ask one manager once. */
static int attempt(struct registration *run, struct attempt_report *report)
{
	const struct config *config = run->config;
	struct deadline stop = { USEC_INFINITY, run->stop_fd };
	struct deadline deadline = deadline_in(config->manager.attempt_timeout, &stop);
	const struct attempt attempt = {
		.manager = &run->manager,
		.name = run->name,
		.groups = run->groups,
		.ip = config->agent.ip,
		.version = config->agent.version,
		.key_hash = run->old_key_hash[0] ? run->old_key_hash : NULL,
		.password = run->password.text,
		.context = run->context,
		.trust = &run->trust,
		.connect_timeout = config->manager.connect_timeout,
		.deadline = &deadline,
		.progress = show_progress,
		.user = run,
	};
	int r;

	run->state.attempts++;
	if (!config->tls.verify)
		log_event(LOG_WARNING, MESSAGE_UNVERIFIED, fields_of(run, NULL, OUTCOME_UNTRUSTED),
			  "verify = no: %s is not verified; whoever answers there gets the password and gives the key",
			  run->manager_text);
	log_info("Asking %s for a key as %s", run->manager_text, run->name);
	r = method_get(config->manager.method)->run(&attempt, &run->new_key, report);
	if (report->warning.text[0])
		log_warning("%s", report->warning.text);
	return r;
}

/* Ask the managers in their order until one gives a key. Returns -EAGAIN with a key, or the exit status. */
static int ask_managers(struct registration *run)
{
	const struct config *config = run->config;
	int status = EXIT_LOCAL_ERROR;

	for (size_t i = 0; i < config->manager.address.count; i++) {
		struct attempt_report report = { 0 };
		int r;

		if (endpoint_parse(&run->manager, config->manager.address.items[i], config->manager.port) < 0)
			continue; /* the configuration has checked it */
		endpoint_text(&run->manager, run->manager_text);
		r = attempt(run, &report);
		if (r == OUTCOME_REGISTERED)
			return -EAGAIN;
		status = fail(run, r, &report.why);
		if (r < 0 || r == OUTCOME_MISCONFIGURED)
			break;
	}
	return status;
}

/* ------------------------------------------------------------------ storing and announcing */

static void announce(const struct registration *run)
{
	const struct agent_key *key = &run->new_key;

	log_event(LOG_INFO, MESSAGE_REGISTERED, fields_of(run, key, OUTCOME_REGISTERED),
		  "Registered as %s (id %s) with %s; the key is in %s", key->name, key->id, run->manager_text,
		  run->store.path);
	if (strcmp(key->name, run->name) != 0)
		log_event(LOG_WARNING, MESSAGE_RENAMED, fields_of(run, key, OUTCOME_REGISTERED),
			  "%s knows this agent as %s, not as %s as asked: the name was probably taken", run->manager_text,
			  key->name, run->name);
	if (run->found == KEYSTORE_TORN)
		log_event(LOG_WARNING, MESSAGE_TORN, fields_of(run, key, OUTCOME_REGISTERED),
			  "What was in %s before was no usable key; it is kept as %s.torn", run->store.path,
			  run->store.path);
	if (!agent_key_is_usual(key))
		log_warning("The key of %s is not the usual 64 hexadecimal digits; stored as it came", run->manager_text);
}

static void remember_success(struct registration *run)
{
	run->state = (struct state){ .registered_at = (uint64_t)time(NULL) };
	(void)snprintf(run->state.agent_id, sizeof run->state.agent_id, "%s", run->new_key.id);
	(void)snprintf(run->state.agent_name, sizeof run->state.agent_name, "%s", run->new_key.name);
	(void)snprintf(run->state.manager, sizeof run->state.manager, "%s", run->manager_text);
	(void)snprintf(run->state.method, sizeof run->state.method, "%s", method_name(run));
	save_state(run);
}

static int commit(struct registration *run)
{
	static const char *const asides[] = { [KEYSTORE_MISSING] = NULL, [KEYSTORE_TORN] = "torn", [KEYSTORE_KEY] = "old" };
	struct reason why = { 0 };
	int r = keystore_commit(&run->store, &run->new_key, asides[run->found], &why);

	if (r < 0)
		return fail(run, OUTCOME_UNSTORABLE, &why);
	if (r > 0)
		log_warning("%s", why.text);
	announce(run);
	remember_success(run);
	notify_ready("Registered as %s (id %s)", run->new_key.name, run->new_key.id);
	return 0;
}

/* ------------------------------------------------------------------ the story */

static int tell_story(struct registration *run)
{
	struct reason why = { 0 };
	int r = look_at_key(run);

	if (r != -EAGAIN)
		return r;
	if (!config_names_a_manager(run->config))
		return unconfigured();
	r = prepare(run, &why);
	if (r != OUTCOME_OK)
		return fail(run, r, &why);
	r = stage(run);
	if (r != -EAGAIN)
		return r;
	r = ask_managers(run);
	if (r != -EAGAIN)
		return r;
	return commit(run);
}

int register_agent(const struct config *config, const char *state_directory, bool force, int stop_fd)
{
	cleanup(registration_done) struct registration run = {
		.config = config,
		.state_directory = state_directory,
		.force = force,
		.stop_fd = stop_fd,
	};
	struct reason why = { 0 };
	int r = keystore_open(&run.store, config->agent.directory, config->agent.keys_file, config->agent.group, &why);

	if (r < 0)
		return fail(&run, r, &why);
	state_load(&run.state, state_directory);
	return tell_story(&run);
}

bool register_has_work(const struct config *config)
{
	cleanup(keystore_close) struct keystore store = KEYSTORE_NULL;
	cleanup(agent_key_wipe) struct agent_key key = { 0 };

	if (config_names_a_manager(config) ||
	    keystore_open(&store, config->agent.directory, config->agent.keys_file, NULL, NULL) < 0 ||
	    keystore_read(&store, &key, NULL) != KEYSTORE_MISSING)
		return true;
	tell_unconfigured();
	return false;
}
