/* SPDX-License-Identifier: ISC */
#include "common/string-list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int string_list_add(struct string_list *list, const char *text, size_t length)
{
	char **items = reallocarray(list->items, list->count + 1, sizeof *items);

	if (!items)
		return -ENOMEM;
	list->items = items;
	items[list->count] = strndup(text, length);
	if (!items[list->count])
		return -ENOMEM;
	list->count++;
	return 0;
}

void string_list_clear(struct string_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
	*list = (struct string_list){ 0 };
}
