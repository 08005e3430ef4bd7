/* SPDX-License-Identifier: ISC */
/* The service that this process belongs to. */
#pragma once

#include "common/must-check.h"

#include <limits.h>
#include <stdbool.h>

/*
 * From the name of the control group (cgroups(7)), so without asking systemd. False, with `ret`
 * untouched, when the process is in none of a service.
 */
bool service_name(char ret[static NAME_MAX + 1]) must_check;
