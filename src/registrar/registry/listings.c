/* SPDX-License-Identifier: ISC */
#include "registrar/registry/listings.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static size_t size_of(const char *text)
{
	return text ? strlen(text) + 1 : 0;
}

/* A copy of the text, for which there is room at `*at`. */
static const char *put(char **at, const char *text)
{
	char *copy = *at;

	if (!text)
		return NULL;
	*at = stpcpy(copy, text) + 1;
	return copy;
}

struct agent_row *agent_row_copy(const struct agent_row *row)
{
	struct agent_row *copy = malloc(sizeof *copy + size_of(row->id) + size_of(row->name) +
					size_of(row->ip) + size_of(row->groups));
	char *at;

	if (!copy)
		return NULL;
	at = (char *)(copy + 1);
	*copy = *row;
	copy->next = NULL;
	copy->id = put(&at, row->id);
	copy->name = put(&at, row->name);
	copy->ip = put(&at, row->ip);
	copy->groups = put(&at, row->groups);
	return copy;
}

size_t agent_row_size(const struct agent_row *row)
{
	return 32 + size_of(row->id) + size_of(row->name) + size_of(row->ip) + size_of(row->groups);
}

void agents_page_clear(struct agents_page *page)
{
	while (page->rows) {
		struct agent_row *row = page->rows;

		page->rows = row->next;
		free(row);
	}
}

int group_compare(const char *a, const char *b)
{
	return strcasecmp(a, b) ?: strcmp(a, b);
}

void groups_page_clear(struct groups_page *page)
{
	while (page->rows) {
		struct group_row *row = page->rows;

		page->rows = row->next;
		free(row);
	}
}
