/* SPDX-License-Identifier: ISC */
/*
 * The rules for the groups of an agent, with the refusals of Wazuh 4.14.7, which looks twice: at
 * the list as a text while it reads the request (src/shared/agent_op.c), and at each name when it
 * decides (src/os_auth/auth.c).
 */
#pragma once

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
enum group_fault group_list_check(const char *text, size_t length, char *refusal, size_t size)
	__attribute__((warn_unused_result));

/*
 * Check each name of a list that passed group_list_check(), and how many there are. With
 * `directory` (null: it does not matter), every group must have a directory of its name there;
 * errors count as absence. With a fault, the refusal for the client is written into `refusal`.
 */
enum group_fault group_names_check(const char *text, size_t length, const char *directory,
				   char *refusal, size_t size) __attribute__((warn_unused_result));
