/* SPDX-License-Identifier: ISC */
/*
 * The rules for the groups of an agent, with the refusals of Wazuh 4.14.7, which looks twice: at
 * the list as a text while it reads the request (src/shared/agent_op.c), and at each name when it
 * decides (src/os_auth/auth.c).
 */
#pragma once

#include "common/must-check.h"

#include <stdbool.h>
#include <stddef.h>

enum group_fault {
	GROUP_OK,
	GROUP_INVALID, /* breaks the rules for names or lists, or there are too many */
	GROUP_ABSENT,  /* a group does not exist */
};

/*
 * Check the list as a text: is it empty, too long, with blanks, empty names or characters that no
 * list has? Returns GROUP_OK or GROUP_INVALID, with the refusal for the client in `refusal`. Pure.
 */
enum group_fault group_list_check(const char *text, size_t length, char *refusal,
				  size_t size) must_check;

/* Which groups there are. */
struct group_place {
	const char *directory; /* with a directory for each; null: any group exists */
	const char *usual;     /* one that exists without a directory; null: none */
};

/* Does the group exist? Errors count as absence. */
bool group_exists(const struct group_place *place, const char *name, size_t length) must_check;

/*
 * Check each name of a list that passed group_list_check(), whether its group exists, and how many
 * there are. With a fault, the refusal for the client is written into `refusal`.
 */
enum group_fault group_names_check(const char *text, size_t length, const struct group_place *place,
				   char *refusal, size_t size) must_check;
