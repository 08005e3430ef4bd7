/* SPDX-License-Identifier: ISC */
/*
 * The command `trust`: request the manager's CA certificates again, and store them for an agent
 * that has its key.
 */
#include "client/commands/options.h"

#include "client/agent-files/key-files.h"
#include "client/agent-files/manager-guard.h"
#include "client/conversation/conversation.h"
#include "client/registration/own-secret.h"
#include "client/registration/policy.h"
#include "client/registration/state.h"
#include "common/cleanup.h"
#include "common/log.h"
#include "common/must-check.h"
#include "common/secret.h"
#include "common/shortage.h"
#include "common/terminal.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#define STORED_CA "the CA that is stored for the agent"

struct renewal {
	struct program *program;
	struct key_files files;
	struct own_secret own; /* what is known of the manager beside the configuration */
	struct access access;
	struct ca_bundle old, new;
	char *pem;               /* of the new ones */
	bool is_by_stored;       /* the stored CA is what the manager is verified by */
	struct endpoint manager; /* that has handed out the new ones */
};

static void close_renewal(struct renewal *renewal)
{
	access_close(&renewal->access);
	own_secret_close(&renewal->own);
	key_files_close(&renewal->files);
	ca_bundle_clear(&renewal->old);
	ca_bundle_clear(&renewal->new);
	free(renewal->pem);
}

/* Returns the exit status, having said why, or -ECANCELED. */
static int fail(enum outcome otherwise, int error, const struct reason *why)
{
	if (error == -ECANCELED)
		return error;
	log_error("%s", why->text);
	return outcome_exit_code(outcome_unless_short(otherwise, error));
}

/* ------------------------------------------------------------------ what is there */

/* The token is gone once it was used, if forget_secret or the agent has deleted it. */
static bool has_token(const struct config *config)
{
	const char *path = config->auth.token_file;

	return path && (access(path, F_OK) == 0 || errno != ENOENT);
}

/* The manager that the token has named is known still. */
static int open_access(struct renewal *renewal, struct reason *why)
{
	struct own_secret *own = &renewal->own;
	struct reason problem = { 0 };
	struct state state;
	int r = state_load(&state, renewal->program->options->state_directory, why);

	if (r == 0)
		r = own_secret_find(own, &renewal->files.reenroll, &state, &problem, why);
	if (r < 0)
		return r;
	return access_open_known(&renewal->access, &renewal->program->config,
				 own->secret.text[0] ? &own->known : NULL, why);
}

/* Without anything else to verify the manager by, the CA counts that the agent verifies it by. */
static int trust_stored(struct renewal *renewal, struct reason *why)
{
	struct config *config = &renewal->program->config;
	const struct config_key *key = config_key_at(config, &config->tls.ca_file);

	if (!config->tls.verify || config->tls.ca_file || config->tls.pin.count > 0 ||
	    has_token(config) || ca_bundle_count(&renewal->old) == 0)
		return 0;
	renewal->is_by_stored = true;
	return config_set_inherited(config, key, renewal->files.reenroll.anchor_path, STORED_CA,
				    why);
}

static int check_settings(const struct config *config, struct reason *why)
{
	if (config->manager.method != METHOD_ENROLL) {
		reason_set(why, "Only managers of Wazuh 5 hand out their CA: set method = enroll "
				"in [manager]");
		return -EINVAL;
	}
	if (!config_has_work(config)) {
		reason_set(why, "No manager is configured: write address = HOST under [manager], "
				"or set token_file in [auth]");
		return -EINVAL;
	}
	if (!config->tls.verify) {
		reason_set(why, "verify = no in [tls]: a manager that is not verified has no CA "
				"to be trusted; set ca_file, pin or token_file instead");
		return -EINVAL;
	}
	return config_check(config, why);
}

static int open_files(struct renewal *renewal, struct reason *why)
{
	const struct config *config = &renewal->program->config;
	int r = key_files_open(&renewal->files, config->agent.directory, config->agent.keys_file,
			       config->agent.group, why);

	if (r >= 0)
		r = manager_guard_check(config->agent.directory, renewal->files.store.path, why);
	return r;
}

/* The new file is made first, as for a key: what cannot be stored is not asked for. */
static int stage(struct renewal *renewal, struct reason *why)
{
	struct deadline at_once = { 0, renewal->program->stop_fd };
	struct key_files *files = &renewal->files;
	gid_t group;
	int r = keystore_lock(&files->store, &at_once, NULL, why);

	if (r >= 0)
		r = keystore_group(&files->store, &group, why);
	return r < 0 ? r : reenroll_files_stage_anchor(&files->reenroll, group, why);
}

