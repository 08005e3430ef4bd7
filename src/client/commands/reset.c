/* SPDX-License-Identifier: ISC */
/* The command `reset`: make a machine ready to become an image. */
#include "client/commands/erase.h"

#include "client/registration/policy.h"
#include "common/cleanup.h"
#include "common/log.h"
#include "common/terminal.h"

#include <errno.h>

int command_reset(struct program *program)
{
	const struct config *config = &program->config;
	cleanup(keystore_close) struct keystore store = KEYSTORE_NULL;
	struct deadline at_once = { 0, program->stop_fd };
	struct reason why = { 0 };
	int r = keystore_open(&store, config->agent.directory, config->agent.keys_file, NULL, &why);

	store.may_write_in_place = config->agent.keys_in_place;
	if (r >= 0)
		r = forget_check(program, &store);
	if (r == 0)
		r = forget_confirm(program, &store,
				   "The manager keeps its entry; remove it there "
				   "if this identity is no longer needed.");
	if (r > 0)
		return r;
	if (r == 0)
		r = keystore_lock(&store, &at_once, NULL, &why);
	if (r == 0)
		r = forget_all(program, &store, &why);
	if (r == -ECANCELED)
		return r;
	if (r < 0) {
		log_error("%s", why.text);
		return outcome_exit_code(outcome_unless_short(OUTCOME_STORAGE_ERROR, r));
	}
	terminal_print_sentence(terminal_stdout(), "Agent identity removed; the next boot will "
						   "register this machine again.");
	return 0;
}
