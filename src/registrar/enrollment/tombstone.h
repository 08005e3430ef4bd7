/* SPDX-License-Identifier: ISC */
/* What is left of a removed agent, by the dialect of the manager. Pure. */
#pragma once

#include "common/must-check.h"
#include "registrar/agents/roster.h"
#include "registrar/registry/dialect.h"

/* What is left of a removed agent's line, so that its id is not given again. */
enum roster_tombstone dialect_tombstone(enum dialect dialect) must_check;
