/* SPDX-License-Identifier: ISC */
/*
 * The process that decides and stores: its event loop, in which it answers fronts; reloading,
 * notifying systemd, and stopping.
 */
#pragma once

#include "common/must-check.h"
#include "common/reason.h"
#include "registrar/background.h"
#include "registrar/front-process.h"
#include "registrar/keeper-files.h"
#include "registrar/net/listener.h"

/* What is pointed to outlives the keeper. */
struct keeper_settings {
	struct keeper_files *files;        /* open */
	const struct listeners *listeners; /* for fronts; null: there is only `front` */
	struct front_process *front;       /* a child that it begins and ends with; null: none */
	struct background *background;     /* to be notified when it is ready; null: none */
	const char *called;                /* with `background`: the name that it was called by */
};

/*
 * Serve fronts until SIGTERM or SIGINT, or until the child has gone. Notifies systemd when it, and
 * its child, are ready and when they stop. Returns 0; a negative errno with `why` set when it
 * cannot start; -EBUSY with `why` set when it has stopped because of another authd (other-authd.h);
 * or -ECHILD when the child has failed, with `why` set unless that has said why.
 */
int keeper_run(const struct keeper_settings *settings, struct reason *why) must_check;
