/* SPDX-License-Identifier: ISC */
/* The progress callback of a registration. */
#pragma once

#include "client/methods/method.h"

/*
 * Called at each step of an attempt as it begins, with the manager as text and the name that it is
 * asked for.
 */
typedef void register_progress(enum attempt_step step, const char *manager, const char *name);
