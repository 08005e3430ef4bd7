/* SPDX-License-Identifier: ISC */
/* The commands `run` and `is-configured`: what the unit calls. */
#include "register/options.h"

#include "common/secret.h"
#include "register/register.h"

int command_run(struct program *program)
{
	secret_protect_process();
	return register_agent(&program->config, program->options->state_directory, program->options->force,
			      program->stop_fd);
}

int command_is_configured(struct program *program)
{
	return config_credential_is_waiting() || register_has_work(&program->config) ? 0 : 1;
}
