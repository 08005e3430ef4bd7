/* SPDX-License-Identifier: ISC */
/*
 * The ports of the registrar: for agents, for the API, and for nothing but the enrollment of Wazuh
 * 5. Each is opened here, or passed by systemd.
 */
#pragma once

#include "common/must-check.h"
#include "common/reason.h"
#include "registrar/commands/options.h"
#include "registrar/net/listener.h"

/* Zero: none is open. */
struct ports {
	struct listeners authd;
	struct listeners api;    /* none: there is no API */
	struct listeners enroll; /* none: the enrollment is on the API's port, if there is that */
};

/*
 * Take what systemd has passed, and open what it has not and the options ask for. Returns 0, or a
 * negative errno with `why` set; close them in any case.
 */
int ports_open(struct ports *ret, const struct options *options, struct reason *why) must_check;

/* Fit for cleanup(). */
void ports_close(struct ports *ports);
