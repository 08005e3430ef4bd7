/* SPDX-License-Identifier: ISC */
#include "common/option-setters.h"

#include "common/escape.h"
#include "common/ip-address.h"
#include "common/usage.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void *member(void *target, const struct option_row *row)
{
	return (char *)target + row->offset;
}

int option_set_true(void *target, const struct option_row *row, char *value)
{
	(void)value;
	*(bool *)member(target, row) = true;
	return 0;
}

int option_set_text(void *target, const struct option_row *row, char *value)
{
	*(const char **)member(target, row) = value;
	return 0;
}

int option_set_choice(void *target, const struct option_row *row, char *value)
{
	for (int i = 0; row->choices[i]; i++)
		if (strcmp(row->choices[i], value) == 0)
			*(int *)member(target, row) = i;
	return 0;
}

int option_set_number(void *target, const struct option_row *row, char *value)
{
	const struct number_range *range = row->data;
	size_t digits = strspn(value, "0123456789");
	char name[OPTION_TEXT_SIZE], shown[OPTION_TEXT_SIZE];
	unsigned long number;

	errno = 0;
	number = strtoul(value, NULL, 10);
	if (digits == 0 || value[digits] || errno || number < range->least || number > range->most)
		return usage_error("%s is a number from %u to %u, not '%s'",
				   option_row_text(name, row), range->least, range->most,
				   escape_string(shown, sizeof shown, value));
	*(unsigned int *)member(target, row) = (unsigned int)number;
	return 0;
}

int option_set_text_list(void *target, const struct option_row *row, char *value)
{
	struct text_list *list = member(target, row);
	char name[OPTION_TEXT_SIZE];

	if (list->count == TEXT_LIST_MAX)
		return usage_error("%s can be given %d times", option_row_text(name, row),
				   TEXT_LIST_MAX);
	list->items[list->count++] = value;
	return 0;
}

int option_set_address_list(void *target, const struct option_row *row, char *value)
{
	char name[OPTION_TEXT_SIZE], shown[OPTION_TEXT_SIZE];

	if (!ip_address_is_valid(value))
		return usage_error("%s is an IPv4 or IPv6 address without a port, not '%s'",
				   option_row_text(name, row),
				   escape_string(shown, sizeof shown, value));
	return option_set_text_list(target, row, value);
}

int option_count(void *target, const struct option_row *row, char *value)
{
	(void)value;
	++*(int *)member(target, row);
	return 0;
}

int option_print_version(void *target, const struct option_row *row, char *value)
{
	(void)target, (void)row, (void)value;
	usage_print_version();
	return 0;
}

int option_print_help(void *target, const struct option_row *row, char *value)
{
	(void)target, (void)row, (void)value;
	usage_print_help();
	return 0;
}
