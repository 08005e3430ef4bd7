/* SPDX-License-Identifier: ISC */
/* The rules for the groups of an agent, with the refusals of Wazuh 4.14.5. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define AGENT_GROUPS_MAX 128

/*
 * Is this a list of groups? With `directory` (null: it does not matter), every group must have a
 * directory of its name there. If not, the refusal is written into `refusal`. Errors count as
 * absence.
 */
bool group_rules_check(const char *text, size_t length, const char *directory, char *refusal,
		       size_t size);