/* ------------------------------------------------------------------ at the managers */

static int show_progress(enum attempt_step step, void *user)
{
	(void)user;
	if (step == STEP_CONNECTING)
		log_debug("Connecting");
	else if (step == STEP_VERIFYING)
		log_debug("Verifying the manager");
	return 0;
}

/* The process that talks to a manager proves nothing to it but by our certificate. */
static int prepare_process(struct attempt *attempt, struct reason *why)
{
	struct renewal *renewal = attempt->user;
	struct access *access = &renewal->access;
	int r = access_load_tls(access, why);

	reenroll_secret_wipe(&renewal->own.secret);
	explicit_bzero(access->token.secret, sizeof access->token.secret);
	secret_wipe(&access->password);
	attempt->password = NULL;
	if (r < 0)
		return outcome_unless_short(OUTCOME_MISCONFIGURED, r);
	attempt->connection.context = renewal->access.context;
	return OUTCOME_OK;
}

static int ask(struct renewal *renewal, const struct endpoint *manager, struct reason *why)
{
	const struct config *config = &renewal->program->config;
	struct deadline stop = { USEC_INFINITY, renewal->program->stop_fd };
	struct deadline deadline = deadline_in(config->manager.attempt_timeout, &stop);
	struct attempt attempt = access_attempt(&renewal->access, manager, &deadline);
	struct attempt_report report = { 0 };
	int r;

	attempt.progress = show_progress;
	attempt.user = renewal;
	r = conversation_renew_trust(renewal->access.method, &attempt, prepare_process, &report);
	if (report.warning.text[0])
		log_warning("%s", report.warning.text);
	*why = report.why;
	renewal->pem = report.anchor;
	renewal->manager = *manager;
	return r;
}

/* Of a cluster, one node may not have the latest yet; who asks by pin knows what he wants. */
static int check_generation(const struct renewal *renewal, struct reason *why)
{
	uint64_t old = renewal->old.generation, new = renewal->new.generation;
	char manager[ENDPOINT_TEXT_SIZE];

	if (!renewal->is_by_stored || new == 0 || new >= old)
		return OUTCOME_OK;
	reason_set(why,
		   "%s hands out CA certificates of the generation %" PRIu64
		   ", which is older than %" PRIu64 ", which is stored: it may be a node of a "
		   "cluster that lags behind; try again later",
		   endpoint_text(&renewal->manager, manager), new, old);
	return OUTCOME_BUSY;
}

/* Returns 0, -ECANCELED, or the exit status, having said why. */
static int ask_managers(struct renewal *renewal)
{
	int r = OUTCOME_UNREACHABLE;
	struct endpoint manager;

	for (size_t i = 0; access_manager_at(&renewal->access, i, &manager); i++) {
		struct reason why = { 0 };

		r = ask(renewal, &manager, &why);
		if (r == OUTCOME_OK &&
		    ca_bundle_read(&renewal->new, renewal->pem, strlen(renewal->pem)) < 0)
			r = reason_errno(&why, ENOMEM, "Cannot read the manager's CA");
		if (r == OUTCOME_OK)
			r = check_generation(renewal, &why);
		if (r == OUTCOME_OK || r == -ECANCELED)
			return r;
		ca_bundle_clear(&renewal->new);
		free(renewal->pem);
		renewal->pem = NULL;
		log_error("%s", why.text);
	}
	return outcome_exit_code(r);
}

/* ------------------------------------------------------------------ the result */

static bool is_same(const struct ca_bundle *one, const struct ca_bundle *other)
{
	for (size_t i = 0; i < ca_bundle_count(one); i++)
		if (!ca_bundle_has(other, ca_bundle_at(one, i)))
			return false;
	return true;
}

/* What is in one of them, and in the other as well, or not. */
static void print_part(const char *label, const struct ca_bundle *one,
		       const struct ca_bundle *other, bool in_both)
{
	char text[CA_TEXT_SIZE];

	for (size_t i = 0; i < ca_bundle_count(one); i++) {
		if (ca_bundle_has(other, ca_bundle_at(one, i)) != in_both)
			continue;
		ca_describe(ca_bundle_at(one, i), text);
		terminal_print_row(terminal_stdout(), TERMINAL_NO_MARK, label, 9, "%s", text);
	}
}

