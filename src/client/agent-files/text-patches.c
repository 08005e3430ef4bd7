/* SPDX-License-Identifier: ISC */
#include "client/agent-files/text-patches.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int text_patches_add(struct text_patches *patches, size_t begin, size_t end, char *text)
{
	if (text && patches->count == patches->allocated) {
		size_t allocated = patches->allocated ? 2 * patches->allocated : 8;
		struct text_patch *items = reallocarray(patches->items, allocated, sizeof *items);

		if (!items) {
			free(text);
			return -ENOMEM;
		}
		patches->items = items;
		patches->allocated = allocated;
	}
	if (!text)
		return -ENOMEM;
	patches->items[patches->count] = (struct text_patch){ begin, end, text, patches->count };
	patches->count++;
	return 0;
}

static int compare(const void *one, const void *other)
{
	const struct text_patch *a = one, *b = other;

	if (a->begin != b->begin)
		return a->begin < b->begin ? -1 : 1;
	return a->order < b->order ? -1 : 1;
}

/* The length of the new text; -1: changes overlap, or reach beyond the old one. */
static ssize_t new_length(const struct text_patches *patches, size_t length)
{
	size_t at = 0, ret = length;

	for (size_t i = 0; i < patches->count; i++) {
		const struct text_patch *patch = &patches->items[i];

		if (patch->begin < at || patch->end < patch->begin || patch->end > length)
			return -1;
		at = patch->end;
		ret = ret - (patch->end - patch->begin) + strlen(patch->text);
	}
	return (ssize_t)ret;
}

int text_patches_apply(struct text_patches *patches, const char *text, size_t length, char **ret,
		       size_t *ret_length)
{
	size_t from = 0, at = 0;
	ssize_t total;
	char *new;

	if (patches->count > 0)
		qsort(patches->items, patches->count, sizeof *patches->items, compare);
	total = new_length(patches, length);
	new = total < 0 ? NULL : malloc((size_t)total + 1);
	if (!new)
		return total < 0 ? -EINVAL : -ENOMEM;
	for (size_t i = 0; i < patches->count; i++) {
		const struct text_patch *patch = &patches->items[i];
		size_t added = strlen(patch->text);

		memcpy(new + at, text + from, patch->begin - from);
		at += patch->begin - from;
		memcpy(new + at, patch->text, added);
		at += added;
		from = patch->end;
	}
	memcpy(new + at, text + from, length - from);
	new[total] = '\0';
	*ret = new;
	*ret_length = (size_t)total;
	return 0;
}

void text_patches_clear(struct text_patches *patches)
{
	for (size_t i = 0; i < patches->count; i++)
		free(patches->items[i].text);
	free(patches->items);
	*patches = (struct text_patches){ 0 };
}
