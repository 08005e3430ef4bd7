/* SPDX-License-Identifier: ISC */
/*
 * A registry that knows no agents, and answers what the input says: for targets in which somebody
 * asks one.
 */
#pragma once

#include "registrar/registry/registry.h"

#include <stdint.h>

struct registry *any_registry(void);

/* How many requests wait for their answer. */
size_t any_registry_open(void);

/* Answer the one that has waited longest, if there is one, in one of 256 ways. */
void any_registry_answer(uint8_t how);
