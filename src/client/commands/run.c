/* SPDX-License-Identifier: ISC */
/* The command `run`: what the unit calls. */
#include "client/commands/options.h"

#include "client/registration/register.h"
#include "common/secret.h"

int command_run(struct program *program)
{
	secret_protect_process();
	return register_agent(&program->config, program->options->state_directory,
			      program->options->force, program->stop_fd, NULL);
}
