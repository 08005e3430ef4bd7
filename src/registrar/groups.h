/* SPDX-License-Identifier: ISC */
/* The rules for the G field, with the refusals of Wazuh 4.14.5. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define GROUPS_MAX 128

/*
 * Is this a list of groups? If not, the refusal is written into `refusal`. Whether the groups exist is another
 * question.
 */
bool groups_are_valid(const char *text, size_t length, char *refusal, size_t size);
