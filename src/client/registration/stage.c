/* SPDX-License-Identifier: ISC */
#include "client/registration/stage.h"

#include "client/registration/agent-conf.h"
#include "client/registration/check-key.h"
#include "client/registration/report.h"
#include "client/system/notify.h"

#include <errno.h>

static void log_waiting(const char *directory, const char *holder)
{
	log_notice("%s is locked by %s; waiting for it", directory, holder);
	notify_status("Waiting until %s is unlocked by %s", directory, holder);
}

void stage_unlock(struct registration *run)
{
	ossec_conf_file_discard(&run->agent_conf);
	key_files_unlock(&run->files);
}

int stage_files(struct registration *run, const struct deadline *deadline)
{
	struct reason why = { 0 };
	int r = keystore_lock(&run->files.store, deadline, log_waiting, &why);

	if (r == -ETIMEDOUT)
		return report_failure(run, OUTCOME_NOT_READY, &why);
	if (r == -ECANCELED)
		return r;
	if (r < 0)
		return report_failed_step(run, OUTCOME_STORAGE_ERROR, r, &why);
	r = check_existing_key(run);
	if (r == CONTINUE)
		r = agent_conf_stage(run);
	if (r != CONTINUE)
		return r;
	r = key_files_stage(&run->files, run->config->manager.method == METHOD_ENROLL, &why);
	return r < 0 ? report_failed_step(run, OUTCOME_STORAGE_ERROR, r, &why) : CONTINUE;
}
