/* SPDX-License-Identifier: ISC */
/* The rules for decisions that the command line names: the same for the service and for add. */
#pragma once

#include "registrar/commands/options.h"

/*
 * The policy, which points to what `options` point to and to the name of this machine, and is valid
 * as long as these options.
 */
struct enrollment_policy policy_from_options(const struct options *options);
