/* SPDX-License-Identifier: ISC */
/* The command `status`: as what is this machine registered, and what comes next? */
#include "client/commands/options.h"
#include "common/json-text.h"

#include "client/agent-files/keystore.h"
#include "client/agent-files/manager-guard.h"
#include "client/registration/agents-file.h"
#include "client/registration/binding.h"
#include "client/registration/policy.h"
#include "client/registration/state.h"
#include "common/cleanup.h"
#include "common/log.h"
#include "common/terminal.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#define LABEL_WIDTH 13
#define EXIT_NOT_REGISTERED 3 /* what LSB init scripts say of a service that is not there */

/* What the command shows. */
struct status {
	bool registered;
	struct agent_key key; /* if registered */
	const char *path;
	const char *link_target; /* if the key file is a symbolic link; null: it is none */
	struct reason problem;   /* with the key file */
	struct state state;
	enum binding binding;
	struct reason changes; /* of this machine since the key was made; empty: none */
	bool configured;
	const char *config_problem;       /* null: none */
	struct agents_file_doubts doubts; /* if registered */
	uint64_t next_attempt;            /* seconds since 1970; 0: none is planned */
};

static const char *clone_answer(const struct status *status)
{
	static const char *const answers[] = {
		[BINDING_NONE] = "unknown",
		[BINDING_OURS] = "no",
		[BINDING_CHANGED] = "no",
		[BINDING_OTHER] = "yes",
	};

	return status->registered ? answers[status->binding] : "no";
}

/* What the state knows of a registration counts only for the key it was written for. */
static bool knows_origin(const struct status *status)
{
	return status->registered && binding_knows(&status->state, &status->key) &&
	       status->state.registration.method[0];
}

static uint64_t next_attempt(const struct state *state)
{
	uint64_t next = 0;

	for (size_t i = 0; i < state->attempts.manager_count; i++)
		if (state->attempts.managers[i].outcome[0] &&
		    (next == 0 || state->attempts.managers[i].next_at < next))
			next = state->attempts.managers[i].next_at;
	next /= USEC_PER_SEC;
	return next > (uint64_t)time(NULL) ? next : 0;
}

/* ------------------------------------------------------------------ for people */

static void print_text(const char *label, const char *text)
{
	if (*text)
		terminal_print_row(terminal_stdout(), TERMINAL_NO_MARK, label, LABEL_WIDTH, "%s",
				   text);
}

static void print_time(const char *label, uint64_t seconds)
{
	time_t when = (time_t)seconds;
	struct tm broken_down;
	char text[64];

	if (seconds && localtime_r(&when, &broken_down) &&
	    strftime(text, sizeof text, "%F %T %Z", &broken_down) > 0)
		print_text(label, text);
}

static void print_key_file(const struct status *status)
{
	print_text("key file", status->path);
	print_text("links to", status->link_target ?: "");
}

/* The text is below the others, behind a mark that they do not have. */
static void print_failure(const char *label, const char *text)
{
	const struct terminal *terminal = terminal_stdout();

	terminal_print_row(terminal, TERMINAL_FAIL, label,
			   LABEL_WIDTH - terminal_mark_width(terminal, TERMINAL_FAIL), "%s", text);
}

static void print_missing_groups(const char *names)
{
	if (*names)
		terminal_print_row(terminal_stdout(), TERMINAL_NO_MARK, "groups", LABEL_WIDTH,
				   "default instead of %s, which the manager does not have", names);
}

static void print_registration(const struct status *status)
{
	const struct agents_file_doubts *doubts = &status->doubts;

	print_text("registered", "yes");
	print_text("name", status->key.name);
	print_text("id", status->key.id);
	print_text("address", status->key.ip);
	print_key_file(status);
	if (status->binding == BINDING_OTHER)
		print_text("clone",
			   "yes: the key was made on another machine, of which this one is a copy");
	print_text("changed", status->changes.text);
	if (knows_origin(status)) {
		print_missing_groups(status->state.registration.missing_groups);
		print_text("manager", status->state.registration.manager);
		print_text("method", status->state.registration.method);
		print_time("since", status->state.registration.registered_at);
	} else {
		print_text("origin", "made by another tool");
	}
	print_text("note", doubts->manager.text);
	print_text("note", doubts->another.text);
	print_text("note", doubts->identity.text);
}

static void print_status(const struct status *status)
{
	const struct state *state = &status->state;

	if (status->registered) {
		print_registration(status);
	} else {
		print_text("registered", "no");
		print_key_file(status);
		print_text("problem", status->problem.text);
	}
	if (status->config_problem)
		print_failure("config", status->config_problem);
	else if (!status->registered && !status->configured)
		print_text("config", CONFIG_NO_MANAGER);
	print_text("last outcome", state->attempts.last.outcome);
	print_text("last error", state->attempts.last.error);
	print_time("last try", state->attempts.last.at);
	if (state->attempts.count)
		terminal_print_row(terminal_stdout(), TERMINAL_NO_MARK, "attempts", LABEL_WIDTH,
				   "%" PRIu64, state->attempts.count);
	print_time("next attempt", status->next_attempt);
}

