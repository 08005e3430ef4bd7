/* SPDX-License-Identifier: ISC */
#include "registrar/api/distinct.h"

#include "common/cleanup.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Has it all of the fields? */
static bool is_complete(const json_t *item, const char *select)
{
	for (const char *at = select;; at++) {
		cleanup_free char *name = strndup(at, strcspn(at, ","));

		if (!name || !json_object_get(item, name))
			return false;
		at += strlen(name);
		if (*at == '\0')
			return true;
	}
}

/* Takes the text. */
static int remember(struct api_distinct *distinct, char *text)
{
	if (distinct->count == distinct->room) {
		size_t room = distinct->room ? 2 * distinct->room : 64;
		char **grown = reallocarray(distinct->texts, room, sizeof *grown);

		if (!grown) {
			free(text);
			return -ENOMEM;
		}
		distinct->texts = grown;
		distinct->room = room;
	}
	distinct->texts[distinct->count++] = text;
	return text_index_add(&distinct->index, text, strlen(text), text);
}

int api_distinct_note(struct api_distinct *distinct, const json_t *item)
{
	char *text = json_dumps(item, JSON_COMPACT | JSON_SORT_KEYS);
	int r;

	if (!text)
		return -ENOMEM;
	if (text_index_find(&distinct->index, text, strlen(text))) {
		free(text);
		return 0;
	}
	r = remember(distinct, text);
	return r < 0 ? r : 1;
}

int api_distinct_add(struct api_distinct *distinct, const json_t *item, const char *select)
{
	/* Nobody has all fields. */
	return select && is_complete(item, select) ? api_distinct_note(distinct, item) : 0;
}

void api_distinct_clear(struct api_distinct *distinct)
{
	for (size_t i = 0; i < distinct->count; i++)
		free(distinct->texts[i]);
	free(distinct->texts);
	text_index_clear(&distinct->index);
	*distinct = (struct api_distinct){ .count = 0 };
}
