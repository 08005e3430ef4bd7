/* SPDX-License-Identifier: ISC */
/*
 * The service is started early in the boot, so that its process and its sandbox are there when they
 * are needed, but its configuration may still have to be written: by cloud-init, or by whatever
 * else agent-register-config.target is ordered after. (Ordering the service itself after that costs
 * a first boot 60 ms and more; see doc/boot-timeline.svg.)
 */
#pragma once

/*
 * As a service, wait until the configuration is complete; also notices credentials that were
 * written meanwhile, after systemd has looked for ours, and has the service started again to be
 * handed them. Otherwise returns at once. Returns 0, or -ECANCELED when asked to stop.
 */
int config_wait_wait(int stop_fd);

/*
 * As a service that has said READY=1 although there was nothing to do: have it stopped, so that a
 * later `systemctl start` starts it again.
 */
void config_wait_step_back(void);
