/* SPDX-License-Identifier: ISC */
/* Reading the material (registry/material.h) from the files that the options name. */
#pragma once

#include "common/must-check.h"
#include "common/reason.h"
#include "registrar/commands/options.h"
#include "registrar/registry/material.h"

/*
 * Read certificate, private key, CA of the clients and password; what is in them but for the
 * password is not looked at. Returns 0, or a negative errno with `why` set.
 */
int material_read(struct material *ret, const struct options *options,
		  struct reason *why) must_check;

/* Log what is unsafe about the options and files of the password. */
void material_warn(const struct options *options);
