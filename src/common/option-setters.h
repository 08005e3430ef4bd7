/* SPDX-License-Identifier: ISC */
/*
 * Setters for the table of options (command-table.h), by what they store in the member at `offset`.
 */
#pragma once

#include "common/command-table.h"

/* bool: true */
option_setter option_set_true;

/* const char *: the argument */
option_setter option_set_text;

/* int: the place of the argument in `choices` */
option_setter option_set_choice;

/* A number in decimal digits, within `data`, which is a struct number_range. */
struct number_range {
	unsigned int least, most;
};
option_setter option_set_number; /* unsigned int */
#define NUMBER_RANGE(least, most) (&(const struct number_range){ least, most })

/* struct text_list: one text more, up to TEXT_LIST_MAX */
#define TEXT_LIST_MAX 16
struct text_list {
	const char *items[TEXT_LIST_MAX];
	size_t count;
};
option_setter option_set_text_list;
option_setter option_set_address_list; /* only IPv4 and IPv6 addresses, without a port */

/* int: how often the option was given */
option_setter option_count;

/* ------------------------------------------------------------------ options of every program */

option_setter option_print_version, option_print_help;

/* The members of their rows, but for the name. */
#define OPTION_VERSION \
	.letter = 'V', .set = option_print_version, .is_last = true, .help = "print the version"
#define OPTION_HELP \
	.letter = 'h', .set = option_print_help, .is_last = true, .help = "print this help"
