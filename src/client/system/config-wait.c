/* SPDX-License-Identifier: ISC */
#include "client/system/config-wait.h"

#include "client/config/config.h"
#include "client/system/notify.h"
#include "client/system/own-unit.h"
#include "client/system/systemctl.h"
#include "common/cleanup.h"
#include "common/deadline.h"
#include "common/log.h"

#include <errno.h>
#include <fcntl.h>

#define CONFIG_TARGET "agent-register-config.target"
/* In our runtime directory, which exists until the next boot. */
#define RESTART_MARK "restarted-for-credentials"

/*
 * Once per boot: a credential that is not passed after a restart will not be passed after the next
 * one either.
 */
static bool may_restart(void)
{
	const char *directory = getenv("RUNTIME_DIRECTORY");
	cleanup_free char *path = NULL;
	cleanup_fd int fd = -1;

	if (!directory || asprintf(&path, "%s/" RESTART_MARK, directory) < 0) {
		path = NULL;
		return false;
	}
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	return fd >= 0;
}

/* Wait until systemd stops this process; if it does not within 10 s, continue. */
static int wait_for_stop(int stop_fd)
{
	const struct deadline stop = { USEC_INFINITY, stop_fd };
	const struct deadline end = deadline_in(10 * USEC_PER_SEC, &stop);
	int r = deadline_wait(&end, -1, 0);

	return r == -ECANCELED ? r : 0;
}

/* systemd passes credentials when it starts a unit. */
static int restart(int stop_fd, struct reason *why)
{
	static const char *const arguments[] = { "--no-block", "restart", OWN_UNIT, NULL };
	int r = systemctl(arguments, stop_fd, why);

	return r < 0 ? r : wait_for_stop(stop_fd);
}

static int fetch_late_credential(const char *name, int stop_fd)
{
	struct reason why = { 0 };
	int r;

	log_info("The credential %s was written after the service started; restarting to load it",
		 name);
	r = restart(stop_fd, &why);
	if (r < 0 && r != -ECANCELED)
		log_warning("%s; continuing without the credential %s", why.text, name);
	return r;
}

int config_wait_fetch_credentials(int stop_fd)
{
	struct reason why = { 0 };
	int r;

	log_info("The credentials of this service have changed; restarting to load them");
	r = restart(stop_fd, &why);
	if (r < 0 && r != -ECANCELED)
		log_warning("%s; continuing with the credentials from before", why.text);
	return r;
}

void config_wait_watch(struct file_watch *watch, const char *file)
{
	file_watch_close(watch);
	if (!notify_is_service())
		return;
	file_watch_open(watch);
	if (file)
		file_watch_add(watch, FILE_WATCH_CONFIG, file, NULL, NULL);
	for (const struct config_place *place = config_places; place->path; place++)
		if (place->is_store || !file)
			file_watch_add(watch,
				       place->is_store ? FILE_WATCH_CREDENTIALS : FILE_WATCH_CONFIG,
				       place->path, place->prefix, place->suffix);
}

int config_wait_wait(int stop_fd)
{
	static const char *const start[] = { "start", CONFIG_TARGET, NULL };
	struct reason why = { 0 };
	const char *late;
	int r;

	if (!notify_is_service())
		return 0;
	notify_status("Waiting for the configuration to be complete (" CONFIG_TARGET ")");
	r = systemctl(start, stop_fd, &why);
	if (r == -ECANCELED)
		return r;
	if (r < 0)
		log_warning("Cannot wait until the configuration is complete: %s; reading it now",
			    why.text);
	late = config_late_credential();
	if (late && may_restart() && fetch_late_credential(late, stop_fd) == -ECANCELED)
		return -ECANCELED;
	return 0;
}

void config_wait_step_back(void)
{
	/* "fail": a start that was requested in the meantime takes precedence. */
	static const char *const stop[] = { "--no-block", "--job-mode=fail", "stop", OWN_UNIT,
					    NULL };
	struct reason why = { 0 };

	if (notify_is_service() && systemctl(stop, -1, &why) < 0)
		log_debug("%s; use \"systemctl restart\" to start " OWN_UNIT " again", why.text);
}
