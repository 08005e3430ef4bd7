/* SPDX-License-Identifier: ISC */
/* The table of methods: those that are part of the program, and those that the module has. */
#pragma once

#include "client/methods/method.h"
#include "common/must-check.h"

/* The word for a method (enum method_kind, config.h): "authd". */
const char *method_name(int kind);

/*
 * Get a method by its enum method_kind; the first use of one that lives in the module loads that.
 * Returns 0, or a negative errno with `why` set: the module is not installed, or cannot be loaded.
 */
int method_get(int kind, const struct method **ret, struct reason *why) must_check;

extern const struct method method_authd;
