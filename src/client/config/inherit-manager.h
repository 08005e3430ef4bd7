/* SPDX-License-Identifier: ISC */
/* The group of the manager, for inherit.c. */
#pragma once

#include "client/config/inherit-value.h"
#include "common/must-check.h"

/*
 * Take addresses, port, method and prefix from the agent's file. What ours says of port, method or
 * prefix without an address must be the same. Returns 0, or a negative errno with the reason set.
 */
int inherit_manager(struct inheritance *in) must_check;
