/* SPDX-License-Identifier: ISC */
#include "common/comma-list.h"

#include <string.h>

bool comma_list_has(const char *list, const char *word)
{
	size_t length = strlen(word);

	while (*list) {
		size_t one = strcspn(list, ",");

		if (one == length && memcmp(list, word, length) == 0)
			return true;
		list += one + (list[one] == ',');
	}
	return false;
}

size_t comma_list_count(const char *list)
{
	size_t n = list[0] != '\0';

	for (; *list; list++)
		n += *list == ',';
	return n;
}
