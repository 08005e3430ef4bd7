/* SPDX-License-Identifier: ISC */
/* What the keeper has of the manager's files, as the options name them. */
#pragma once

#include "common/must-check.h"
#include "common/reason.h"
#include "common/secret.h"
#include "registrar/agents/enroll-tokens.h"
#include "registrar/agents/roster.h"
#include "registrar/agents/secrets.h"
#include "registrar/commands/options.h"
#include "registrar/enrollment/enrollment.h"
#include "registrar/registry/material.h"

#include <limits.h>

/* Zero: nothing is open. Close it with keeper_files_close(). */
struct keeper_files {
	const struct options *options;
	struct enrollment_policy policy;
	char etc[PATH_MAX];
	struct secret password; /* for registrations, at the start; no text: none is demanded */
	struct roster *roster;
	struct agent_secrets *secrets;
	struct enroll_tokens tokens;
};

/*
 * Check and open them. Returns 0, or a negative errno with `why` set: they, or the options about
 * them, are to be put right, or another authd runs.
 */
int keeper_files_open(struct keeper_files *files, const struct options *options,
		      struct reason *why) must_check;

/* Prepare what is written. What cannot be prepared is said. */
void keeper_files_prepare(struct keeper_files *files);

/*
 * What a front takes, as the files have it now. It is tried, and so are the users, before it is
 * handed out: what is broken changes nothing. `owner` is a struct keeper_files. Returns 0, or a
 * negative errno with `why` set.
 */
int keeper_files_read_material(void *owner, struct material *ret, struct reason *why) must_check;

/* Fit for cleanup(). */
void keeper_files_close(struct keeper_files *files);
