/* SPDX-License-Identifier: ISC */
/*
 * What an enrollment with Wazuh 5 has left on this machine to enroll again as the same agent, also
 * when the enrollment token is gone: agents delete theirs, and forget_secret deletes ours.
 */
#pragma once

#include "client/agent-files/reenroll-files.h"
#include "client/registration/access.h"
#include "client/registration/state.h"
#include "common/must-check.h"

#include <stddef.h>

/* Release with own_secret_close(). */
struct own_secret {
	struct reenroll_secret secret; /* without text: there is none */
	char manager[ENDPOINT_TEXT_SIZE];
	char prefix[ENDPOINT_PREFIX_SIZE];
	char *ca, *ca_file; /* owned */
	struct access_known known;
};

/*
 * Find the secret, if it is this machine's, and what is known of its manager. The CA counts as long
 * as it is the one that we have stored, because the agent's group may replace it. Returns 0, with
 * `problem` set to what is worth a warning; or a negative errno with `why` set.
 */
int own_secret_find(struct own_secret *ret, const struct reenroll_files *files,
		    const struct state *state, struct reason *problem,
		    struct reason *why) must_check;

/*
 * The token that is configured is not there, and `own` does not suffice in its place: extend `why`,
 * which says so, by what has happened, and by the remedy.
 */
void own_secret_explain(const struct own_secret *own, const struct reenroll_files *files,
			const struct config *config, struct reason *why);

/* Fit for cleanup(). */
void own_secret_close(struct own_secret *own);
