/* SPDX-License-Identifier: ISC */
/* The rules for the groups of an agent, with the refusals of Wazuh 4.14.5. */
#pragma once

#include <stddef.h>

enum group_fault {
	GROUP_OK,
	GROUP_INVALID, /* breaks the rules for names or lists, or there are too many */
	GROUP_ABSENT,  /* a group does not exist */
};

/*
 * Check a list of groups. With `directory` (null: it does not matter), every group must have a
 * directory of its name there; errors count as absence. With a fault, the refusal for the client is
 * written into `refusal`.
 */
enum group_fault group_rules_check(const char *text, size_t length, const char *directory,
				   char *refusal, size_t size) __attribute__((warn_unused_result));