/* ------------------------------------------------------------------ for programs */

/* The schema is in agent-register(8) and stable: members are added, never changed. */
static void json_text(const char *name, const char *text)
{
	print_json_member(name, *text ? text : NULL);
}

static void json_time(const char *name, uint64_t seconds)
{
	time_t when = (time_t)seconds;
	struct tm broken_down;
	char text[32] = "";

	if (seconds && gmtime_r(&when, &broken_down))
		(void)strftime(text, sizeof text, "%FT%TZ", &broken_down);
	json_text(name, text);
}

/* An array of those that are not empty. */
static void json_texts(const char *name, const char *const *texts, size_t count)
{
	const char *before = "";

	printf("\"%s\":[", name);
	for (size_t i = 0; i < count; i++) {
		if (!*texts[i])
			continue;
		printf("%s", before);
		print_json_text(texts[i]);
		before = ",";
	}
	putchar(']');
}

static void json_status(const struct status *status)
{
	const struct state *state = &status->state;
	const struct agents_file_doubts *doubts = &status->doubts;
	const char *const notes[] = { doubts->manager.text, doubts->another.text,
				      doubts->identity.text };
	bool known = knows_origin(status);

	printf("{\"registered\":%s,", status->registered ? "true" : "false");
	json_text("name", status->registered ? status->key.name : "");
	putchar(',');
	json_text("id", status->registered ? status->key.id : "");
	putchar(',');
	json_text("address", status->registered ? status->key.ip : "");
	putchar(',');
	json_text("key_file", status->path);
	putchar(',');
	json_text("key_file_target", status->link_target ?: "");
	putchar(',');
	json_text("problem", status->problem.text);
	printf(",\"configured\":%s,", status->configured ? "true" : "false");
	json_text("clone", clone_answer(status));
	putchar(',');
	json_text("changed", status->changes.text);
	putchar(',');
	json_text("manager", known ? state->registration.manager : "");
	putchar(',');
	json_text("method", known ? state->registration.method : "");
	putchar(',');
	json_text("missing_groups", known ? state->registration.missing_groups : "");
	putchar(',');
	json_time("since", known ? state->registration.registered_at : 0);
	printf(",\"attempts\":%" PRIu64 ",", state->attempts.count);
	json_text("last_outcome", state->attempts.last.outcome);
	putchar(',');
	json_text("last_error", state->attempts.last.error);
	putchar(',');
	json_text("last_manager", state->attempts.last.manager);
	putchar(',');
	json_time("last_attempt", state->attempts.last.at);
	putchar(',');
	json_time("next_attempt", status->next_attempt);
	putchar(',');
	json_texts("notes", notes, sizeof notes / sizeof notes[0]);
	putchar(',');
	json_text("config_problem", status->config_problem ?: "");
	printf("}\n");
}

/* ------------------------------------------------------------------ the command */

/* The key of this machine; a manager has none, whatever its file says of its agents. */
static int find_key(struct status *status, const struct config *config,
		    const struct keystore *store)
{
	struct reason seen = { 0 };
	int r = manager_guard_detect(config->agent.directory, store->path, &seen);

	if (r == 0)
		return keystore_read(store, &status->key, &status->problem);
	reason_set(&status->problem, "%s%s", r > 0 ? "This machine is a manager: " : "", seen.text);
	return r < 0 ? r : KEYSTORE_MISSING;
}

/* A key of which the state knows nothing may be of any manager. */
static void look_at_agents_file(struct status *status, const struct config *config)
{
	const struct state_registration *known = &status->state.registration;
	bool is_known = binding_knows(&status->state, &status->key);

	if (status->configured)
		status->doubts = agents_file_look(config, is_known ? known->manager : "");
}

int command_status(struct program *program)
{
	const struct config *config = &program->config;
	cleanup(keystore_close) struct keystore store = KEYSTORE_NULL;
	cleanup_free char *target = NULL;
	struct reason why = { 0 };
	struct status status = {
		.configured = config_has_work(config),
		.config_problem = program->config_problem,
	};
	int found = keystore_open(&store, config->agent.directory, config->agent.keys_file, NULL,
				  &status.problem);

	if (found >= 0)
		found = find_key(&status, config, &store);
	if (found < 0 && (!program->options->json || !store.path)) {
		log_error("%s", status.problem.text);
		return EXIT_LOCAL_ERROR;
	}
	status.path = store.path;
	status.link_target = target = keystore_link_target(&store);
	status.registered = found == KEYSTORE_KEY;
	if (state_load(&status.state, program->options->state_directory, &why) < 0)
		log_warning("%s", why.text);
	if (status.registered) {
		status.binding = binding_of(&status.state, &status.key, &status.changes);
		look_at_agents_file(&status, config);
	}
	status.next_attempt = next_attempt(&status.state);
	if (program->options->json)
		json_status(&status);
	else
		print_status(&status);
	agent_key_wipe(&status.key);
	if (found < 0)
		return EXIT_LOCAL_ERROR;
	if (status.config_problem)
		return outcome_exit_code(OUTCOME_MISCONFIGURED);
	return status.registered ? 0 : EXIT_NOT_REGISTERED;
}