static void print_change(const struct renewal *renewal)
{
	const struct ca_bundle *old = &renewal->old, *new = &renewal->new;
	char manager[ENDPOINT_TEXT_SIZE], generation[48] = "";

	if (new->generation > 0)
		(void)snprintf(generation, sizeof generation, " (generation %" PRIu64 ")",
			       new->generation);
	terminal_print_sentence(terminal_stdout(), "The CA certificates of %s%s:",
				endpoint_text(&renewal->manager, manager), generation);
	print_part("new", new, old, false);
	print_part("kept", new, old, true);
	print_part("removed", old, new, false);
}

/*
 * What was believed because of the stored CA is ours as far as that was: the agent's group can have
 * written it, and the CA that it names must not get from the state what root alone may say.
 */
static bool is_vouched_for(const struct renewal *renewal, const struct state *state)
{
	const struct pem_file *ca = &renewal->access.ca;
	char mark[REENROLL_FILES_MARK_SIZE];

	if (!renewal->is_by_stored)
		return true;
	reenroll_files_mark_anchor(mark, ca->bytes, ca->length);
	return strcmp(mark, state->stored_ca) == 0;
}

/* As in a registration: saved before it is stored, so that it is known for ours. */
static void note_stored(struct state *state, const struct program *program, const char *pem)
{
	struct reason why = { 0 };

	reenroll_files_mark_anchor(state->stored_ca, pem, strlen(pem));
	if (state_save(state, program->options->state_directory, &why) < 0)
		log_warning("%s; going on without", why.text);
}

static int store(struct renewal *renewal)
{
	const struct program *program = renewal->program;
	struct reenroll_files *files = &renewal->files.reenroll;
	char before[REENROLL_FILES_MARK_SIZE];
	struct reason why = { 0 };
	struct state state;
	bool is_ours;
	int r = state_load(&state, program->options->state_directory, &why);

	if (r < 0)
		return fail(OUTCOME_STORAGE_ERROR, r, &why);
	memcpy(before, state.stored_ca, sizeof before);
	is_ours = is_vouched_for(renewal, &state);
	if (is_ours)
		note_stored(&state, program, renewal->pem);
	r = reenroll_files_replace_anchor(files, renewal->pem, &why);
	if (r < 0 && is_ours) {
		memcpy(state.stored_ca, before, sizeof before);
		ignore_result(state_save(&state, program->options->state_directory, NULL));
	}
	if (r < 0)
		return fail(OUTCOME_STORAGE_ERROR, r, &why);
	if (r > 0)
		log_warning("%s", why.text);
	print_change(renewal);
	terminal_print_sentence(terminal_stdout(), "Stored in %s.", files->anchor_path);
	return 0;
}

static int finish(struct renewal *renewal)
{
	const struct ca_bundle *old = &renewal->old, *new = &renewal->new;
	bool is_newer = new->generation > old->generation; /* an older node is known by that */

	if (is_newer || !is_same(old, new) || !is_same(new, old))
		return store(renewal);
	print_change(renewal);
	terminal_print_sentence(terminal_stdout(), "Nothing changed: %s holds them already.",
				renewal->files.reenroll.anchor_path);
	return 0;
}

/* ------------------------------------------------------------------ the command */

static int open_all(struct renewal *renewal, struct reason *why)
{
	const struct config *config = &renewal->program->config;
	struct reason unreadable = { 0 };
	int r = open_files(renewal, why);

	if (r < 0)
		return r;
	r = reenroll_files_parse_anchor(&renewal->files.reenroll, &renewal->old, &unreadable);
	if (is_shortage(r)) {
		*why = unreadable;
		return r;
	}
	if (r < 0) /* such as a link: staging says what it is */
		log_debug("%s", unreadable.text);
	r = trust_stored(renewal, why);
	if (r >= 0)
		r = check_settings(config, why);
	return r < 0 ? r : open_access(renewal, why);
}

/* Nothing else of the machine is touched, and nothing else is requested. */

int command_trust(struct program *program)
{
	cleanup(close_renewal) struct renewal renewal = { .program = program,
							  .files = KEY_FILES_NULL };
	struct reason why = { 0 };
	int r;

	secret_protect_process();
	r = open_all(&renewal, &why);
	if (r < 0)
		return fail(OUTCOME_MISCONFIGURED, r, &why);
	r = stage(&renewal, &why);
	if (r < 0)
		return fail(OUTCOME_STORAGE_ERROR, r, &why);
	r = ask_managers(&renewal);
	return r == OUTCOME_OK && renewal.pem ? finish(&renewal) : r;
}
