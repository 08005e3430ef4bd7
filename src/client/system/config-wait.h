/* SPDX-License-Identifier: ISC */
/*
 * The service is started early in the boot, so that its process and its sandbox are ready when they
 * are needed, but its configuration may still have to be written: by cloud-init, or by another
 * service after which agent-register-config.target is ordered. (Ordering the service itself after
 * that costs a first boot 60 ms and more; see doc/boot-timeline.svg.)
 */
#pragma once

#include "client/system/file-watch.h"
#include "common/must-check.h"

/*
 * As a service, wait until the configuration is complete; if a credential was written after systemd
 * passed the others, restart the service to receive it. Otherwise returns immediately. Returns 0,
 * or -ECANCELED when asked to stop.
 */
int config_wait_wait(int stop_fd) must_check;

/*
 * As a service, watch what the configuration is read from, `file` (null: the default files) and the
 * stores of credentials. `watch` is opened anew; otherwise nothing is watched. For this to miss no
 * change, it comes before the configuration is read.
 */
void config_wait_watch(struct file_watch *watch, const char *file);

/*
 * As a service that waits, when credentials were changed: have systemd restart it, which passes the
 * new ones. Returns -ECANCELED when asked to stop, or another negative errno when that cannot be.
 */
int config_wait_fetch_credentials(int stop_fd) must_check;

/*
 * As a service that has reported READY=1 although there was nothing to do: stop it, so that a later
 * `systemctl start` starts it again.
 */
void config_wait_step_back(void);
