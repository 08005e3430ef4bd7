/* SPDX-License-Identifier: ISC */
#include "client/registration/register.h"

#include "client/conversation/conversation.h"
#include "client/registration/check-key.h"
#include "client/registration/finish.h"
#include "client/registration/import-key.h"
#include "client/registration/prepare.h"
#include "client/registration/registration.h"
#include "client/registration/report.h"
#include "client/registration/request.h"
#include "client/system/notify.h"
#include "common/cleanup.h"

#include <stdlib.h>

/* ------------------------------------------------------------------ the order of the steps */

/* A key from a manager, or an imported one. */
static int get_key(struct registration *run)
{
	int r;

	if (run->config->manager.method == METHOD_IMPORT)
		return import_key_from_file(run);
	r = prepare_registration(run);
	return r == CONTINUE ? request_key(run) : r;
}

static int store_key(struct registration *run)
{
	int r;

	notify_hold(USEC_INFINITY);
	r = finish_store(run);
	notify_release();
	return r == CONTINUE ? finish_announce(run) : r;
}

static int run_registration(struct registration *run)
{
	int r = check_existing_key(run);

	if (r == CONTINUE && !config_has_work(run->config))
		return finish_unconfigured();
	if (r == CONTINUE)
		r = get_key(run);
	return r == CONTINUE ? store_key(run) : r;
}

static int run_import(struct registration *run, const struct import *import)
{
	int r = import_key_given(run, import);

	return r == CONTINUE ? store_key(run) : r;
}

/* ------------------------------------------------------------------ a run */

static int open_run(struct registration *run)
{
	const struct config *config = run->config;
	struct reason why = { 0 };
	int r;

	if (key_files_open(&run->files, config->agent.directory, config->agent.keys_file,
			   config->agent.group, &why) < 0 ||
	    ossec_conf_file_open(&run->agent_conf, config->agent.directory, &why) < 0)
		return report_failure(run, -ENOMEM, &why);
	run->files.store.may_write_in_place = config->agent.keys_in_place;
	r = state_load(&run->state, run->mode.state_directory, &why);
	return r < 0 ? report_failure(run, r, &why) : CONTINUE;
}

static void close_run(struct registration *run)
{
	conversation_finish();
	ossec_conf_file_close(&run->agent_conf);
	key_files_close(&run->files);
	key_change_wipe(&run->key);
	access_close(&run->access);
	own_secret_close(&run->own);
	probe_close(&run->probe);
	free(run->request.groups);
}

int register_agent(const struct config *config, const struct register_how *how)
{
	cleanup(close_run) struct registration run = {
		.config = config,
		.agent_conf = OSSEC_CONF_FILE_NULL,
		.mode = {
			.state_directory = how->state_directory,
			.force = how->force,
			.is_service = getenv("NOTIFY_SOCKET"),
			.stop_fd = how->stop_fd,
			.watch = how->watch,
			.started_at = how->started_at,
			.is_again = how->is_again,
			.observer = how->observer,
		},
	};
	int r = open_run(&run);

	return r == CONTINUE ? run_registration(&run) : r;
}

int register_import(const struct config *config, const char *state_directory,
		    const struct import *import, int stop_fd)
{
	cleanup(close_run) struct registration run = {
		.config = config,
		.agent_conf = OSSEC_CONF_FILE_NULL,
		.mode = { .state_directory = state_directory, .stop_fd = stop_fd },
	};
	int r = open_run(&run);

	return r == CONTINUE ? run_import(&run, import) : r;
}
