/* SPDX-License-Identifier: ISC */
/* The command `status`: as what is this machine registered? */
#include "register/options.h"

#include "common/cleanup.h"
#include "common/log.h"
#include "register/keystore.h"
#include "register/policy.h"
#include "register/state.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#define EXIT_NOT_REGISTERED 3 /* what LSB init scripts say of a service that is not there */

static void print_time(const char *label, uint64_t seconds)
{
	time_t when = (time_t)seconds;
	struct tm broken_down;
	char text[64];

	if (seconds && localtime_r(&when, &broken_down) && strftime(text, sizeof text, "%F %T %Z", &broken_down) > 0)
		printf("%-12s %s\n", label, text);
}

static void print_text(const char *label, const char *text)
{
	if (*text)
		printf("%-12s %s\n", label, text);
}

/* What the state file knows of a registration counts only for the key it was written for. */
static void print_registration(const struct agent_key *key, const struct state *state, const char *path)
{
	printf("registered   yes\n");
	printf("%-12s %s\n", "name", key->name);
	printf("%-12s %s\n", "id", key->id);
	printf("%-12s %s\n", "address", key->ip);
	printf("%-12s %s\n", "key file", path);
	if (strcmp(state->agent_id, key->id) == 0 && strcmp(state->agent_name, key->name) == 0) {
		print_text("manager", state->manager);
		print_text("method", state->method);
		print_time("since", state->registered_at);
	} else {
		printf("%-12s made by another tool\n", "origin");
	}
}

int command_status(struct program *program)
{
	const struct config *config = &program->config;
	cleanup(keystore_close) struct keystore store = KEYSTORE_NULL;
	cleanup(agent_key_wipe) struct agent_key key = { 0 };
	struct reason why = { 0 };
	struct state state;
	int found = keystore_open(&store, config->agent.directory, config->agent.keys_file, NULL, &why);

	if (found >= 0)
		found = keystore_read(&store, &key, &why);
	if (found < 0) {
		log_error("%s", why.text);
		return EXIT_LOCAL_ERROR;
	}
	state_load(&state, program->options->state_directory);
	if (found == KEYSTORE_KEY) {
		print_registration(&key, &state, store.path);
	} else {
		printf("registered   no\n");
		printf("%-12s %s\n", "key file", store.path);
		print_text("problem", why.text);
		if (!config_names_a_manager(config))
			printf("%-12s no manager is configured\n", "config");
	}
	print_text("last outcome", state.last_outcome);
	print_text("last error", state.last_error);
	print_time("last try", state.last_at);
	if (state.attempts)
		printf("%-12s %" PRIu64 "\n", "attempts", state.attempts);
	return found == KEYSTORE_KEY ? 0 : EXIT_NOT_REGISTERED;
}
