/* SPDX-License-Identifier: ISC */
/* The groups that are requested, and the one that takes the place of a missing one. */
#pragma once

#include "client/registration/registration.h"
#include "common/must-check.h"

/*
 * The group that takes the place of one that the manager does not have (on_missing_group); null:
 * none does. Static.
 */
const char *groups_fallback(const struct config *config);

/*
 * Request the configured groups. Returns 0, or -ENOMEM with `why` set.
 */
int groups_choose(struct registration *run, struct reason *why) must_check;

/*
 * The configured groups but for those of `missing` (separated by commas), in whose place the
 * fallback is, if there is one. `*ret` is null, and stays it if there is no group. Returns 0, or
 * -ENOMEM with `why` set.
 */
int groups_without(const struct config *config, const char *missing, char **ret,
		   struct reason *why) must_check;

/*
 * The manager has refused a request because a group does not exist; `why` has its message. If the
 * configuration says so, have the fallback take the place of that group (or of all, if the message
 * does not name one), and log a warning. Returns whether the request is to be repeated.
 */
bool groups_fall_back(struct registration *run, const struct reason *why) must_check;

/* Note groups (separated by commas) that the method has replaced by itself. */
void groups_note_missing(struct registration *run, const char *names);
