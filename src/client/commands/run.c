/* SPDX-License-Identifier: ISC */
/* The command `run`: what the unit calls. */
#include "client/commands/options.h"

#include "client/registration/register.h"
#include "common/secret.h"

int command_run(struct program *program)
{
	secret_protect_process();
	return register_agent(&program->config,
			      &(struct register_how){
				      .state_directory = program->options->state_directory,
				      .force = program->options->force,
				      .stop_fd = program->stop_fd,
				      .watch = &program->watch,
				      .started_at = program->started_at,
				      .is_again = program->is_again,
			      });
}
